//! `metadata`: type, help and unit of every metric.

use super::FormParams;
use super::envelope::{PrometheusAnswer, success};
use crate::http::Api;
use crate::http::run::run;
use crate::promql::otlp::names::metric_name;
use axum::extract::State;
use ocelli_signal::{Kind, Series};
use serde_json::{Map, Value, json};

/// Metrics that had points in this long are told.
const SPAN_NS: i64 = 86_400_000_000_000;

pub async fn metadata(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    let wanted = params.get("metric").map(str::to_owned);
    let limit = params.number("limit", 0_usize, 0..=usize::MAX)?;
    let now = api.now().0;
    let found = run(&api, move |api, budget| {
        let mut found: Map<String, Value> = Map::new();
        let mut note = |series: &Series| {
            let name = metric_name(series);
            if wanted.as_ref().is_none_or(|wanted| *wanted == name) {
                add(&mut found, name, series);
            }
            false
        };
        budget.snapshot(api).series(&mut note, now.saturating_sub(SPAN_NS), now)?;
        Ok(found)
    });
    let mut found = found.await?;
    if limit > 0 {
        found = found.into_iter().take(limit).collect();
    }
    success(Value::Object(found))
}

/// Metrics of one name may differ in what they say; each says it once.
fn add(found: &mut Map<String, Value>, name: String, series: &Series) {
    let entry = json!({ "type": kind(series), "help": series.description, "unit": series.unit });
    if let Value::Array(entries) = found.entry(name).or_insert_with(|| json!([]))
        && !entries.contains(&entry)
    {
        entries.push(entry);
    }
}

fn kind(series: &Series) -> &'static str {
    match series.kind {
        Kind::Sum if series.is_monotonic => "counter",
        Kind::Gauge | Kind::Sum => "gauge",
        Kind::Histogram | Kind::ExponentialHistogram => "histogram",
        Kind::Summary => "summary",
    }
}
