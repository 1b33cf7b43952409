//! `GET /api/logs` and `GET /api/logs/histogram`.

use super::Api;
use super::answer::{Answer, ok};
use super::params::Params;
use super::run::run;
use crate::logs::{self, Cursor, LogSearch, search};
use axum::extract::State;
use axum::routing::{MethodRouter, get};
use ocelli_api::logs::{LogHistogramResponse, LogsResponse};

/// Size of a page of records, about, in bytes of JSON.
const PAGE_BYTES: usize = 32 << 20;

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/logs", get(records).with_state(api.clone())),
        ("GET /api/logs/histogram", get(histogram).with_state(api)),
    ]
}

async fn records(State(api): State<Api>, params: Params) -> Answer<LogsResponse> {
    let range = params.range(api.now())?;
    let limit = params.number("limit", 100, 1..=10_000)?;
    let filter = logs::compile(params.get("q").unwrap_or_default())?;
    let cursor = params.get("cursor").map(Cursor::parse).transpose()?;
    let response = run(&api, move |api, budget| {
        let page_bytes = PAGE_BYTES;
        let wanted = LogSearch { filter: &filter, range, limit, cursor, page_bytes };
        let page = search(&budget.snapshot(api), &wanted, budget)?;
        let mut stats = budget.stats();
        stats.partial = page.partial;
        let next_cursor = page.next.map(|cursor| cursor.encode());
        Ok(LogsResponse { range, records: page.records, next_cursor, stats })
    });
    ok(response.await?)
}

async fn histogram(State(api): State<Api>, params: Params) -> Answer<LogHistogramResponse> {
    let range = params.range(api.now())?;
    let buckets = params.number("buckets", 60, 1..=500)?;
    let filter = logs::compile(params.get("q").unwrap_or_default())?;
    let response = run(&api, move |api, budget| {
        logs::histogram::histogram(&budget.snapshot(api), &filter, range, buckets, budget)
    });
    ok(response.await?)
}

#[cfg(test)]
#[path = "logs_tests.rs"]
mod tests;
