//! `/traces`: search by service, operation, status, duration and attributes; a scatter plot and a table.

use crate::client::{Fetched, fetch};
use crate::components::answer::{Answer, Empty};
use crate::components::dot::Dot;
use crate::components::moment::Moment;
use crate::components::scatter::Scatter;
use crate::context::Context;
use crate::view::{colours, format, links};
use leptos::prelude::*;
use ocelli_api::services::ServicesResponse;
use ocelli_api::traces::{TraceSummary, TracesResponse};
use std::collections::BTreeSet;

/// The parameters of the page's URL, which are those of the API.
const FILTERS: [&str; 7] = ["service", "operation", "status", "min_duration", "max_duration", "q", "sort"];

/// As many as a reader looks through, and enough for the plot to show a shape.
const PAGE: usize = 200;

#[component]
pub fn Traces() -> impl IntoView {
    let context = Context::get();
    let query = context.location.query;
    let limit = context.location.value("limit");
    let traces = fetch::<TracesResponse>(move || {
        let range = context.range.get().ok()?;
        let values = query.with(|query| FILTERS.map(|key| query.text(key)));
        let limit = limit.with(|limit| limit.parse::<usize>().unwrap_or(PAGE)).clamp(1, 1_000).to_string();
        let mut parameters: Vec<(&str, &str)> =
            FILTERS.iter().zip(&values).map(|(key, value)| (*key, value.as_str())).collect();
        parameters.push(("limit", &limit));
        Some(links::api("/api/traces", &range, &parameters))
    });
    view! {
        <section class="page">
            <header class="page-head"><h1>"Traces"</h1></header>
            <Filters/>
            <Answer asked=traces.asked stats=traces.map(|answer| answer.stats.clone())>
                <Scatter data=Signal::derive(move || traces.get())/>
                <Table traces/>
            </Answer>
        </section>
    }
}

/// The form; what is in it and what is in the URL is the same after each change.
#[component]
fn Filters() -> impl IntoView {
    let context = Context::get();
    let location = context.location;
    let services = fetch::<ServicesResponse>(move || {
        context.range.get().ok().map(|range| links::api("/api/services", &range, &[]))
    });
    let names =
        services.map(|data| data.services.iter().map(|service| service.name.clone()).collect::<Vec<_>>());
    let text = move |key: &'static str,
                     label: &'static str,
                     placeholder: &'static str,
                     list: Option<&'static str>| {
        let value = location.value(key);
        let id = format!("filter-{key}");
        view! {
            <label for=id.clone()>{label}</label>
            <input id=id name=key type="text" class:mono=key == "q" placeholder=placeholder list=list autocomplete="off" spellcheck="false"
                data-find=(key == "q").then_some("") prop:value=move || value.get()
                on:change=move |event| location.set(&[(key, event_target_value(&event).trim())], false)/>
        }
    };
    let choice = move |key: &'static str,
                       label: &'static str,
                       choices: &'static [(&'static str, &'static str)]| {
        let value = location.value(key);
        let id = format!("filter-{key}");
        view! {
            <label for=id.clone()>{label}</label>
            <select id=id name=key prop:value=move || value.get()
                on:change=move |event| location.set(&[(key, &event_target_value(&event))], false)>
                {choices.iter().map(|(choice, label)| view! { <option value=*choice selected=move || value.with(|value| value == choice)>{*label}</option> }).collect_view()}
            </select>
        }
    };
    let clear = move || location.href(&FILTERS.map(|key| (key, "")));
    view! {
        <form class="filters-form" role="search" on:submit=|event| event.prevent_default()>
            <span class="field">{text("service", "Service", "any", Some("service-names"))}</span>
            <datalist id="service-names">{move || names.get().unwrap_or_default().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}</datalist>
            <span class="field">{text("operation", "Operation", "any", None)}</span>
            <span class="field short">{choice("status", "Status", &[("", "any"), ("error", "error"), ("ok", "ok"), ("unset", "unset")])}</span>
            <span class="field short">{text("min_duration", "At least", "250ms", None)}</span>
            <span class="field long">{text("q", "Attributes", "http.route:/orders order_id:5001", None)}</span>
            <span class="field short">{choice("sort", "Sort", &[("", "newest"), ("slowest", "slowest")])}</span>
            <a class="clear" href=clear>"Clear"</a>
        </form>
    }
}

