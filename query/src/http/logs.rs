//! `GET /api/logs` and what is below it.

mod export;
mod tail;

use super::Api;
use super::answer::{Answer, ok};
use super::params::Params;
use super::run::run;
use crate::Error;
use crate::logs::context::{LogContext, context};
use crate::logs::facets::{LogFacets, facets};
use crate::logs::hints::hints;
use crate::logs::histogram_by::histogram_by;
use crate::logs::language::{self, Expr};
use crate::logs::patterns::{LogPatterns, first_of_release, patterns};
use crate::logs::stats;
use crate::logs::{self, Cursor, Direction, LogSearch, search};
use axum::extract::State;
use axum::routing::{MethodRouter, get};
use ocelli_api::logs::{
    LogContextResponse, LogFacetsResponse, LogHistogramResponse, LogPatternsResponse, LogStatsResponse,
    LogsResponse,
};
use ocelli_api::{TimeRange, UnixNano};

/// Fields whose values are counted at once.
const MOST_FACETS: usize = 50;
/// Size of a page of records, about, in bytes of JSON.
const PAGE_BYTES: usize = 32 << 20;

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/logs", get(records).with_state(api.clone())),
        ("GET /api/logs/histogram", get(histogram).with_state(api.clone())),
        ("GET /api/logs/context", get(around).with_state(api.clone())),
        ("GET /api/logs/stats", get(figures).with_state(api.clone())),
        ("GET /api/logs/facets", get(values).with_state(api.clone())),
        ("GET /api/logs/patterns", get(kinds).with_state(api.clone())),
        ("GET /api/logs/export", get(export::export).with_state(api.clone())),
        ("GET /api/logs/tail", get(tail::tail).with_state(api)),
    ]
}

/// The query without what is behind its bar.
fn expr(params: &Params) -> Result<Expr, Error> {
    Ok(language::parse(language::only_filter(params.get("q").unwrap_or_default())?)?)
}

fn names(expr: &Expr) -> Vec<String> {
    expr.fields().into_iter().map(str::to_owned).collect()
}

async fn records(State(api): State<Api>, params: Params) -> Answer<LogsResponse> {
    let range = params.range(api.now())?;
    let limit = params.number("limit", 100, 1..=10_000)?;
    let expr = expr(&params)?;
    let filter = logs::filter_of(&expr)?;
    let cursor = params.get("cursor").map(Cursor::parse).transpose()?;
    let direction = match params.get("direction") {
        None | Some("older") => Direction::Older,
        Some("newer") => Direction::Newer,
        Some(other) => {
            return Err(Error::bad_parameter("direction", format!("'{other}' is not older or newer")));
        }
    };
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let page_bytes = PAGE_BYTES;
        let wanted = LogSearch { filter: &filter, range, limit, cursor, direction, page_bytes };
        let page = search(&snapshot, &wanted, budget)?;
        let nothing = page.records.is_empty() && page.partial.is_none() && cursor.is_none();
        let hints = if nothing { hints(&snapshot, names(&expr), range, budget)? } else { None };
        let mut stats = budget.stats();
        stats.partial = page.partial;
        let encode = |cursor: Option<Cursor>| cursor.map(|cursor| cursor.encode());
        let (next_cursor, previous_cursor) = (encode(page.next), encode(page.previous));
        Ok(LogsResponse { range, records: page.records, next_cursor, previous_cursor, hints, stats })
    });
    ok(response.await?)
}

async fn histogram(State(api): State<Api>, params: Params) -> Answer<LogHistogramResponse> {
    let range = params.range(api.now())?;
    let buckets = params.number("buckets", 60, 1..=500)?;
    let filter = logs::filter_of(&expr(&params)?)?;
    let by = params.get("by").map(str::to_owned);
    let top = params.number("top", 8, 1..=50)?;
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        match by {
            Some(by) => histogram_by(&snapshot, &filter, &by, top, range, buckets, budget),
            None => logs::histogram::histogram(&snapshot, &filter, range, buckets, budget),
        }
    });
    ok(response.await?)
}

