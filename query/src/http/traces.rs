//! `GET /api/traces`, `/api/traces/metrics`, `/api/traces/{trace_id}` and `/api/traces/{trace_id}/spans/{span_id}`.

mod diff;
mod explain;
mod metrics;
mod selection;
mod statistics;

use super::Api;
use super::answer::{Answer, ok};
use super::params::Params;
use super::run::run;
use crate::Error;
use crate::logs::filter::id::parse_hex;
use crate::logs::filter::value::{Scalar, ValueTest};
use crate::logs::filter::{Filter, Leaf};
use crate::traces::traceql::{self, TraceqlSearch};
use crate::traces::window::{MAX_ROWS, Window};
use crate::traces::{self, STATUSES, Sort, TraceCursor, TraceSearch, duration};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, get};
use ocelli_api::traces::{SpanDetail, TraceResponse, TracesResponse};

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/traces", get(search).with_state(api.clone())),
        ("GET /api/traces/metrics", get(metrics::series).with_state(api.clone())),
        ("GET /api/traces/explain", get(explain::slow).with_state(api.clone())),
        ("GET /api/traces/diff", get(diff::compare).with_state(api.clone())),
        ("GET /api/traces/statistics", get(statistics::of_selection).with_state(api.clone())),
        ("GET /api/traces/{trace_id}/statistics", get(statistics::of_trace).with_state(api.clone())),
        ("GET /api/traces/{trace_id}", get(trace).with_state(api.clone())),
        ("GET /api/traces/{trace_id}/spans/{span_id}", get(span).with_state(api)),
    ]
}

async fn search(State(api): State<Api>, params: Params) -> Answer<TracesResponse> {
    let range = params.range(api.now())?;
    let limit = params.number("limit", 20, 1..=1_000)?;
    let query = query(&params)?;
    let filter = filter(&params)?;
    let sort = match params.get("sort") {
        None | Some("newest") => Sort::Newest,
        Some("slowest") => Sort::Slowest,
        Some(other) => {
            return Err(Error::bad_parameter("sort", format!("'{other}' is not newest or slowest")));
        }
    };
    let cursor = params.get("cursor").map(TraceCursor::parse).transpose()?;
    let response = run(&api, move |api, budget| {
        let memory_bytes = api.limits.query_bytes;
        let snapshot = budget.snapshot(api);
        let page = match &query {
            Some(query) => {
                let spans = SPANS_OF_SPANSET;
                let wanted = TraceqlSearch { query, range, sort, limit, cursor, spans, memory_bytes };
                traceql::search(&snapshot, &wanted, budget)?
            }
            None => {
                let wanted = TraceSearch { filter: &filter, range, sort, limit, cursor, memory_bytes };
                traces::search(&snapshot, &wanted, budget)?
            }
        };
        let mut stats = budget.stats();
        stats.partial = page.partial;
        let next_cursor = page.next.map(|key| key.encode());
        Ok(TracesResponse { range, traces: page.traces, next_cursor, stats })
    });
    ok(response.await?)
}

/// Spans that are shown of every spanset.
const SPANS_OF_SPANSET: usize = 20;
/// How the errors of parameters go on.
const BESIDE_QUERY: &str = "can't be given together with query; say it in TraceQL, as in \
                            { resource.service.name = \"cart\" && duration > 1s }";
const MAKES_SERIES: &str = "this query makes series; ask /api/traces/metrics for them";

/// A query for traces in TraceQL, which stands instead of the parameters for one span.
fn query(params: &Params) -> Result<Option<traceql::Query>, Error> {
    if params.get("query").is_none() {
        return Ok(None);
    }
    if params.get("q").is_some() {
        return Err(Error::bad_parameter("q", BESIDE_QUERY));
    }
    selection::selection(params, "").map(Some)
}

