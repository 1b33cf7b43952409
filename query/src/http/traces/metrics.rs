//! `GET /api/traces/metrics`.

use super::super::Api;
use super::super::answer::{Answer, ok};
use super::super::params::Params;
use super::super::run::run;
use crate::Error;
use crate::logs::filter::id::to_hex;
use crate::logs::readable_step_ms;
use crate::traces::duration;
use crate::traces::traceql::{self, metrics};
use axum::extract::State;
use ocelli_api::traces::{SpanExemplar, SpanSeries, TraceMetricsResponse};
use ocelli_api::{KeyValue, TimeRange, UnixNano};

/// Steps where none is asked for.
const STEPS: i64 = 100;

pub async fn series(State(api): State<Api>, params: Params) -> Answer<TraceMetricsResponse> {
    let range = params.range(api.now())?;
    let query = traceql::parse(params.required("query")?)?;
    let step_ns = step(&params, range)?;
    let exemplars = params.number("exemplars", 0, 0..=metrics::MAX_EXEMPLARS)?;
    let response = run(&api, move |api, budget| {
        let search = metrics::MetricsSearch {
            query: &query,
            range,
            step_ns,
            most_steps: api.limits.points_per_series,
            exemplars,
            memory_bytes: api.limits.query_bytes,
        };
        let answer = metrics::metrics(&budget.snapshot(api), &search, budget)?;
        let mut stats = budget.stats();
        stats.partial = answer.partial;
        let (start, step_ns) = (UnixNano(answer.steps.start), answer.steps.step_ns);
        let series = answer.series.into_iter().map(of_api).collect();
        Ok(TraceMetricsResponse { range, start, step_ns, series, stats })
    });
    ok(response.await?)
}

fn step(params: &Params, range: TimeRange) -> Result<i64, Error> {
    let Some(text) = params.get("step") else {
        let length = range.to.0.saturating_sub(range.from.0);
        return Ok(readable_step_ms(length, STEPS).saturating_mul(1_000_000));
    };
    let wrong = || Error::bad_parameter("step", format!("'{text}' {}", duration::FORM));
    duration::parse(text).filter(|step| *step > 0).ok_or_else(wrong)
}

fn of_api(series: metrics::Series) -> SpanSeries {
    let label = |(key, value): (String, traceql::Value<'static>)| KeyValue { key, value: value.to_api() };
    let exemplar = |exemplar: metrics::Exemplar| SpanExemplar {
        time: UnixNano(exemplar.time),
        value: exemplar.value,
        trace_id: to_hex(&exemplar.trace_id),
        span_id: to_hex(&exemplar.span_id),
    };
    SpanSeries {
        labels: series.labels.into_iter().map(label).collect(),
        values: series.values,
        exemplars: series.exemplars.into_iter().map(exemplar).collect(),
    }
}