async fn values(State(api): State<Api>, params: Params) -> Answer<LogFacetsResponse> {
    let range = params.range(api.now())?;
    let limit = params.number("limit", 10, 1..=1_000)?;
    let rows = params.number("rows", 1_000_000, 1..=100_000_000)?;
    let fields = params.get("fields").unwrap_or_default().split(',').map(str::trim);
    let fields: Vec<String> = fields.filter(|field| !field.is_empty()).map(str::to_owned).collect();
    if fields.len() > MOST_FACETS {
        let message = format!("{} fields are more than {MOST_FACETS}", fields.len());
        return Err(Error::bad_parameter("fields", message));
    }
    let filter = logs::filter_of(&expr(&params)?)?;
    let response = run(&api, move |api, budget| {
        let wanted = LogFacets { filter: &filter, range, fields, limit, rows };
        facets(&budget.snapshot(api), &wanted, budget)
    });
    ok(response.await?)
}

async fn kinds(State(api): State<Api>, params: Params) -> Answer<LogPatternsResponse> {
    let now = api.now();
    let range = params.range(now)?;
    let limit = params.number("limit", 50, 1..=1_000)?;
    let since = params.get("since").map(|since| {
        // As the begin of a range up to the end of this one.
        let to = range.to.0.to_string();
        let parsed = TimeRange::parse(since, &to, now).map(|range| range.from);
        parsed.map_err(|why| Error::bad_parameter("since", why.trim_start_matches("from: ")))
    });
    let since = since.transpose()?;
    let release = params.get("since_release").map(str::to_owned);
    if since.is_some() && release.is_some() {
        return Err(Error::bad_parameter("since_release", "stands instead of since"));
    }
    let filter = logs::filter_of(&expr(&params)?)?;
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let of_release = release.map(|release| first_of_release(&snapshot, &release, range, budget));
        let wanted = LogPatterns { filter: &filter, range, since: of_release.transpose()?.or(since), limit };
        patterns(&snapshot, &wanted, budget)
    });
    ok(response.await?)
}

async fn around(State(api): State<Api>, params: Params) -> Answer<LogContextResponse> {
    let id = params.required("id")?.to_owned();
    let before = params.number("before", 20, 0..=1_000)?;
    let after = params.number("after", 20, 0..=1_000)?;
    let of_stream = match params.get("of") {
        None | Some("stream") => true,
        Some("all") => false,
        Some(other) => return Err(Error::bad_parameter("of", format!("'{other}' is not stream or all"))),
    };
    // The record has its time: without a range its neighbours may be anywhere.
    let range = match params.get("from").or(params.get("to")) {
        Some(_) => params.range(api.now())?,
        None => TimeRange { from: UnixNano(i64::MIN), to: UnixNano(i64::MAX) },
    };
    let response = run(&api, move |api, budget| {
        let page_bytes = PAGE_BYTES;
        let wanted = LogContext { id: &id, after, before, of_stream, range, page_bytes };
        context(&budget.snapshot(api), &wanted, budget)
    });
    ok(response.await?)
}

async fn figures(State(api): State<Api>, params: Params) -> Answer<LogStatsResponse> {
    let range = params.range(api.now())?;
    let (query, pipes) = language::split(params.get("q").unwrap_or_default());
    let expr = language::parse(query)?;
    let filter = logs::filter_of(&expr)?;
    let stats = stats::parse(&pipes)?;
    let response = run(&api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let (mut answer, nothing, unseen) = stats::table(&snapshot, &filter, &stats, range, budget)?;
        if answer.stats.partial.is_none() && (nothing || !unseen.is_empty()) {
            let names = names(&expr).into_iter().chain(unseen);
            answer.hints = hints(&snapshot, names, range, budget)?;
        }
        Ok(answer)
    });
    ok(response.await?)
}

#[cfg(test)]
#[path = "logs_tests.rs"]
mod tests;
