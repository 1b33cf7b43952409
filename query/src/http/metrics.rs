//! `GET /api/metrics`, `/api/metrics/cardinality` and `/api/metrics/points`.

use super::Api;
use super::answer::{Answer, ok};
use super::params::Params;
use super::run::run;
use crate::metrics::{self, Cardinality};
use crate::promql::parse_selector;
use crate::promql::select::Selection;
use axum::extract::State;
use axum::routing::{MethodRouter, get};
use ocelli_api::metrics::{CardinalityResponse, MetricPointsResponse, MetricsResponse};

const MS: i64 = 1_000_000;

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/metrics", get(list).with_state(api.clone())),
        ("GET /api/metrics/cardinality", get(cardinality).with_state(api.clone())),
        ("GET /api/metrics/points", get(points).with_state(api)),
    ]
}

async fn list(State(api): State<Api>, params: Params) -> Answer<MetricsResponse> {
    let range = params.range(api.now())?;
    let response = run(&api, move |api, budget| {
        let metrics = metrics::metrics(&budget.snapshot(api), &range, budget)?;
        Ok(MetricsResponse { range, metrics, stats: budget.stats() })
    });
    ok(response.await?)
}

async fn cardinality(State(api): State<Api>, params: Params) -> Answer<CardinalityResponse> {
    let range = params.range(api.now())?;
    let limit = params.number("limit", 50_usize, 1..=1_000)?;
    let matchers = match params.get("match").filter(|text| !text.is_empty()) {
        Some(text) => parse_selector(text)?,
        None => Vec::new(),
    };
    let (after_ms, until_ms) = (range.from.0.div_euclid(MS) - 1, range.to.0.div_euclid(MS));
    let selection = Selection { matchers, after_ms, until_ms };
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let Cardinality { total, labels, pairs } =
            metrics::cardinality(api.stored(&snapshot), &selection, limit, budget)?;
        Ok(CardinalityResponse { range, total, labels, pairs, stats: budget.stats() })
    });
    ok(response.await?)
}

async fn points(State(api): State<Api>, params: Params) -> Answer<MetricPointsResponse> {
    let range = params.range(api.now())?;
    let name = params.required("name")?.to_owned();
    let response = run(&api, move |api, budget| {
        let series = metrics::points(&budget.snapshot(api), &name, &range, budget)?;
        Ok(MetricPointsResponse { range, series, stats: budget.stats() })
    });
    ok(response.await?)
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
