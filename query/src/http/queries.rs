//! `/api/queries`: the queries that run, those that took long, and an end to one.

use super::Api;
use super::answer::{Answer, ok};
use crate::Error;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, delete, get};
use ocelli_api::queries::{QueriesResponse, QueryRun};

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/queries", get(list).with_state(api.clone())),
        ("DELETE /api/queries/{id}", delete(cancel).with_state(api)),
    ]
}

/// Not subject to admission: it is what one looks at when queries are refused.
async fn list(State(api): State<Api>) -> Answer<QueriesResponse> {
    ok(api.running.response(api.limits.concurrent_queries))
}

async fn cancel(State(api): State<Api>, id: Result<Path<u64>, PathRejection>) -> Answer<QueryRun> {
    let Path(id) = id.map_err(|why| Error::bad_parameter("id", why.body_text()))?;
    ok(api.running.cancel(id)?)
}