#[component]
fn Table(traces: Fetched<TracesResponse>) -> impl IntoView {
    let location = Context::get().location;
    let rows = move || {
        let data = traces.get()?;
        let names: BTreeSet<&String> = data
            .traces
            .iter()
            .flat_map(|trace| trace.services.iter().map(|service| &service.service))
            .collect();
        let names: Vec<String> = names.into_iter().cloned().collect();
        let looks = colours::looks(&names);
        let look = |service: &str| names.iter().position(|name| name == service).map(|at| looks[at]);
        let longest = data.traces.iter().map(|trace| trace.duration_ns).max().unwrap_or(1).max(1);
        let row = |trace: &TraceSummary| {
            let services: Vec<_> = trace
                .services
                .iter()
                .filter_map(|service| Some((look(&service.service)?, service.clone())))
                .collect();
            let root = look(&trace.root_service);
            view! { <Row trace=trace.clone() root services longest/> }
        };
        Some(data.traces.iter().map(row).collect_view())
    };
    let count = traces.map(|data| data.traces.len());
    let more = traces.map(|data| data.next_cursor.is_some());
    let wider = move || {
        let shown = count.get().unwrap_or(0);
        (more.get() == Some(true) && shown < 1_000).then(|| {
            let next = (shown * 2).clamp(PAGE, 1_000).to_string();
            view! { <p><a href=move || location.href(&[("limit", &next)])>"Show more"</a></p> }
        })
    };
    let none = move || {
        (count.get() == Some(0)).then(|| {
            let query = location.query.with(|query| query.only(&FILTERS).to_string());
            let what = if query.is_empty() {
                "No trace has been seen".to_owned()
            } else {
                format!("No trace fits {}", crate::view::query_string::decode(&query))
            };
            view! { <Empty what/> }
        })
    };
    view! {
        <div class="scroll-table" class:hide=move || count.get() == Some(0)><table class="rows traces">
            <thead><tr><th>"Start"</th><th>"Root"</th><th class="num">"Duration"</th><th class="bar-head"></th><th class="num">"Spans"</th><th class="num">"Errors"</th><th>"Services"</th></tr></thead>
            <tbody>{rows}</tbody>
        </table></div>
        {none}{wider}
    }
}

#[component]
fn Row(
    trace: TraceSummary,
    root: Option<colours::Look>,
    services: Vec<(colours::Look, ocelli_api::traces::ServiceSpans)>,
    longest: i64,
) -> impl IntoView {
    let location = Context::get().location;
    let path = links::trace_path(&trace.trace_id);
    // The first matched span is why the trace is listed, so it is opened.
    let span = trace.matched.first().map(|span| span.span_id.clone()).unwrap_or_default();
    let has_filter =
        move || location.query.with(|query| FILTERS[..6].iter().any(|key| query.get(key).is_some()));
    let href = move || location.link(&path, &[("span", if has_filter() { &span } else { "" })]);
    let share = trace.duration_ns.max(0) as f64 / longest as f64 * 100.0;
    let chips = services.into_iter().map(|(look, service)| {
        let title = format!("{}: {}", service.service, format::plural(u64::from(service.spans), "span", "spans"));
        view! { <span class="chip" title=title><Dot look/>{service.service}{(service.errors > 0).then(|| view! { <span class="glyph err">" ✖"</span> })}</span> }
    });
    let matched = has_filter().then(|| {
        trace
            .matched
            .iter()
            .map(|span| {
                format!("{} {} {}", span.service, span.operation, format::duration_ns(span.duration_ns))
            })
            .collect::<Vec<_>>()
            .join("\n")
    });
    view! {
        <tr data-testid="trace-row">
            <td><Moment at=trace.start/></td>
            <th scope="row">{root.map(|look| view! { <Dot look/> })}<a data-nav="" href=href title=matched>{trace.root_service}": "{trace.root_operation}</a>
                {(!trace.has_root).then(|| view! { <span class="hint">" root missing"</span> })}</th>
            <td class="num">{format::duration_ns(trace.duration_ns)}</td>
            <td class="bar-cell" aria-hidden="true"><span class="share" class:err=trace.error_count != 0 style:width=format!("{share:.1}%")></span></td>
            <td class="num">{format::count(u64::from(trace.span_count))}</td>
            <td class="num" class:bad=trace.error_count != 0>{(trace.error_count != 0).then_some("✖ ")}{format::count(u64::from(trace.error_count))}</td>
            <td class="chips">{chips.collect_view()}</td>
        </tr>
    }
}
