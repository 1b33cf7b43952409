//! `query` and `query_range`.

use super::FormParams;
use super::envelope::{PrometheusAnswer, annotated, with_place};
use super::time::{duration, time};
use super::values::data;
use crate::Error;
use crate::http::Api;
use crate::http::params::Params;
use crate::http::run::{Budget, run_within};
use crate::promql::engine::{DEFAULT_LOOKBACK_MS, DEFAULT_SUBQUERY_STEP_MS};
use crate::promql::otlp::select_from;
use crate::promql::select::Selection;
use crate::promql::{self, Answer, Query};
use axum::extract::State;
use std::cell::Cell;
use std::time::Duration;

/// What a query asks besides its text.
struct Asked {
    text: String,
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
    lookback_ms: i64,
    timeout: Duration,
}

pub async fn instant(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    let now_ms = api.now().0.div_euclid(1_000_000);
    let at = time(&params, "time", Some(now_ms))?;
    let asked = asked(&api, &params, at, at, 0)?;
    answer(api, asked).await
}

pub async fn range(State(api): State<Api>, FormParams(params): FormParams) -> PrometheusAnswer {
    let (start, end) = (time(&params, "start", None)?, time(&params, "end", None)?);
    if end < start {
        return Err(Error::bad_parameter("end", "end timestamp must not be before start time").into());
    }
    let step = duration(&params, "step")?.ok_or_else(|| Error::bad_parameter("step", "is missing"))?;
    if step <= 0 {
        let message =
            "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(Error::bad_parameter("step", message).into());
    }
    let points = (end - start) / step + 1;
    if points > api.limits.points_per_series as i64 {
        let message = format!(
            "exceeded maximum resolution of {} points per timeseries. Try decreasing the query resolution (?step=XX)",
            api.limits.points_per_series
        );
        return Err(Error::bad_parameter("step", message).into());
    }
    let asked = asked(&api, &params, start, end, step)?;
    answer(api, asked).await
}

fn asked(api: &Api, params: &Params, start_ms: i64, end_ms: i64, step_ms: i64) -> Result<Asked, Error> {
    let timeout = match duration(params, "timeout")? {
        Some(ms) if ms > 0 => Duration::from_millis(ms as u64),
        Some(_) => return Err(Error::bad_parameter("timeout", "must be positive")),
        None => api.limits.timeout,
    };
    let lookback_ms = match duration(params, "lookback_delta")? {
        Some(ms) if ms > 0 => ms,
        Some(_) => return Err(Error::bad_parameter("lookback_delta", "must be positive")),
        None => DEFAULT_LOOKBACK_MS,
    };
    let text = params.get("query").unwrap_or_default().to_owned();
    Ok(Asked { text, start_ms, end_ms, step_ms, lookback_ms, timeout })
}

async fn answer(api: Api, asked: Asked) -> PrometheusAnswer {
    let text = asked.text.clone();
    let outcome = run_within(&api, asked.timeout, move |api, budget| evaluate(api, &asked, budget)).await;
    let answer = outcome.map_err(|error| with_place(error, "query", &text))?;
    annotated(data(&answer.data), answer.warnings, answer.infos)
}

fn evaluate(api: &Api, asked: &Asked, budget: &Budget) -> Result<Answer, Error> {
    let query = Query {
        text: &asked.text,
        start_ms: asked.start_ms,
        end_ms: asked.end_ms,
        step_ms: asked.step_ms,
        lookback_ms: asked.lookback_ms,
        subquery_step_ms: DEFAULT_SUBQUERY_STEP_MS,
        max_samples: api.limits.samples,
    };
    let snapshot = budget.snapshot(api);
    let mut select = |selection: &Selection| {
        let points = Cell::new(0);
        let scanned = |count| {
            points.set(points.get() + count);
            budget.scanned(count, 0);
        };
        // The points are gone once they are samples; these stay.
        let found = select_from(api.stored(&budget.apart(api, &snapshot)), selection, &scanned)?;
        budget.keep(points.get() as usize * size_of::<(i64, f64)>())?;
        Ok(found)
    };
    promql::run(&query, &mut select, &|| budget.check())
}
