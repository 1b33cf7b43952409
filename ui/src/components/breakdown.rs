//! What the calls of a service are made of: versions, the most frequent errors, the kinds of its log lines.

use crate::client::{Fetched, fetch};
use crate::components::answer::Answer;
use crate::components::log_patterns::PatternRows;
use crate::context::Context;
use crate::dynamic::{dynamic, handler};
use crate::prelude::*;
use crate::view::breakdown::{self, ErrorKind};
use crate::view::{format, links};
use ocelli_api::logs::LogPatternsResponse;
use ocelli_api::services::Red;
use ocelli_api::traces::TraceMetricsResponse;

const LISTED_ERRORS: usize = 8;
const LISTED_PATTERNS: &str = "10";

/// A question about spans that has one value a group; asked when `after` is true.
fn totals(query: Option<String>, after: Signal<bool>) -> Fetched<TraceMetricsResponse> {
    let context = Context::get();
    fetch::<TraceMetricsResponse>(move || {
        let range = context.range.get().ok().filter(|_| after.get())?;
        let parameters = [("query", query.as_deref()?), ("step", &breakdown::one_step(&range))];
        Some(links::api("/api/traces/metrics", &range, &parameters))
    })
}

/// The figures of a row of RED.
#[component]
pub fn RedCells(red: Red) -> impl IntoView {
    let has_errors = red.error_ratio.is_some_and(|ratio| ratio > 0.0);
    view! {
        <td class="num">{format::rate(red.rate)}</td>
        <td class="num" class:bad=has_errors>{has_errors.then_some("✖ ")}{format::ratio(red.error_ratio)}</td>
        <td class="num">{format::millis(red.p50_ms)}</td>
        <td class="num">{format::millis(red.p95_ms)}</td>
        <td class="num">{format::millis(red.p99_ms)}</td>
    }
}

/// RED by version; nothing where the spans tell of none. Asked when the page has its own figures.
#[component]
pub fn Versions(service: String, after: Signal<bool>, red: Signal<Red>) -> impl IntoView {
    let context = Context::get();
    let [calls, quantiles] = breakdown::version_queries(&service).map(|query| totals(query, after));
    let row = move |(version, red): (String, Red)| {
        let query = breakdown::version_traces(&service, &version);
        let href =
            move || context.location.link("/traces", &[("query", query.as_deref().unwrap_or_default())]);
        view! { <tr><th scope="row"><a data-nav="" href=dynamic(href)>{version}</a></th><RedCells red/></tr> }
    };
    let table = move || {
        let range = context.range.get().ok()?;
        let (calls, quantiles) = (calls.get()?, quantiles.get()?);
        let seconds = red.with(|red| breakdown::observed_s(&range, red));
        let versions = breakdown::versions(seconds, &calls, &quantiles);
        (!versions.is_empty()).then(|| view! {
            <section><h2>"Versions"</h2>
                <div class="scroll-table"><table class="rows" data-testid="versions">
                    <thead><tr><th>"Version"</th><th class="num">"Rate"</th><th class="num">"Errors"</th><th class="num">"p50"</th><th class="num">"p95"</th><th class="num">"p99"</th></tr></thead>
                    <tbody>{versions.into_iter().map(&row).collect_view()}</tbody>
                </table></div>
            </section>
        })
    };
    view! { {dynamic(table)} }
}

/// The most frequent failures, each with its traces; nothing where there is none.
#[component]
pub fn TopErrors(service: String, after: Signal<bool>) -> impl IntoView {
    let location = Context::get().location;
    let answer = totals(breakdown::error_query(&service), after);
    let row = move |kind: ErrorKind| {
        let message = if kind.message.is_empty() { "no message".to_owned() } else { kind.message };
        let operation = match kind.query {
            Some(query) => {
                let href = move || location.link("/traces", &[("query", &query)]);
                view! { <a data-nav="" href=dynamic(href)>{kind.operation}</a> }.into_any()
            }
            None => kind.operation.into_any(),
        };
        view! { <tr data-testid="error-kind"><th scope="row">{operation}</th><td class="clip">{format::clip(&message, 512).0.to_owned()}</td><td class="num">{format::count(kind.spans as u64)}</td></tr> }
    };
    let table = move || {
        let (kinds, found) = breakdown::errors(&service, &*answer.get()?, LISTED_ERRORS);
        let more = found - kinds.len();
        (found > 0).then(|| view! {
            <section><h2>"Top errors"</h2>
                <div class="scroll-table"><table class="rows">
                    <thead><tr><th>"Operation"</th><th>"Message"</th><th class="num">"Spans"</th></tr></thead>
                    <tbody>{kinds.into_iter().map(row).collect_view()}</tbody>
                </table></div>
                {(more > 0).then(|| view! { <p class="hint">{format::plural(more as u64, "more kind", "more kinds")}</p> })}
            </section>
        })
    };
    view! { {dynamic(table)} }
}

/// The kinds of the service's log lines: looked for when they are opened, as that reads every record.
#[component]
pub fn ServicePatterns(service: String) -> impl IntoView {
    let context = Context::get();
    let open = RwSignal::new(false);
    let search = StoredValue::new(links::term("service", &service));
    let patterns = fetch::<LogPatternsResponse>(move || {
        let range = context.range.get().ok().filter(|_| open.get())?;
        let query = search.get_value();
        Some(links::api("/api/logs/patterns", &range, &[("q", &query), ("limit", LISTED_PATTERNS)]))
    });
    let all = move || {
        search.with_value(|query| context.location.link("/logs", &[("q", query), ("view", "patterns")]))
    };
    let body = move || {
        open.get().then(|| {
            view! {
                <Answer asked=patterns.asked stats=patterns.map(|answer| answer.stats.clone())>
                    <PatternRows patterns search=Signal::derive(move || search.get_value())/>
                    <p><a href=dynamic(all)>"All patterns, and what is new since a time"</a></p>
                </Answer>
            }
        })
    };
    view! {
        <details class="section" data-testid="service-patterns" on:toggle=handler(move |_| open.update(|open| *open = !*open))>
            <summary>"Log patterns"</summary>{dynamic(body)}
        </details>
    }
}
