//! `/traces`: search by service, operation, status, duration and attributes, or by TraceQL; durations of
//! the spans that are found over time, the traces as points, and a table of them.

use crate::client::{Fetched, fetch};
use crate::components::answer::{Answer, FailureNote};
use crate::components::duration_map::DurationMap;
use crate::components::line_chart::LineChart;
use crate::components::mistake::Mistake;
use crate::components::saved_searches::SavedSearches;
use crate::components::scatter::Scatter;
use crate::components::trace_filters::TraceFilters;
use crate::components::trace_list::{MOST, PAGE, Picked, TraceList};
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::range::in_ms;
use crate::view::traceql::{self, FILTERS};
use crate::view::{format, links, red};
use ocelli_api::searches::SearchPage;
use ocelli_api::traces::{TraceMetricsResponse, TracesResponse};

#[component]
pub fn Traces() -> impl IntoView {
    let context = Context::get();
    let query = context.location.query;
    let limit = context.location.value("limit");
    let traces = fetch::<TracesResponse>(move || {
        let range = context.range.get().ok()?;
        let values = query.with(|query| FILTERS.map(|key| query.text(key)));
        let limit = limit.with(|limit| limit.parse::<usize>().unwrap_or(PAGE)).clamp(1, MOST).to_string();
        let mut parameters: Vec<(&str, &str)> =
            FILTERS.iter().zip(&values).map(|(key, value)| (*key, value.as_str())).collect();
        parameters.push(("limit", &limit));
        Some(links::api("/api/traces", &range, &parameters))
    });
    // Counting never holds up the list: it begins when that is there. A wrong query is said once.
    let durations = fetch::<TraceMetricsResponse>(move || {
        if traces.loading.get() || !traces.has_answer() || traces.failure.with(Option::is_some) {
            return None;
        }
        let range = context.range.get().ok()?;
        let found = query.with(traceql::of_page)?;
        let series = format!("{found} | histogram_over_time(duration) by (status)");
        Some(links::api("/api/traces/metrics", &range, &[("query", &series)]))
    });
    let has_map = move || query.with(|query| query.get("q").is_none());
    let asked = Signal::derive(move || {
        query.with(|query| query.get("query").or_else(|| query.get("q")).unwrap_or_default().to_owned())
    });
    view! {
        <section class="page">
            <header class="page-head"><h1>"Traces"</h1><SavedSearches page=SearchPage::Traces/><ExplainLink/><Picked/></header>
            <TraceFilters/>
            <Mistake failure=traces.failure query=asked/>
            <Answer asked=traces.asked stats=traces.map(|answer| answer.stats.clone())>
                <FailureNote failure=durations.failure retry=Callback::new(move |()| durations.retry())/>
                <div class="charts" class:loading=dynamic(move || durations.loading.get())>
                    <Show when=has_map><Rates answer=durations/><DurationMap answer=durations/></Show>
                    <Scatter data=Signal::derive(move || traces.get())/>
                </div>
                <TraceList traces/>
            </Answer>
        </section>
    }
}

/// How many spans are found, and how many of them failed.
#[component]
fn Rates(answer: Fetched<TraceMetricsResponse>) -> impl IntoView {
    let range_ms = answer.map(|answer| in_ms(&answer.range));
    let lines = answer.map(red::of_spans);
    let range_ms = Signal::derive(move || range_ms.get().unwrap_or_default());
    let series = Signal::derive(move || lines.get().unwrap_or_default());
    let some = move || series.with(|series| !series.is_empty());
    view! { <div data-testid="found-rates"><Show when=some><LineChart title="Spans found" unit=format::rate range_ms series/></Show></div> }
}

/// Leads to what sets the chosen spans apart from the others, once some are chosen.
#[component]
fn ExplainLink() -> impl IntoView {
    let location = Context::get().location;
    let link = move || {
        if let Some(chosen) = location.query.with(traceql::explained) {
            let parameters: Vec<(&str, &str)> =
                chosen.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let href = location.link("/traces/explain", &parameters);
            return Some(view! { <a class="button" href=href data-testid="explain">"What sets these spans apart?"</a> }.into_any());
        }
        let by_q = location.query.with(|page| page.get("q").is_some());
        by_q.then(|| view! { <span class="hint">"Say it in TraceQL to see durations over time and what sets the spans apart."</span> }.into_any())
    };
    view! { {dynamic(link)} }
}
