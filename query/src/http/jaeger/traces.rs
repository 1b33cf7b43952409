//! Traces by a search, and by their ids.

use super::super::params::Params;
use super::envelope::{JaegerAnswer, OfTrace, with_errors};
use super::model::Trace;
use super::params::{filter, range, trace_id};
use super::spans;
use crate::Error;
use crate::http::Api;
use crate::http::run::{Budget, run};
use crate::logs::filter::id::to_hex;
use crate::traces::{self, Sort, TraceSearch};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use ocelli_storage::Snapshot;

/// Traces of an answer where nothing is said, and at most: Jaeger's own.
const LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_500;
const NOT_FOUND: &str = "trace not found";

pub async fn search(State(api): State<Api>, params: Params) -> JaegerAnswer<Vec<Trace>> {
    let ids: Vec<[u8; 16]> =
        params.all("traceID").filter(|text| !text.is_empty()).map(trace_id).collect::<Result<_, _>>()?;
    if ids.len() > MAX_LIMIT {
        return Err(Error::bad_parameter("traceID", format!("more than {MAX_LIMIT} ids")).into());
    }
    let (limit, range) = (params.number("limit", LIMIT, 1..=MAX_LIMIT)?, range(&params, api.now())?);
    let filter = if ids.is_empty() { Some(filter(&params)?) } else { None };
    let found = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let Some(filter) = &filter else { return by_ids(&snapshot, &ids, budget) };
        let memory_bytes = api.limits.query_bytes;
        let sort = Sort::Newest;
        let search = TraceSearch { filter, range, sort, limit, cursor: None, memory_bytes };
        let (ids, partial) = traces::newest_ids(&snapshot, &search, budget)?;
        let (found, mut errors) = by_ids(&snapshot, &ids, budget)?;
        errors.extend(partial.map(|msg| OfTrace { msg, trace_id: String::new() }));
        Ok((found, errors))
    });
    let (found, errors) = found.await?;
    with_errors(found, errors)
}

pub async fn trace(
    State(api): State<Api>,
    path: Result<Path<String>, PathRejection>,
) -> JaegerAnswer<Vec<Trace>> {
    let Path(text) = path.map_err(|why| Error::bad_parameter("traceID", why.body_text()))?;
    let id = trace_id(&text)?;
    let found = run(&api, move |api, budget| read(&budget.snapshot(api), &id, budget)).await?;
    let found = found.ok_or_else(|| Error::NotFound(NOT_FOUND.to_owned()))?;
    with_errors(vec![found], Vec::new())
}

/// The traces in this order, and what is wrong with the others.
fn by_ids(
    snapshot: &Snapshot,
    ids: &[[u8; 16]],
    budget: &Budget,
) -> Result<(Vec<Trace>, Vec<OfTrace>), Error> {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        budget.check()?;
        match read(snapshot, id, budget)? {
            Some(trace) => found.push(trace),
            None => errors.push(OfTrace { msg: NOT_FOUND.to_owned(), trace_id: to_hex(id) }),
        }
    }
    Ok((found, errors))
}

/// What is made of a trace stays in memory until the answer is written: about as much as its rows.
fn read(snapshot: &Snapshot, id: &[u8; 16], budget: &Budget) -> Result<Option<Trace>, Error> {
    let batches = snapshot.trace(id)?;
    traces::count(&batches, budget);
    if batches.iter().all(|batch| batch.num_rows() == 0) {
        return Ok(None);
    }
    budget.keep(batches.iter().map(|batch| batch.get_array_memory_size()).sum())?;
    spans::trace(id, &batches).map(Some)
}
