//! `metadata`: type, help and unit of every metric.

use super::FormParams;
use super::envelope::{PrometheusAnswer, success};
use crate::Error;
use crate::http::Api;
use crate::http::run::run;
use crate::promql::otlp::metrics_of;
use crate::promql::otlp::names::{metric_name, unit_name};
use axum::extract::State;
use ocelli_signal::attributes::Attributes;
use ocelli_signal::{Kind, Series, prometheus};
use serde_json::{Map, Value, json};

/// Metrics that had points in this long are told.
const SPAN_NS: i64 = 86_400_000_000_000;

pub async fn metadata(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    let wanted = params.get("metric").map(str::to_owned);
    let limit = bound(params.number("limit", -1, i64::MIN..=i64::MAX)?);
    let per_metric = bound(params.number("limit_per_metric", -1, i64::MIN..=i64::MAX)?);
    let now = api.now().0;
    let found = run(&api, move |api, budget| {
        let mut found: Map<String, Value> = Map::new();
        let snapshot = budget.snapshot(api);
        snapshot.chunks(&mut |_: &Series| true, now.saturating_sub(SPAN_NS), now, |_, of| {
            budget.check()?;
            for metric in metrics_of(of.chunk, of.rows) {
                let (name, entry) = told(&metric);
                if wanted.as_ref().is_none_or(|wanted| *wanted == name) {
                    add(&mut found, name, entry, per_metric);
                }
            }
            Ok::<_, Error>(())
        })?;
        Ok(found)
    });
    success(Value::Object(found.await?.into_iter().take(limit).collect()))
}

/// What a limit of the request allows; there is none below 1.
fn bound(limit: i64) -> usize {
    usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX)
}

/// Metrics of one name may differ in what they say; each says it once.
fn add(found: &mut Map<String, Value>, name: String, entry: Value, per_metric: usize) {
    if let Value::Array(entries) = found.entry(name).or_insert_with(|| json!([]))
        && entries.len() < per_metric
        && !entries.contains(&entry)
    {
        entries.push(entry);
    }
}

/// The name of a metric and what is known of it.
fn told(series: &Series) -> (String, Value) {
    let name = metric_name(series);
    let (name, kind, unit) = if prometheus::is_native(series) {
        let metadata = Attributes::of_column(&series.metadata);
        let text = |key| metadata.get(key).and_then(|value| value.as_str().map(str::to_owned));
        let kind = text(prometheus::METADATA_TYPE).unwrap_or_else(|| "unknown".to_owned());
        (family(name, &kind), kind, text(prometheus::METADATA_UNIT).unwrap_or_default())
    } else {
        (name, kind(series).to_owned(), unit_name(&series.unit))
    };
    (name, json!({ "type": kind, "help": &*series.description, "unit": unit }))
}

/// Series of one distribution have the name of the whole and a suffix.
fn family(name: String, kind: &str) -> String {
    let suffixes: &[&str] = match kind {
        "histogram" | "gaugehistogram" => &["_bucket", "_count", "_sum"],
        "summary" => &["_count", "_sum"],
        _ => &[],
    };
    let stem = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
    stem.map(str::to_owned).unwrap_or(name)
}

fn kind(series: &Series) -> &'static str {
    match series.kind {
        Kind::Sum if series.is_monotonic => "counter",
        Kind::Gauge | Kind::Sum => "gauge",
        Kind::Histogram | Kind::ExponentialHistogram => "histogram",
        Kind::Summary => "summary",
    }
}