/// All parameters hold on one and the same span.
fn filter(params: &Params) -> Result<Filter, Error> {
    let equals = |text: &str| ValueTest::Equals(Scalar::new(text));
    let mut all = Vec::new();
    if let Some(status) = params.get("status") {
        let leaf = traces::numbered("status_code", &STATUSES, status).ok_or_else(|| {
            Error::bad_parameter("status", format!("'{status}' is not one of {}", STATUSES.join(", ")))
        })?;
        all.push(leaf);
    }
    let (low, high) = (length(params, "min_duration")?, length(params, "max_duration")?);
    if low.is_some() || high.is_some() {
        all.push(Leaf::Duration { low: low.unwrap_or(i64::MIN), high: high.unwrap_or(i64::MAX) });
    }
    if let Some(service) = params.get("service") {
        all.push(Leaf::Service(equals(service)));
    }
    if let Some(operation) = params.get("operation") {
        all.push(Leaf::Column { column: "name", test: equals(operation) });
    }
    let mut all: Vec<Filter> = all.into_iter().map(Filter::Leaf).collect();
    if let Some(query) = params.get("q") {
        all.push(traces::compile(query)?);
    }
    Ok(Filter::And(all))
}

fn length(params: &Params, name: &str) -> Result<Option<i64>, Error> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let wrong = || Error::bad_parameter(name, format!("'{text}' {}", duration::FORM));
    duration::parse(text).map(Some).ok_or_else(wrong)
}

async fn trace(
    State(api): State<Api>,
    path: Result<Path<String>, PathRejection>,
    params: Params,
) -> Answer<TraceResponse> {
    let Path(text) = path.map_err(|error| Error::bad_parameter("trace_id", error.body_text()))?;
    let trace_id = id::<16>("trace_id", &text)?;
    let window = window(&params)?;
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let read = traces::columns_of(&snapshot, &trace_id, budget)?;
        if read.batches.iter().all(|batch| batch.num_rows() == 0) {
            return Err(unknown_trace(&text));
        }
        let missing = || Error::NotFound(format!("trace {text} has no span with the id of root"));
        let mut response = traces::skeleton(&trace_id, &read.batches, &window)?.ok_or_else(missing)?;
        drop(read);
        let start = response.start.0;
        let end = start.saturating_add(response.duration_ns);
        let (log_count, partial) = traces::count_logs(&snapshot, &trace_id, start, end, budget)?;
        response.log_count = log_count;
        response.stats = budget.stats();
        response.stats.partial = partial.or_else(|| rest(&response, window.offset));
        Ok(response)
    });
    ok(response.await?)
}

fn window(params: &Params) -> Result<Window, Error> {
    let all = Window::default();
    Ok(Window {
        root: params.get("root").map(|text| id::<8>("root", text)).transpose()?,
        depth: params.number("depth", all.depth, 0..=u32::MAX)?,
        offset: params.number("offset", 0, 0..=100_000_000)?,
        limit: params.number("limit", MAX_ROWS, 1..=MAX_ROWS)?,
    })
}

/// How to get at the rows that are not in an answer.
fn rest(response: &TraceResponse, offset: usize) -> Option<String> {
    let (rows, all) = (response.spans.span_id.len(), response.row_count as usize);
    (offset + rows < all).then(|| {
        format!(
            "these are {rows} of {all} rows; ask for a subtree with root, or go on with offset={}",
            offset + rows
        )
    })
}

async fn span(
    State(api): State<Api>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Answer<SpanDetail> {
    let Path((trace, span)) = path.map_err(|error| Error::bad_parameter("trace_id", error.body_text()))?;
    let (trace_id, span_id) = (id::<16>("trace_id", &trace)?, id::<8>("span_id", &span)?);
    let response = run(&api, move |api, budget| {
        let batches = budget.snapshot(api).trace(&trace_id)?;
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Err(unknown_trace(&trace));
        }
        let missing = || Error::NotFound(format!("trace {trace} has no span {span}"));
        traces::find_span(&batches, &span_id)?.ok_or_else(missing)
    });
    ok(response.await?)
}

fn unknown_trace(id: &str) -> Error {
    Error::NotFound(format!(
        "no span of trace {id} is here; it may not have arrived yet, or is past its retention"
    ))
}

/// An id of N bytes from its hex digits in any case.
fn id<const N: usize>(name: &str, text: &str) -> Result<[u8; N], Error> {
    let bytes = parse_hex(text).and_then(|bytes| <[u8; N]>::try_from(bytes).ok());
    bytes.ok_or_else(|| {
        Error::bad_parameter(name, format!("'{text}' is not an id; an id has {} hex digits", 2 * N))
    })
}

#[cfg(test)]
#[path = "traces_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "traces/view_tests.rs"]
mod view_tests;
