//! `GET /api/traces/statistics` and `/api/traces/{trace_id}/statistics`.

use super::super::Api;
use super::super::answer::{Answer, ok};
use super::super::params::Params;
use super::super::run::run;
use super::selection::selection;
use crate::Error;
use crate::traces::statistics::Statistics;
use crate::traces::traceql::eval::{Place, Trace, View};
use crate::traces::traceql::{Evaluator, TraceqlSearch, walk};
use crate::traces::{self, Sort};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use ocelli_api::traces::StatisticsResponse;

pub async fn of_trace(
    State(api): State<Api>,
    path: Result<Path<String>, PathRejection>,
) -> Answer<StatisticsResponse> {
    let Path(text) = path.map_err(|error| Error::bad_parameter("trace_id", error.body_text()))?;
    let trace_id = super::id::<16>("trace_id", &text)?;
    let response = run(&api, move |api, budget| {
        let batches = budget.snapshot(api).trace(&trace_id)?;
        traces::count(&batches, budget);
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Err(super::unknown_trace(&text));
        }
        let views: Vec<View<'_>> = batches.iter().map(View::new).collect::<Result<_, _>>()?;
        let of_view =
            |(view, batch): (usize, &View<'_>)| (0..batch.len()).map(move |row| Place { view, row });
        let trace = Trace::new(&views, views.iter().enumerate().flat_map(of_view));
        let mut statistics = Statistics::default();
        statistics.add(&trace, budget)?;
        Ok(response(statistics, budget.stats()))
    });
    ok(response.await?)
}

pub async fn of_selection(State(api): State<Api>, params: Params) -> Answer<StatisticsResponse> {
    let range = params.range(api.now())?;
    let limit = params.number("limit", 200, 1..=5_000)?;
    let query = selection(&params, "")?;
    let response = run(&api, move |api, budget| {
        let (sort, memory_bytes) = (Sort::Newest, api.limits.query_bytes);
        let search =
            TraceqlSearch { query: &query, range, sort, limit, cursor: None, spans: 0, memory_bytes };
        let mut statistics = Statistics::default();
        let evaluator = Evaluator::new(&search);
        let walked = walk(&budget.snapshot(api), &search, &evaluator, budget, &mut |_, trace, _| {
            statistics.add(trace, budget)
        })?;
        let mut stats = budget.stats();
        let only = || format!("these are the newest {limit} traces that match; ask for more with limit");
        stats.partial = walked.partial.or_else(|| walked.more.then(only));
        Ok(response(statistics, stats))
    });
    ok(response.await?)
}

fn response(statistics: Statistics, stats: ocelli_api::QueryStats) -> StatisticsResponse {
    let (traces, spans) = (statistics.traces, statistics.spans);
    StatisticsResponse { traces, spans, operations: statistics.finish(), stats }
}
