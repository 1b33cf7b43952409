//! `/services/:name`: rate, errors and duration over time, the traces behind them, the operations, and
//! who calls whom.

use crate::client::{Fetched, fetch};
use crate::components::answer::{Answer, Empty};
use crate::components::breakdown::{RedCells, ServicePatterns, TopErrors, Versions};
use crate::components::line_chart::{LineChart, trace_href};
use crate::components::moment::Moment;
use crate::components::objectives::Objectives;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::pages::services::SortHead;
use crate::prelude::*;
use crate::view::deploys::{self, Deploy};
use crate::view::order::sort_by;
use crate::view::range::in_ms;
use crate::view::red::{self, Column};
use crate::view::text::fixed;
use crate::view::{format, links, traceql};
use ocelli_api::UnixNano;
use ocelli_api::services::{Edge, Exemplar, OperationSummary, ServiceResponse};
use ocelli_api::traces::TraceMetricsResponse;

/// Exemplars that are listed; all are dots on the chart.
const LISTED_EXEMPLARS: usize = 8;

#[component]
pub fn Service(name: String) -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let name = StoredValue::new(name);
    let service = fetch::<ServiceResponse>(move || {
        let path = name.with_value(|name| format!("/api{}", links::service_path(name)));
        context.range.get().ok().map(|range| links::api(&path, &range, &[]))
    });
    let traces = move |more: &[(&str, &str)]| {
        name.with_value(|name| {
            let mut all = vec![("service", name.as_str())];
            all.extend(more);
            location.link("/traces", &all)
        })
    };
    let make = move || {
        // What takes longer than most calls is slow.
        let slow_ms = service.with(|data| data.and_then(|data| data.red.p95_ms)).unwrap_or(1_000.0);
        name.with_value(|name| {
            location.link("/dashboards", &[("of", name), ("slow", &fixed(slow_ms.ceil(), 0))])
        })
    };
    let logs =
        move || name.with_value(|name| location.link("/logs", &[("q", &links::term("service", name))]));
    view! {
        <section class="page">
            <header class="page-head">
                <h1>{name.get_value()}</h1>
                <nav class="ways" aria-label="Of this service">
                    <a href=dynamic(move || traces(&[])) data-testid="service-traces">"Traces"</a>
                    <a href=dynamic(move || traces(&[("sort", "slowest")])) data-testid="service-slowest">"Slowest"</a>
                    <a href=dynamic(move || traces(&[("status", "error")])) data-testid="service-errors">"Errors"</a>
                    <a href=logs data-testid="service-logs">"Logs"</a>
                </nav>
                <a class="button" href=dynamic(make) data-testid="make-dashboard">"Make a dashboard of this"</a>
            </header>
            <Answer asked=service.asked stats=service.map(|answer| answer.stats.clone())>
                <Body service name/>
            </Answer>
        </section>
    }
}

#[component]
fn Body(service: Fetched<ServiceResponse>, name: StoredValue<String>) -> impl IntoView {
    let nothing = memo(move || {
        service.with(|data| data.is_none_or(|data| data.red.calls == 0.0 && data.operations.is_empty()))
    });
    // What tells why comes when it is there what is: it never holds up the figures.
    let after = Signal::derive(move || service.has_answer() && !service.loading.get());
    let red = service.map(|data| data.red.clone());
    let red = Signal::derive(move || red.get().unwrap_or_default());
    view! {
        {dynamic(move || nothing.get().then(|| view! { <Empty what=format!("No call of {} has been seen", name.get_value())/> }))}
        <Charts service name/>
        <Exemplars service/>
        <Objectives service=name.get_value() test="service-slos"/>
        <TopErrors service=name.get_value() after/>
        <Operations service name/>
        <Versions service=name.get_value() after red/>
        <ServicePatterns service=name.get_value()/>
        <div class="two">
            <Neighbours title="Called by" edges=service.map(|data| data.callers.clone())/>
            <Neighbours title="Calls" edges=service.map(|data| data.callees.clone())/>
        </div>
    }
}

