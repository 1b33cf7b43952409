//! The query API of Grafana Tempo under `/tempo/api/`, as Grafana asks it.
//!
//! Source: <https://grafana.com/docs/tempo/latest/api_docs/> and `tempo.proto`. JSON is protobuf's, as Tempo
//! writes it: 64-bit numbers are texts, bytes (ids of spans among them) base64, what is zero is left out.

mod answer;
mod by_id;
mod legacy;
mod metrics;
mod otlp;
mod params;
mod search;
mod tags;

use super::Api;
use axum::Json;
use axum::routing::{MethodRouter, get};
use serde_json::{Value, json};

/// The version of Tempo whose API and language this one follows.
const TEMPO_VERSION: &str = "2.9.0";

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    let with = |router: MethodRouter<Api>| router.with_state(api.clone());
    vec![
        ("GET /tempo/api/echo", get(echo)),
        ("GET /tempo/api/status/buildinfo", get(buildinfo)),
        ("GET /tempo/api/traces/{trace_id}", with(get(by_id::first))),
        ("GET /tempo/api/v2/traces/{trace_id}", with(get(by_id::second))),
        ("GET /tempo/api/search", with(get(search::search))),
        ("GET /tempo/api/search/tags", with(get(tags::names))),
        ("GET /tempo/api/v2/search/tags", with(get(tags::names_by_scope))),
        ("GET /tempo/api/search/tag/{name}/values", with(get(tags::values))),
        ("GET /tempo/api/v2/search/tag/{name}/values", with(get(tags::typed_values))),
        ("GET /tempo/api/metrics/query_range", with(get(metrics::range))),
        ("GET /tempo/api/metrics/query", with(get(metrics::instant))),
    ]
}

/// By which Grafana tests the data source.
async fn echo() -> &'static str {
    "echo"
}

async fn buildinfo() -> Json<Value> {
    Json(json!({
        "version": TEMPO_VERSION,
        "revision": concat!("ocelli-", env!("CARGO_PKG_VERSION")),
        "branch": "",
        "buildDate": "",
        "buildUser": "",
        "goVersion": "",
    }))
}

#[cfg(test)]
mod tests;
