//! `query` and `query_range`.

use super::FormParams;
use super::envelope::{Refused, with_place};
use super::series::LIMIT_WARNING;
use super::stats::{Told, Wanted, stats};
use super::stream::response;
use super::time::{duration, forward, time};
use super::values::Answered;
use crate::Error;
use crate::http::Api;
use crate::http::params::Params;
use crate::http::run::{Budget, run_within};
use crate::promql::engine::{DEFAULT_LOOKBACK_MS, DEFAULT_SUBQUERY_STEP_MS};
use crate::promql::otlp::select_from;
use crate::promql::select::Selection;
use crate::promql::{self, Answer, Data, Query};
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// What a query asks besides its text.
struct Asked {
    text: String,
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
    lookback_ms: i64,
    timeout: Duration,
    /// Series in the answer; 0 for all.
    limit: usize,
    stats: Wanted,
    since: Instant,
}

pub async fn instant(State(api): State<Api>, FormParams(params): FormParams) -> Result<Response, Refused> {
    let now_ms = api.now().0.div_euclid(1_000_000);
    let at = time(&params, "time", Some(now_ms))?;
    let asked = asked(&api, &params, at, at, 0)?;
    answer(api, asked).await
}

pub async fn range(State(api): State<Api>, FormParams(params): FormParams) -> Result<Response, Refused> {
    let (start, end) = (time(&params, "start", None)?, time(&params, "end", None)?);
    forward(start, end)?;
    let step = duration(&params, "step")?.ok_or_else(|| Error::bad_parameter("step", "is missing"))?;
    if step <= 0 {
        let message = "zero or negative query resolution step widths are not accepted. Try a positive \
                       integer; a step is at least 1 ms";
        return Err(Error::bad_parameter("step", message).into());
    }
    // As Prometheus counts: one more point than steps is allowed.
    if (end - start) / step > api.limits.points_per_series as i64 {
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
    Ok(Asked {
        text: params.get("query").unwrap_or_default().to_owned(),
        start_ms,
        end_ms,
        step_ms,
        lookback_ms,
        timeout,
        limit: params.number("limit", 0, 0..=usize::MAX)?,
        stats: Wanted::of(params.get("stats")),
        since: Instant::now(),
    })
}

async fn answer(api: Api, asked: Asked) -> Result<Response, Refused> {
    let text = asked.text.clone();
    let outcome = run_within(&api, asked.timeout, move |api, budget| answered(api, &asked, budget)).await;
    Ok(response(outcome.map_err(|error| with_place(error, "query", &text))?))
}

fn answered(api: &Api, asked: &Asked, budget: &Budget) -> Result<Answered, Error> {
    let begun = Instant::now();
    let mut answer = evaluate(api, asked, budget)?;
    if truncate(&mut answer.data, asked.limit) {
        answer.warnings.push(LIMIT_WARNING.to_owned());
    }
    let told = Told {
        samples: &answer.samples,
        start_ms: asked.start_ms,
        step_ms: asked.step_ms,
        queued: begun - asked.since,
        evaluated: begun.elapsed(),
    };
    let stats = stats(asked.stats, &told, budget);
    let tail = tail(stats, answer.warnings, answer.infos);
    Ok(Answered::new(answer.data, tail, budget.clone()))
}

/// Whether there was more than the limit allows.
fn truncate(data: &mut Data, limit: usize) -> bool {
    let length = match data {
        Data::Vector(_, vector) => vector.len(),
        Data::Matrix(matrix) => matrix.len(),
        Data::Scalar(_) | Data::Text(..) => 0,
    };
    let too_many = limit > 0 && length > limit;
    if too_many {
        match data {
            Data::Vector(_, vector) => vector.truncate(limit),
            Data::Matrix(matrix) => matrix.truncate(limit),
            Data::Scalar(_) | Data::Text(..) => {}
        }
    }
    too_many
}

/// What follows the result.
fn tail(stats: Option<Value>, warnings: Vec<String>, infos: Vec<String>) -> String {
    let stats = stats.map(|stats| format!(",\"stats\":{stats}")).unwrap_or_default();
    let mut rest = Map::new();
    for (name, texts) in [("warnings", warnings), ("infos", infos)] {
        if !texts.is_empty() {
            rest.insert(name.to_owned(), texts.into());
        }
    }
    let rest = Value::Object(rest).to_string();
    let rest = rest.trim_start_matches('{');
    let comma = if rest == "}" { "" } else { "," };
    format!("{stats}}}{comma}{rest}")
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
        let scanned = |count, bytes| {
            points.set(points.get() + count);
            budget.scanned(count, bytes);
        };
        // The points are gone once they are samples; these stay.
        let found = select_from(api.stored(&budget.apart(api, &snapshot)), selection, &scanned)?;
        budget.keep(points.get() as usize * size_of::<(i64, f64)>())?;
        Ok(found)
    };
    promql::run(&query, &mut select, budget)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_tail_is_the_rest_of_an_object() {
        let read = |tail: String| -> Value {
            serde_json::from_str(&format!("{{\"data\":{{\"result\":[]{tail}")).unwrap()
        };
        assert_eq!(read(tail(None, vec![], vec![])), json!({"data": {"result": []}}));
        let all = tail(Some(json!({"a": 1})), vec!["w".to_owned()], vec!["i".to_owned()]);
        let expect = json!({"data": {"result": [], "stats": {"a": 1}}, "warnings": ["w"], "infos": ["i"]});
        assert_eq!(read(all), expect);
    }
}
