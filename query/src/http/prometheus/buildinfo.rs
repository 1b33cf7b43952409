//! `status/buildinfo`, by which Grafana tells what it talks to.

use super::envelope::{PrometheusAnswer, success};
use serde_json::json;

/// The version of Prometheus whose API and language this one follows: clients switch features by it.
const PROMETHEUS_VERSION: &str = "3.5.0";

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