#[component]
fn Charts(service: Fetched<ServiceResponse>, name: StoredValue<String>) -> impl IntoView {
    let series = service.map(|data| data.series.clone());
    let range = service.map(|data| in_ms(&data.range));
    let range_ms = Signal::derive(move || range.get().unwrap_or_default());
    let lines = move || series.get().unwrap_or_default();
    let rate = Signal::derive(move || vec![red::line("calls", "--accent", &lines(), |series| &series.rate)]);
    let errors =
        Signal::derive(move || vec![red::line("failed", "--err", &lines(), |series| &series.error_ratio)]);
    let duration = Signal::derive(move || {
        let lines = lines();
        vec![
            red::line("p50", "--c4", &lines, |series| &series.p50_ms),
            red::line("p95", "--c1", &lines, |series| &series.p95_ms),
            red::line("p99", "--c7", &lines, |series| &series.p99_ms),
        ]
    });
    let exemplars = service.map(|data| data.exemplars.clone());
    let exemplars = Signal::derive(move || exemplars.get().unwrap_or_default());
    let context = Context::get();
    // Versions never hold up the figures: they are asked for when those are there.
    let versions = fetch::<TraceMetricsResponse>(move || {
        let range = context.range.get().ok().filter(|_| service.has_answer() && !service.loading.get())?;
        let query = name.with_value(|name| deploys::query(name))?;
        Some(links::api("/api/traces/metrics", &range, &[("query", &query)]))
    });
    let deploys = memo(move || versions.with(|answer| answer.map(deploys::deploys).unwrap_or_default()));
    let marks =
        Signal::derive(move || deploys.with(|all| all.iter().map(|deploy| deploy.at_ms).collect::<Vec<_>>()));
    view! {
        <div class="charts">
            <LineChart title="Rate" unit=format::rate range_ms series=rate marks/>
            <LineChart title="Errors" unit=|ratio| format::ratio(Some(ratio)) range_ms series=errors marks/>
            <LineChart title="Duration" unit=|ms| format::millis(Some(ms)) range_ms series=duration exemplars marks/>
        </div>
        <Deploys deploys name/>
    }
}

/// What the marks of the charts stand for; each version leads to its traces.
#[component]
fn Deploys(deploys: Memo<Vec<Deploy>>, name: StoredValue<String>) -> impl IntoView {
    let location = Context::get().location;
    let item = move |deploy: Deploy| {
        let at = UnixNano((deploy.at_ms * 1e6) as i64);
        let of_version = traceql::has("resource.service.version", &deploy.version);
        let of_service = name.with_value(|name| traceql::has("resource.service.name", name));
        let query =
            of_service.zip(of_version).map(|(service, version)| format!("{{ {service} && {version} }}"));
        let href = move || location.link("/traces", &[("query", query.as_deref().unwrap_or_default())]);
        view! { <li>"■ "<a href=dynamic(href)>{deploy.version}</a>" since "<Moment at/></li> }
    };
    let list = move || {
        let all = deploys.get();
        (!all.is_empty()).then(|| {
            view! { <div class="exemplars" data-testid="deploys"><h2>"New versions"</h2><ul>{all.into_iter().map(item).collect_view()}</ul></div> }
        })
    };
    view! { {dynamic(list)} }
}

/// The dots of the duration chart as links, the slowest first.
#[component]
fn Exemplars(service: Fetched<ServiceResponse>) -> impl IntoView {
    let context = Context::get();
    let slowest = service.map(|data| {
        let mut exemplars = data.exemplars.clone();
        sort_by(&mut exemplars, |a, b| b.duration_ms.total_cmp(&a.duration_ms));
        exemplars.truncate(LISTED_EXEMPLARS);
        exemplars
    });
    let item = move |exemplar: Exemplar| {
        let at = UnixNano(exemplar.time_ms.saturating_mul(1_000_000));
        view! {
            <li data-testid="exemplar">
                <a href=trace_href(context, &exemplar)>
                    {exemplar.error.then(|| view! { <span class="glyph err" aria-label="error">"✖ "</span> })}
                    {format::millis(Some(exemplar.duration_ms))}
                </a>
                " " <span class="hint"><Moment at clock_only=true/></span>
            </li>
        }
    };
    let list = move || {
        let exemplars = slowest.get().unwrap_or_default();
        (!exemplars.is_empty()).then(|| {
            view! { <div class="exemplars"><h3>"Slowest example traces"</h3><ul>{exemplars.into_iter().map(item).collect_view()}</ul></div> }
        })
    };
    view! { {dynamic(list)} }
}

