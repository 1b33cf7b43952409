//! What a rule compares, over time, against what it compares it with.

use crate::client::fetch;
use crate::components::answer::Answer;
use crate::components::line_chart::LineChart;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::expression::{self, Compared, RangeAnswer, Steps};
use crate::view::format;
use crate::view::query_string::QueryString;
use ocelli_api::TimeRange;
use std::collections::BTreeMap;

/// Points of the chart.
const POINTS: i64 = 300;

/// Nothing for TraceQL: its rules name a window behind the query that only rules have.
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
        _ => None,
    });
    let compared = memo(move || expression.with(|text| text.as_deref().and_then(expression::compared)));
    let steps = memo(move || {
        let range = range.get()?;
        Some(Steps::over(range.from.0 / 1_000_000, range.to.0 / 1_000_000, POINTS))
    });
    let answer = fetch::<RangeAnswer>(move || {
        let (steps, path) = (steps.get()?, path.get()?);
        let whole = expression.get()?;
        let query = compared.get().map_or(whole, |compared| compared.left);
        let seconds = |ms: i64| format!("{}", ms as f64 / 1e3);
        let url = QueryString::default().with("query", &query).with("start", &seconds(steps.start_ms));
        Some(url.with("end", &seconds(steps.end_ms())).with("step", &seconds(steps.step_ms)).on(path))
    });
    let series = Signal::derive(move || {
        let (Some(steps), Some(answer)) = (steps.get(), answer.get()) else { return Vec::new() };
        let threshold =
            compared.with(|compared| compared.as_ref().map(|compared: &Compared| compared.threshold));
        expression::lines(&answer, &labels.get(), steps, threshold)
    });
    let range_ms = Signal::derive(move || {
        let range = range.get().unwrap_or_default();
        (range.from.0 as f64 / 1e6, range.to.0 as f64 / 1e6)
    });
    let chart = move || {
        path.get().map(|_| {
            view! { <Answer asked=answer.asked><LineChart title="Over time" unit=format::short range_ms series/></Answer> }
        })
    };
    view! { {dynamic(chart)} }
}
