//! `status/…`, and what Prometheus tells of scraping and of its Alertmanagers: clients ask for it, and
//! there is nothing of the kind here.

use super::envelope::{PrometheusAnswer, success};
use crate::http::Api;
use axum::extract::State;
use serde_json::json;

/// The version of Prometheus whose API and language this one follows: clients switch features by it.
const PROMETHEUS_VERSION: &str = "3.5.0";

/// By which Grafana tells what it talks to.
pub async fn buildinfo() -> PrometheusAnswer {
    success(json!({
        "version": PROMETHEUS_VERSION,
        "revision": concat!("ocelli-", env!("CARGO_PKG_VERSION")),
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
        "features": {},
    }))
}

/// `/-/healthy` and `/-/ready`, as promtool asks: who can answer is both.
pub async fn healthy() -> &'static str {
    "Ocelli is healthy.\n"
}

pub async fn ready() -> &'static str {
    "Ocelli is ready.\n"
}

/// The limits of queries under the names of Prometheus' own flags.
pub async fn flags(State(api): State<Api>) -> PrometheusAnswer {
    let limits = &api.limits;
    success(json!({
        "query.lookback-delta": "5m",
        "query.max-concurrency": limits.concurrent_queries.to_string(),
        "query.max-samples": limits.samples.to_string(),
        "query.timeout": format!("{}s", limits.timeout.as_secs()),
    }))
}

/// There is no file in Prometheus' form.
pub async fn config() -> PrometheusAnswer {
    success(json!({ "yaml": "" }))
}

pub async fn targets() -> PrometheusAnswer {
    success(json!({ "activeTargets": [], "droppedTargets": [], "droppedTargetCounts": {} }))
}

pub async fn targets_metadata() -> PrometheusAnswer {
    success(json!([]))
}

pub async fn scrape_pools() -> PrometheusAnswer {
    success(json!({ "scrapePools": [] }))
}

pub async fn alertmanagers() -> PrometheusAnswer {
    success(json!({ "activeAlertmanagers": [], "droppedAlertmanagers": [] }))
}
