//! `GET /api/metrics` and `/api/metrics/points`.

use super::Api;
use super::answer::{Answer, ok};
use super::params::Params;
use super::run::run;
use crate::metrics;
use axum::extract::State;
use axum::routing::{MethodRouter, get};
use ocelli_api::metrics::{MetricPointsResponse, MetricsResponse};

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/metrics", get(list).with_state(api.clone())),
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
