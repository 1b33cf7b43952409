//! `GET /api/system` and `GET /api/openapi.json`: about the server itself.

use super::answer::{Answer, ok};
use super::{Api, openapi};
use axum::Json;
use axum::extract::State;
use axum::routing::{MethodRouter, get};
use ocelli_api::ingest::SystemResponse;

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/system", get(system).with_state(api)),
        ("GET /api/openapi.json", get(|| async { Json(openapi::document()) })),
    ]
}

/// Not subject to admission: it is what one looks at when queries are refused.
async fn system(State(api): State<Api>) -> Answer<SystemResponse> {
    ok((api.system)())
}

#[cfg(test)]
#[path = "system_tests.rs"]
mod tests;