#[component]
fn Operations(service: Fetched<ServiceResponse>, name: StoredValue<String>) -> impl IntoView {
    let location = Context::get().location;
    let sort = location.value("sort");
    let operations = service.map(|data| data.operations.clone());
    let rows = move || {
        let mut operations = operations.get().unwrap_or_default();
        // Without a wish they stay as the server has them: the busiest first.
        if !sort.with(String::is_empty) {
            let (column, descending) = red::parse_sort(&sort.get());
            sort_by(&mut operations, |a, b| {
                red::compare(column, descending, (&a.name, &a.red), (&b.name, &b.red))
            });
        }
        operations.into_iter().map(|OperationSummary { name: operation, kind, red }| {
            let link = operation.clone();
            let href = move || name.with_value(|name| location.link("/traces", &[("service", name), ("operation", &link)]));
            view! { <tr data-testid="operation-row"><th scope="row"><a data-nav="" href=dynamic(href)>{operation}</a></th><td class="hint">{kind}</td><RedCells red/></tr> }
        }).collect_view()
    };
    view! {
        <h2>"Operations"</h2>
        <div class="scroll-table"><table class="rows">
            <thead><tr>
                <SortHead given_order=true column=Column::Name sort label="Operation" numeric=false/>
                <th>"Kind"</th>
                <SortHead given_order=true column=Column::Rate sort label="Rate" numeric=true/>
                <SortHead given_order=true column=Column::Errors sort label="Errors" numeric=true/>
                <SortHead given_order=true column=Column::P50 sort label="p50" numeric=true/>
                <SortHead given_order=true column=Column::P95 sort label="p95" numeric=true/>
                <SortHead given_order=true column=Column::P99 sort label="p99" numeric=true/>
            </tr></thead>
            <tbody>{dynamic(rows)}</tbody>
        </table></div>
    }
}

#[component]
fn Neighbours(title: &'static str, #[prop(into)] edges: Signal<Option<Vec<Edge>>>) -> impl IntoView {
    let location = Context::get().location;
    let row = move |edge: Edge| {
        let path = links::service_path(&edge.name);
        // Databases and external services send no spans of their own, so they have no page.
        let name = if edge.connection_type.is_empty() || edge.connection_type == "messaging_system" {
            view! { <a data-nav="" href=dynamic(move || location.link(&path, &[]))>{edge.name}</a> }
                .into_any()
        } else {
            view! { <span>{edge.name}</span> }.into_any()
        };
        let kind = edge.connection_type.replace('_', " ");
        view! { <tr><th scope="row">{name}</th><td class="hint">{kind}</td><RedCells red=edge.red/></tr> }
    };
    let body = move || {
        let edges = edges.get().unwrap_or_default();
        if edges.is_empty() {
            return view! { <p class="hint">"None seen in this range."</p> }.into_any();
        }
        view! {
            <div class="scroll-table"><table class="rows">
                <thead><tr><th>"Name"</th><td></td><th class="num">"Rate"</th><th class="num">"Errors"</th><th class="num">"p50"</th><th class="num">"p95"</th><th class="num">"p99"</th></tr></thead>
                <tbody>{edges.into_iter().map(row).collect_view()}</tbody>
            </table></div>
        }.into_any()
    };
    view! { <section><h2>{title}</h2>{dynamic(body)}</section> }
}
