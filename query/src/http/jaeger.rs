//! The query API of Jaeger under `/jaeger/api/`, as its UI and Grafana call it.
//!
//! Source: <https://www.jaegertracing.io/docs/latest/architecture/apis/> and the JSON model of
//! Jaeger's UI. Spans become Jaeger's as the OpenTelemetry specification says ("OpenTelemetry to Jaeger").

mod envelope;
mod lists;
mod model;
mod params;
mod spans;
mod traces;

pub use params::trace_id;

use super::Api;
use axum::routing::{MethodRouter, get};

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    let with = |router: MethodRouter<Api>| router.with_state(api.clone());
    vec![
        ("GET /jaeger/api/services", with(get(lists::services))),
        ("GET /jaeger/api/services/{service}/operations", with(get(lists::operation_names))),
        ("GET /jaeger/api/operations", with(get(lists::operations))),
        ("GET /jaeger/api/traces", with(get(traces::search))),
        ("GET /jaeger/api/traces/{trace_id}", with(get(traces::trace))),
        ("GET /jaeger/api/dependencies", with(get(lists::dependencies))),
    ]
}

#[cfg(test)]
mod tests;
