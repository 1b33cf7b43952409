//! What clients ask of the server itself, and `format_query`.

use super::FormParams;
use super::answer::{LokiAnswer, read, success};
use crate::http::Api;
use crate::http::run::run;
use crate::logs::logql::{MAX_SERIES, parse};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// The version of Loki whose API and language this one follows: Grafana switches features by it.
const LOKI_VERSION: &str = "3.5.0";

pub async fn buildinfo() -> Json<Value> {
    Json(json!({
        "version": LOKI_VERSION,
        "revision": concat!("ocelli-", env!("CARGO_PKG_VERSION")),
        "branch": "",
        "buildUser": "",
        "buildDate": "",
        "goVersion": "",
    }))
}

/// Who can answer is ready.
pub async fn ready() -> &'static str {
    "ready\n"
}

/// What Grafana's app for logs asks before it shows something.
pub async fn limits(State(api): State<Api>) -> Json<Value> {
    let timeout = format!("{}s", api.limits.timeout.as_secs());
    Json(json!({
        "limits": {
            "discover_log_levels": true,
            "discover_service_name": ["service_name"],
            "log_level_fields": ["level", "severity", "lvl"],
            "max_entries_limit_per_query": 5_000,
            "max_query_length": "0s",
            "max_query_lookback": "0s",
            "max_query_range": "0s",
            "max_query_series": MAX_SERIES,
            "query_timeout": timeout,
            "retention_period": "0s",
            "volume_enabled": true,
            "volume_max_series": 1_000,
        },
        "pattern_ingester_enabled": true,
        "version": LOKI_VERSION,
        "maxDetectedFields": 1_000,
        "maxDetectedValues": 1_000,
        "maxLinesPerQuery": 5_000,
    }))
}

/// A long query takes its time, and a deep one its stack: it has its turn like one that is asked.
pub async fn format(State(api): State<Api>, FormParams(params): FormParams) -> LokiAnswer {
    let query = params.get("query").unwrap_or_default().to_owned();
    let text = run(&api, move |_, _| read(&query, |text| Ok(parse(text)?.to_string()))).await?;
    success(text.into())
}
