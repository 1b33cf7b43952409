//! `GET /api/traces/explain`.

use super::super::Api;
use super::super::answer::{Answer, ok};
use super::super::params::Params;
use super::super::run::run;
use super::selection::{of_span, selection};
use crate::Error;
use crate::traces::explain::{Explain, explain};
use crate::traces::traceql::{Query, Selection};
use axum::extract::State;
use ocelli_api::explain::ExplainResponse;
use ocelli_api::{TimeRange, UnixNano};

pub async fn slow(State(api): State<Api>, params: Params) -> Answer<ExplainResponse> {
    let now = api.now();
    let range = params.range(now)?;
    let baseline = baseline(&params, now)?;
    let limit = params.number("limit", 20, 1..=200)?;
    let (scope, selection) = parts(&params)?;
    let response = run(&api, move |api, budget| {
        let memory_bytes = api.limits.query_bytes;
        let asked = Explain { scope: &scope, selection: &selection, range, baseline, limit, memory_bytes };
        let mut response = explain(&budget.snapshot(api), &asked, budget)?;
        let partial = response.stats.partial.take();
        response.stats = budget.stats();
        response.stats.partial = partial;
        Ok(response)
    });
    ok(response.await?)
}

/// What all spans have in common, and what those have that are selected.
fn parts(params: &Params) -> Result<(Query, Query), Error> {
    let all = of_span(params, "")?;
    let (service, operation) = (all.service.clone(), all.operation.clone());
    let scope = Selection { service, operation, ..Selection::default() };
    let selected = Selection { service: None, operation: None, ..all };
    if params.get("query").is_none() {
        if selected == Selection::default() {
            let message =
                "say which spans are to be explained: by query, status, min_duration or max_duration";
            return Err(Error::bad_parameter("query", message));
        }
        return Ok((scope.query(), selected.query()));
    }
    if selected != Selection::default() {
        return Err(Error::bad_parameter("query", "stands instead of status, min_duration and max_duration"));
    }
    // The scope is beside the query here, and not in its stead.
    let only_query = Params::of(params.get("query").map(|text| ("query", text)));
    Ok((scope.query(), selection(&only_query, "")?))
}

fn baseline(params: &Params, now: UnixNano) -> Result<Option<TimeRange>, Error> {
    match (params.get("baseline_from"), params.get("baseline_to")) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) => TimeRange::parse(from, to, now)
            .map(Some)
            .map_err(|why| Error::bad_parameter("baseline_from", why)),
        (Some(_), None) => Err(Error::bad_parameter("baseline_to", "is missing")),
        (None, Some(_)) => Err(Error::bad_parameter("baseline_from", "is missing")),
    }
}
