//! `status/tsdb`: what costs most, in the form of Prometheus' head.

use super::FormParams;
use super::envelope::{PrometheusAnswer, success};
use crate::http::Api;
use crate::http::run::run;
use crate::metrics::{self, Cardinality};
use crate::promql::select::Selection;
use axum::extract::State;
use ocelli_api::metrics::LabelCost;
use ocelli_api::{TimeRange, UnixNano};
use serde_json::{Value, json};

/// Prometheus' head holds two hours.
const SPAN_NS: i64 = 7_200_000_000_000;
const MS: i64 = 1_000_000;
/// Labels among which the dearest are looked for.
const LABELS: usize = 10_000;

pub async fn tsdb(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    let limit = params.number("limit", 10_usize, 1..=LABELS)?;
    let now = api.now().0;
    let range = TimeRange { from: UnixNano(now.saturating_sub(SPAN_NS)), to: UnixNano(now) };
    let (after_ms, until_ms) = (range.from.0.div_euclid(MS), range.to.0.div_euclid(MS));
    let found = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let all = Selection { matchers: Vec::new(), after_ms, until_ms };
        let costs = metrics::cardinality(api.stored(&snapshot), &all, LABELS, budget)?;
        Ok((metrics::metrics(&snapshot, &range, budget)?, costs))
    });
    let (metrics, Cardinality { total, mut labels, pairs }) = found.await?;
    let mut by_metric: Vec<_> =
        metrics.into_iter().map(|metric| (metric.prometheus_name, metric.series)).collect();
    by_metric.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    let of = |label: &LabelCost, number: u64| (label.name.clone(), number);
    let by_values: Vec<_> = labels.iter().map(|label| of(label, label.values)).collect();
    labels.sort_by(|a, b| (b.cost.bytes, &a.name).cmp(&(a.cost.bytes, &b.name)));
    let by_bytes: Vec<_> = labels.iter().map(|label| of(label, label.cost.bytes)).collect();
    let by_pair: Vec<_> =
        pairs.into_iter().map(|pair| (format!("{}={}", pair.name, pair.value), pair.cost.series)).collect();
    let pair_count: u64 = labels.iter().map(|label| label.values).sum();
    success(json!({
        "headStats": {
            "numSeries": total.series,
            "numLabelPairs": pair_count,
            "chunkCount": 0,
            "minTime": after_ms,
            "maxTime": until_ms,
        },
        "seriesCountByMetricName": first(by_metric, limit),
        "labelValueCountByLabelName": first(by_values, limit),
        "memoryInBytesByLabelName": first(by_bytes, limit),
        "seriesCountByLabelValuePair": first(by_pair, limit),
    }))
}

fn first(all: Vec<(String, u64)>, limit: usize) -> Value {
    all.into_iter().take(limit).map(|(name, value)| json!({ "name": name, "value": value })).collect()
}
