//! `format_query` and `parse_query`: a query as a text that is laid out, and as a tree.

use super::FormParams;
use super::envelope::{PrometheusAnswer, success, with_place};
use crate::Error;
use crate::http::Api;
use crate::http::run::run;
use crate::promql;
use axum::extract::State;
use serde_json::Value;

pub async fn format(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    told(&api, params.get("query"), |query| promql::pretty(query).map(Value::String)).await
}

pub async fn parse(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    told(&api, params.get("query"), promql::tree).await
}

/// A long query takes its time, and a deep one its stack: it has its turn like one that is asked.
async fn told(api: &Api, query: Option<&str>, tell: fn(&str) -> Result<Value, Error>) -> PrometheusAnswer {
    let query = query.unwrap_or_default().to_owned();
    let text = query.clone();
    let told = run(api, move |_, _| tell(&text)).await;
    success(told.map_err(|error| with_place(error, "query", &query))?)
}
