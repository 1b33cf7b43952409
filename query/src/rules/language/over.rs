//! An expression over logs or spans at many times: one walk over the rows gives all of them.

use super::{TRACE_MEMORY, TraceRule, labels, log_query};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::logql::metric::{MetricSearch, evaluate};
use crate::promql::labels::Labels;
use crate::promql::value::Sample;
use crate::promql::{Data, Query};
use crate::rules::Language;
use crate::traces::traceql::metrics::{MetricsSearch, metrics};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_storage::Snapshot;
use std::collections::BTreeMap;

/// Milliseconds; both ends are times that are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub first_ms: i64,
    pub last_ms: i64,
    pub step_ms: i64,
    /// Samples that an answer may have.
    pub max_samples: u64,
}

impl Times {
    pub fn all(self) -> impl Iterator<Item = i64> {
        (0..).map(move |at| self.first_ms + at * self.step_ms).take_while(move |time| *time <= self.last_ms)
    }
}

/// Samples by series.
pub type Matrix = Vec<(Labels, Vec<(i64, Sample)>)>;

/// What [`super::of_events`] gives at each of the times. What is only a part of the truth is an error.
pub fn of_events_over(
    language: Language,
    expr: &str,
    times: Times,
    snapshot: &Snapshot,
    budget: &Budget,
) -> Result<Matrix, Error> {
    let (matrix, partial) = match language {
        Language::PromQl => return Err(Error::Internal("PromQL is not about events".to_owned())),
        Language::LogQl => {
            let query = log_query(expr)?;
            let Times { first_ms, last_ms, step_ms, max_samples } = times;
            let steps = Query { max_samples, ..Query::range(expr, first_ms, last_ms, step_ms) };
            let found = evaluate(snapshot, &MetricSearch { query: &query, steps }, budget)?;
            (matrix(found.data), found.partial)
        }
        Language::TraceQl => {
            let rule = TraceRule::parse(expr)?;
            if rule.window_ms == times.step_ms && times.first_ms.rem_euclid(times.step_ms) == 0 {
                rule.in_steps(times, snapshot, budget)?
            } else {
                (rule.one_by_one(times, snapshot, budget)?, None)
            }
        }
    };
    match partial {
        Some(why) => Err(Error::LimitExceeded(why)),
        None => Ok(matrix),
    }
}

fn matrix(data: Data) -> Matrix {
    match data {
        Data::Matrix(matrix) => matrix,
        Data::Scalar(values) => {
            let samples = values.into_iter().map(|(time, value)| (time, Sample::Float(value)));
            vec![(Labels::default(), samples.collect())]
        }
        Data::Vector(..) | Data::Text(..) => Vec::new(),
    }
}

impl TraceRule {
    /// Its window is a step: each step of one search is one time.
    fn in_steps(
        &self,
        times: Times,
        snapshot: &Snapshot,
        budget: &Budget,
    ) -> Result<(Matrix, Option<String>), Error> {
        let nanos = |ms: i64| UnixNano(ms.saturating_mul(1_000_000));
        let search = MetricsSearch {
            query: &self.query,
            range: TimeRange { from: nanos(times.first_ms - times.step_ms), to: nanos(times.last_ms) },
            step_ns: nanos(times.step_ms).0,
            most_steps: usize::try_from(times.max_samples).unwrap_or(usize::MAX),
            exemplars: 0,
            memory_bytes: TRACE_MEMORY,
        };
        let found = metrics(snapshot, &search, budget)?;
        let at = |(time, value): (i64, &Option<f64>)| {
            Some((time, Sample::Float(value.filter(|value| self.passes(*value))?)))
        };
        let one = |series: &super::Series| {
            (labels(series), times.all().zip(&series.values).filter_map(at).collect::<Vec<_>>())
        };
        let matrix = found.series.iter().map(one).filter(|(_, samples)| !samples.is_empty());
        Ok((matrix.collect(), found.partial))
    }

    /// Windows that overlap, or leave gaps, are searches of their own.
    fn one_by_one(&self, times: Times, snapshot: &Snapshot, budget: &Budget) -> Result<Matrix, Error> {
        let mut found: BTreeMap<Labels, Vec<(i64, Sample)>> = BTreeMap::new();
        for time_ms in times.all() {
            budget.check()?;
            let (data, partial) = self.evaluate(time_ms, snapshot, budget)?;
            if let Some(why) = partial {
                return Err(Error::LimitExceeded(why));
            }
            let Data::Vector(_, vector) = data else { continue };
            for (labels, sample) in vector {
                found.entry(labels).or_default().push((time_ms, sample));
            }
        }
        Ok(found.into_iter().collect())
    }
}
