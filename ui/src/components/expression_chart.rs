//! What a rule compares, over time, against what it compares it with.

use crate::client::fetch;
use crate::components::answer::Answer;
use crate::components::line_chart::LineChart;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::expression::{self, Compared, RangeAnswer, Steps};
use crate::view::format;
use crate::view::range::in_ms;
use ocelli_api::TimeRange;
use std::collections::BTreeMap;

/// Points of the chart.
const POINTS: i64 = 300;

/// Of TraceQL one point for each window that the rule names.
#[component]
pub fn ExpressionChart(
    #[prop(into)] expression: Signal<Option<String>>,
    #[prop(into)] language: Signal<String>,
    /// Of the alert whose line is meant; of all where it is empty.
    #[prop(into)]
    labels: Signal<BTreeMap<String, String>>,
    #[prop(into)] range: Signal<Option<TimeRange>>,
) -> impl IntoView {
    let path = memo(move || match &*language.get() {
        "promql" => Some("/prometheus/api/v1/query_range"),
        "logql" => Some("/loki/api/v1/query_range"),
        "traceql" => Some("/tempo/api/metrics/query_range"),
        _ => None,
    });
    let compared = memo(move || expression.with(|text| text.as_deref().and_then(expression::compared)));
    let query = memo(move || {
        let whole = expression.get()?;
        let left = compared.get().map_or(whole, |compared| compared.left);
        Some(match expression::windowed(&left).filter(|_| language.with(|language| language == "traceql")) {
            Some((query, window_ms)) => (query.to_owned(), Some(window_ms)),
            None => (left, None),
        })
    });
    let steps = memo(move || {
        let range = range.get()?;
        let (from_ms, to_ms) = (range.from.0 / 1_000_000, range.to.0 / 1_000_000);
        match query.get()?.1 {
            Some(window_ms) => Steps::of_windows(from_ms, to_ms, window_ms),
            None => Some(Steps::over(from_ms, to_ms, POINTS)),
        }
    });
    let answer = fetch::<RangeAnswer>(move || {
        let (steps, path, (query, _)) = (steps.get()?, path.get()?, query.get()?);
        Some(steps.ask(path, &query))
    });
    let series = Signal::derive(move || {
        let (Some(steps), Some(answer)) = (steps.get(), answer.get()) else { return Vec::new() };
        let threshold =
            compared.with(|compared| compared.as_ref().map(|compared: &Compared| compared.threshold));
        expression::lines(&answer, &labels.get(), steps, threshold)
    });
    let range_ms = Signal::derive(move || {
        let range = range.get().unwrap_or_default();
        in_ms(&range)
    });
    let chart = move || {
        path.get().filter(|_| steps.get().is_some()).map(|_| {
            view! { <Answer asked=answer.asked><LineChart title="Over time" unit=format::short range_ms series/></Answer> }
        })
    };
    view! { {dynamic(chart)} }
}
