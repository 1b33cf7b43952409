//! Samples of log lines.
//!
//! Each range aggregation is computed in one walk over its rows, all steps at once; what is made of
//! the series then is PromQL's.

mod cells;
mod collect;
mod fold;

use super::MAX_SERIES;
use super::ast::{LogQuery, MetricQuery, RangeAggregation, RangeOp};
use crate::Error;
use crate::http::run::Budget;
use crate::promql::ast::Grouping;
use crate::promql::embed;
use crate::promql::labels::Labels;
use crate::promql::select::{MatchOp, Matcher, StoredSeries};
use crate::promql::value::{Sample, Samples};
use crate::promql::{Data, Query as Steps};
use ocelli_storage::Snapshot;
use std::sync::Arc;

pub struct MetricSearch<'a> {
    pub query: &'a MetricQuery,
    /// Its text, its steps and its limits.
    pub steps: Steps<'a>,
}

#[derive(Debug)]
pub struct Answer {
    pub data: Data,
    /// Why values may be too low, if so.
    pub partial: Option<String>,
}

pub fn evaluate(snapshot: &Snapshot, wanted: &MetricSearch<'_>, budget: &Budget) -> Result<Answer, Error> {
    let grid =
        Grid { start_ms: wanted.steps.start_ms, step_ms: wanted.steps.step_ms, steps: wanted.steps.steps() };
    let times: Arc<Vec<i64>> = Arc::new((0..grid.steps).map(|at| grid.time_ms(at)).collect());
    let mut data = Vec::new();
    let mut partial = None;
    for of in &wanted.query.ranges {
        let (series, ended) = collect::series(snapshot, of, &grid, budget)?;
        partial = partial.or(ended);
        let series = if of.op == RangeOp::AbsentOverTime { absent(of, series, &grid) } else { series };
        let stored = series.into_iter().map(|series| stored(series, &times)).collect();
        data.push(stored);
    }
    let answer = embed::evaluate(&wanted.steps, &wanted.query.expr, data, budget)?;
    let count = match &answer.data {
        Data::Vector(_, vector) => vector.len(),
        Data::Matrix(matrix) => matrix.len(),
        Data::Scalar(_) | Data::Text(..) => 0,
    };
    if count > MAX_SERIES {
        return Err(Error::bad_query(format!(
            "maximum number of series ({MAX_SERIES}) reached for a single query; consider reducing query cardinality \
             by adding more specific stream selectors, reducing the time range, or aggregating results with functions \
             like sum(), count() or topk()"
        )));
    }
    Ok(Answer { data: answer.data, partial })
}

/// The times at which a query is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    pub start_ms: i64,
    /// 0 where there is one step.
    pub step_ms: i64,
    pub steps: usize,
}

impl Grid {
    fn time_ms(&self, at: usize) -> i64 {
        self.start_ms.saturating_add(self.step_ms.saturating_mul(at as i64))
    }

    fn time_ns(&self, at: usize) -> i64 {
        self.time_ms(at).saturating_mul(1_000_000)
    }
}

/// One series of a range aggregation.
#[derive(Clone, Debug)]
pub struct RangeSeries {
    pub labels: Labels,
    /// One value a step.
    pub values: Vec<Option<f64>>,
}

/// Bytes of lines by some labels of their streams, in the time before each step.
pub fn bytes_of_streams(
    snapshot: &Snapshot,
    matchers: &[Matcher],
    by: Vec<String>,
    grid: &Grid,
    width_ns: i64,
    budget: &Budget,
) -> Result<Vec<RangeSeries>, Error> {
    let of = RangeAggregation {
        op: RangeOp::BytesOverTime,
        parameter: None,
        query: LogQuery { matchers: matchers.to_vec(), stages: Vec::new() },
        unwrap: None,
        range_ns: width_ns,
        // From the begin of the time on and up to its end, as ranges of the API are.
        offset_ns: 1,
        grouping: None,
        outer: Some(Grouping { without: false, labels: by }),
    };
    Ok(collect::series(snapshot, &of, grid, budget)?.0)
}

/// 1 at each step at which no line is.
fn absent(of: &RangeAggregation, series: Vec<RangeSeries>, grid: &Grid) -> Vec<RangeSeries> {
    let there = |at: usize| series.iter().any(|series| series.values[at].is_some());
    let values: Vec<Option<f64>> = (0..grid.steps).map(|at| (!there(at)).then_some(1.0)).collect();
    if values.iter().all(Option::is_none) {
        return Vec::new();
    }
    // As in PromQL: what each line would have had.
    let matchers = &of.query.matchers;
    let told_once = |name: &str| matchers.iter().filter(|matcher| matcher.name == name).count() == 1;
    let equal = matchers.iter().filter(|matcher| matcher.op == MatchOp::Equal && told_once(&matcher.name));
    let labels = Labels::new(equal.map(|matcher| (matcher.name.as_str(), matcher.value.as_str())));
    vec![RangeSeries { labels, values }]
}

fn stored(series: RangeSeries, times: &Arc<Vec<i64>>) -> StoredSeries {
    let mut samples = Samples::default();
    if series.values.iter().all(Option::is_some) {
        samples.float_times = times.clone();
        samples.floats = series.values.into_iter().flatten().collect();
    } else {
        for (time, value) in times.iter().zip(series.values) {
            if let Some(value) = value {
                samples.push(*time, Sample::Float(value));
            }
        }
    }
    StoredSeries { labels: series.labels, samples: Arc::new(samples) }
}
