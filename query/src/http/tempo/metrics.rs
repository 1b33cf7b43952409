//! Series of spans.

use super::super::params::Params;
use super::answer::{TempoAnswer, cost, partial, with_place};
use super::params::{count, metrics_range, step};
use crate::Error;
use crate::http::Api;
use crate::http::run::run;
use crate::logs::filter::id::to_hex;
use crate::traces::traceql::ast::Function;
use crate::traces::traceql::metrics::{self, Exemplar, MAX_EXEMPLARS, MetricsSearch, Series, Steps};
use crate::traces::traceql::{self, Query};
use axum::Json;
use axum::extract::State;
use ocelli_api::TimeRange;
use serde_json::{Value, json};

/// A step that is longer than all time: everything lies in one.
const ONE_STEP: i64 = i64::MAX;

pub async fn range(State(api): State<Api>, params: Params) -> TempoAnswer {
    let range = metrics_range(&params, api.now())?;
    let step_ns = step(&params, range)?;
    let exemplars = count(&params, "exemplars", MAX_EXEMPLARS, MAX_EXEMPLARS)?;
    let of = move |series: &Series, name: &str, steps: Steps| {
        let mut out = json!({ "labels": labels(series, name), "samples": samples(series, steps) });
        if !series.exemplars.is_empty() {
            out["exemplars"] = series.exemplars.iter().map(exemplar).collect();
        }
        Some(out)
    };
    answer(&api, &params, range, step_ns, exemplars, of).await
}

/// One value over the whole range.
pub async fn instant(State(api): State<Api>, params: Params) -> TempoAnswer {
    let range = metrics_range(&params, api.now())?;
    let of = |series: &Series, name: &str, _: Steps| {
        let value = (*series.values.first()?)?;
        Some(json!({ "labels": labels(series, name), "value": value }))
    };
    answer(&api, &params, range, ONE_STEP, 0, of).await
}

async fn answer(
    api: &Api,
    params: &Params,
    range: TimeRange,
    step_ns: i64,
    exemplars: usize,
    of: impl Fn(&Series, &str, Steps) -> Option<Value> + Send + 'static,
) -> TempoAnswer {
    let text =
        params.get("q").or_else(|| params.get("query")).ok_or_else(|| Error::bad_query("missing query"))?;
    let query = traceql::parse(text).map_err(|why| with_place(why, text))?;
    let answer = run(api, move |api, budget| {
        let search = MetricsSearch {
            query: &query,
            range,
            step_ns,
            most_steps: api.limits.points_per_series,
            exemplars,
            memory_bytes: api.limits.query_bytes,
        };
        let found = metrics::metrics(&budget.snapshot(api), &search, budget)?;
        let name = function_name(&query);
        let series: Vec<Value> =
            found.series.iter().filter_map(|series| of(series, name, found.steps)).collect();
        let mut answer = json!({ "series": series, "metrics": cost(budget) });
        partial(&mut answer, found.partial);
        Ok(answer)
    });
    Ok(Json(answer.await?))
}

/// What a series without labels is called.
fn function_name(query: &Query) -> &'static str {
    match query.metrics.as_ref().map(|metrics| &metrics.function) {
        Some(Function::Rate) => "rate",
        Some(Function::CountOverTime) => "count_over_time",
        Some(Function::Over(fold, _)) => match fold {
            traceql::ast::Fold::Min => "min_over_time",
            traceql::ast::Fold::Max => "max_over_time",
            traceql::ast::Fold::Sum => "sum_over_time",
            traceql::ast::Fold::Avg => "avg_over_time",
        },
        _ => "",
    }
}

fn labels(series: &Series, name: &str) -> Value {
    if series.labels.is_empty() && !name.is_empty() {
        return json!([{ "key": "__name__", "value": { "stringValue": name } }]);
    }
    series.labels.iter().map(|(key, value)| json!({ "key": key, "value": value.to_api() })).collect()
}

/// Steps in which no span tells anything have no sample.
fn samples(series: &Series, steps: Steps) -> Value {
    let sample = |(at, value): (usize, &Option<f64>)| {
        let time = steps.start.saturating_add((at as i64).saturating_mul(steps.step_ns));
        let value = value.as_ref()?;
        Some(json!({ "timestampMs": time.div_euclid(1_000_000).to_string(), "value": value }))
    };
    series.values.iter().enumerate().filter_map(sample).collect()
}

fn exemplar(exemplar: &Exemplar) -> Value {
    let label = |key: &str, id: &[u8]| json!({ "key": key, "value": { "stringValue": to_hex(id) } });
    json!({
        "labels": [label("trace:id", &exemplar.trace_id), label("span:id", &exemplar.span_id)],
        "value": exemplar.value,
        "timestampMs": exemplar.time.div_euclid(1_000_000).to_string(),
    })
}
