//! `/` and `/services`: every service with its rate, errors and duration; before there is any data, how
//! to send some.

use crate::client::{Fetched, fetch, fetch_now};
use crate::components::answer::{Answer, Empty};
use crate::components::attention::Attention;
use crate::components::dot::Dot;
use crate::components::find::Find;
use crate::components::nearest::NearestTraces;
use crate::components::sparkline::Sparkline;
use crate::components::waiting::Waiting;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::order::sort_by;
use crate::view::red::{self, Column};
use crate::view::text::lower;
use crate::view::{colours, format, links};
use ocelli_api::ingest::SystemResponse;
use ocelli_api::services::{ServiceSummary, ServicesResponse};
use std::time::Duration;

/// While nothing is there, this often one looks whether something has come.
const POLL: Duration = Duration::from_secs(1);

/// Span metrics are made some seconds after the spans, so the first services are looked for this often.
const POLLS_PER_REFRESH: u32 = 2;

#[component]
pub fn Services() -> impl IntoView {
    let context = Context::get();
    let system = fetch_now::<SystemResponse>(|| Some("/api/system".to_owned()));
    let services = fetch::<ServicesResponse>(move || {
        context.range.get().ok().map(|range| links::api("/api/services", &range, &[]))
    });
    let empty = memo(move || system.with(|system| system.is_some_and(|system| system.empty)));
    poll(context, system, services);
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Waiting system/> }>
            <section class="page">
                <header class="page-head">
                    <h1>"Services"</h1>
                    <Find what="a service"/>
                </header>
                <Attention system services/>
                <Answer asked=services.asked stats=services.map(|answer| answer.stats.clone())>
                    <Table services/>
                </Answer>
            </section>
        </Show>
    }
}

/// Asks for the counters while the store is empty, and then for services until there are some.
fn poll(context: Context, system: Fetched<SystemResponse>, services: Fetched<ServicesResponse>) {
    let round = StoredValue::new(0u32);
    let look = move || {
        let Some(is_empty) = system.with_untracked(|system| system.map(|system| system.empty)) else {
            return;
        };
        let some = services
            .with_untracked(|services| services.is_some_and(|services| !services.services.is_empty()));
        round.update_value(|round| *round += 1);
        if is_empty && !system.loading.get_untracked() {
            system.retry();
        }
        let relative = context.range_text.with_untracked(|text| text.1.starts_with("now"));
        if !some
            && !is_empty
            && relative
            && round.get_value().is_multiple_of(POLLS_PER_REFRESH)
            && !services.loading.get_untracked()
        {
            context.refresh();
        }
    };
    if let Ok(handle) = set_interval_with_handle(look, POLL) {
        on_cleanup(move || handle.clear());
    }
}

#[component]
fn Table(services: Fetched<ServicesResponse>) -> impl IntoView {
    let location = Context::get().location;
    let (find, sort) = (location.value("find"), location.value("sort"));
    let rows = memo(move || {
        let all = services.with(|data| data.map(|data| data.services.clone()).unwrap_or_default());
        let names: Vec<String> = all.iter().map(|service| service.name.clone()).collect();
        let find = lower(&find.get());
        let mut rows: Vec<_> = all.into_iter().zip(colours::looks(&names)).collect();
        rows.retain(|(service, _)| lower(&service.name).contains(&find));
        let (column, descending) = red::parse_sort(&sort.get());
        sort_by(&mut rows, |a, b| {
            red::compare(column, descending, (&a.0.name, &a.0.red), (&b.0.name, &b.0.red))
        });
        rows
    });
    let none = move || {
        rows.with(Vec::is_empty).then(|| {
            let what = match find.get() {
                find if find.is_empty() => "No span has been seen".to_owned(),
                find => format!("No service whose name holds “{find}” has been seen"),
            };
            let logs = move || location.link("/logs", &[]);
            view! { <Empty what><NearestTraces/><p class="hint">"Services come from spans. "<a href=dynamic(logs)>"Look at the logs"</a></p></Empty> }
        })
    };
    view! {
        <div class="scroll-table" class:hide=dynamic(move || rows.with(Vec::is_empty))>
        <table class="services rows">
            <thead><tr>
                <SortHead column=Column::Name sort label="Service" numeric=false/>
                <SortHead column=Column::Rate sort label="Rate" numeric=true/>
                <td class="spark-head"></td>
                <SortHead column=Column::Errors sort label="Errors" numeric=true/>
                <td class="spark-head"></td>
                <SortHead column=Column::P50 sort label="p50" numeric=true/>
                <SortHead column=Column::P95 sort label="p95" numeric=true/>
                <td class="spark-head"></td>
                <SortHead column=Column::P99 sort label="p99" numeric=true/>
            </tr></thead>
            <tbody>{dynamic(move || rows.get().into_iter().map(|(service, look)| view! { <Row service look/> }).collect_view())}</tbody>
        </table>
        </div>
        {dynamic(none)}
    }
}

#[component]
fn Row(service: ServiceSummary, look: colours::Look) -> impl IntoView {
    let location = Context::get().location;
    let path = links::service_path(&service.name);
    let name = service.name.clone();
    let ServiceSummary { red, series, .. } = service;
    let has_errors = red.error_ratio.is_some_and(|ratio| ratio > 0.0);
    let label = |what: &str, value: String| format!("{what} of {name} over time, {value} over all");
    let rate_label = label("Rate", format::rate(red.rate));
    let error_label = label("Error ratio", format::ratio(red.error_ratio));
    let p95_label = label("95th percentile of duration", format::millis(red.p95_ms));
    view! {
        <tr data-testid="service-row">
            <th scope="row"><Dot look/><a data-nav="" href=dynamic(move || location.link(&path, &[]))>{name}</a></th>
            <td class="num">{format::rate(red.rate)}</td>
            <td><Sparkline label=rate_label series=red::line("rate", "--accent", &series, |series| &series.rate)/></td>
            <td class="num" class:bad=has_errors>{has_errors.then_some("✖ ")}{format::ratio(red.error_ratio)}</td>
            <td><Sparkline label=error_label series=red::line("errors", "--err", &series, |series| &series.error_ratio)/></td>
            <td class="num">{format::millis(red.p50_ms)}</td>
            <td class="num">{format::millis(red.p95_ms)}</td>
            <td><Sparkline label=p95_label series=red::line("p95", "--c1", &series, |series| &series.p95_ms)/></td>
            <td class="num">{format::millis(red.p99_ms)}</td>
        </tr>
    }
}

/// A column's head that sorts.
#[component]
pub fn SortHead(
    column: Column,
    /// `sort=` of the URL.
    #[prop(into)]
    sort: Signal<String>,
    label: &'static str,
    numeric: bool,
    /// Without a wish the rows are in the server's order, not in that of a column.
    #[prop(optional)]
    given_order: bool,
) -> impl IntoView {
    let location = Context::get().location;
    let state = move || {
        let sort = sort.get();
        let (now, descending) = red::parse_sort(&sort);
        let is_sorted = now == column && !(given_order && sort.is_empty());
        is_sorted.then_some(if descending { "descending" } else { "ascending" })
    };
    let arrow = move || match state() {
        Some("descending") => " ▾",
        Some(_) => " ▴",
        None => "",
    };
    let href = move || location.href(&[("sort", &red::next_sort(&sort.get(), column))]);
    view! { <th class:num=numeric aria-sort=dynamic(state)><a href=dynamic(href)>{label}{dynamic(arrow)}</a></th> }
}
