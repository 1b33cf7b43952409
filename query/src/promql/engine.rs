//! Runs a query: parse, plan, select once, evaluate over all steps, finish.

use super::annotations::Annotations;
use super::ast::{Expr, ExprKind, RangeMode, ValueType};
use super::eval::{Eval, Shared};
use super::labels::Labels;
use super::merge::drop_names;
use super::parse::parse;
use super::plan::{QueryTimes, plan};
use super::select::{Counts, Select, StoredSeries};
use super::shards;
use super::smooth::with_edges;
use super::value::{Sample, Series, Value};
use super::watch::Watch;
use super::window::Windows;
use crate::Error;
use std::sync::atomic::{AtomicU64, Ordering};

/// A sample older than this is not current any more.
pub const DEFAULT_LOOKBACK_MS: i64 = 5 * 60_000;
/// The resolution of a subquery that names none.
pub const DEFAULT_SUBQUERY_STEP_MS: i64 = 60_000;

/// What is asked, and at which times. Milliseconds since the epoch.
#[derive(Clone, Debug)]
pub struct Query<'a> {
    pub text: &'a str,
    pub start_ms: i64,
    pub end_ms: i64,
    /// 0 for an instant query, which is evaluated at `start_ms` alone.
    pub step_ms: i64,
    pub lookback_ms: i64,
    /// The resolution of subqueries that name none; with Prometheus the interval of rules.
    pub subquery_step_ms: i64,
    /// Cells and samples that the query may hold.
    pub max_samples: u64,
}

impl<'a> Query<'a> {
    pub fn instant(text: &'a str, time_ms: i64) -> Query<'a> {
        Query {
            text,
            start_ms: time_ms,
            end_ms: time_ms,
            step_ms: 0,
            lookback_ms: DEFAULT_LOOKBACK_MS,
            subquery_step_ms: DEFAULT_SUBQUERY_STEP_MS,
            max_samples: 50_000_000,
        }
    }

    pub fn range(text: &'a str, start_ms: i64, end_ms: i64, step_ms: i64) -> Query<'a> {
        Query { end_ms, step_ms, ..Query::instant(text, start_ms) }
    }

    pub fn steps(&self) -> usize {
        if self.step_ms <= 0 { 1 } else { ((self.end_ms - self.start_ms).max(0) / self.step_ms + 1) as usize }
    }

    fn times(&self) -> QueryTimes {
        QueryTimes {
            start: self.start_ms,
            end: self.end_ms,
            step: self.step_ms,
            lookback: self.lookback_ms,
            default_step: self.subquery_step_ms,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub data: Data,
    pub warnings: Vec<String>,
    pub infos: Vec<String>,
    pub samples: SampleCounts,
}

/// What a query had to do with samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleCounts {
    /// Looked at, at each step (see `watch`).
    pub touched: Vec<u64>,
    /// Read from the store, and made and held meanwhile, at most at one time.
    pub peak: u64,
}

#[derive(Clone, Debug)]
pub enum Data {
    /// `(milliseconds, value)`, one a step.
    Scalar(Vec<(i64, f64)>),
    Text(i64, String),
    /// An instant query's vector, in the order of its result, all at one time.
    Vector(i64, Vec<(Labels, Sample)>),
    /// Samples by series, sorted by labels.
    Matrix(Vec<(Labels, Vec<(i64, Sample)>)>),
}

/// Evaluates a query. `select` finds series; `watch` ends the work at its deadline.
pub fn run(query: &Query, select: &mut Select, watch: &dyn Watch) -> Result<Answer, Error> {
    let mut expr = parse(query.text)?;
    let times = query.times();
    let selections = plan(&mut expr, &times)?;
    let mut data = Vec::with_capacity(selections.len());
    let mut samples_read = 0_u64;
    for selection in &selections {
        watch.check()?;
        let mut series = select(selection)?;
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        let mut counts = Counts::new(selection);
        series.retain(|series| {
            let samples = counts.of(&series.samples);
            samples_read += samples as u64;
            samples > 0
        });
        if samples_read > query.max_samples {
            let limit = query.max_samples;
            return Err(Error::LimitExceeded(format!(
                "query processing would load too many samples into memory (limit {limit}); ask for a shorter range or fewer series"
            )));
        }
        data.push(series);
    }
    over(query, &expr, &data, samples_read, watch)
}

/// Evaluates an expression that is planned over the series of its selectors, each sorted by labels.
pub fn over(
    query: &Query,
    expr: &Expr,
    data: &[Vec<StoredSeries>],
    samples_read: u64,
    watch: &dyn Watch,
) -> Result<Answer, Error> {
    let annotations = Annotations::new(query.text);
    let shared = Shared {
        query: query.times(),
        data,
        watch,
        samples_left: AtomicU64::new(query.max_samples),
        samples_limit: query.max_samples,
    };
    let steps = (0..query.steps() as i64).map(|i| query.start_ms + i * query.step_ms).collect();
    let eval = Eval::new(&shared, &annotations, steps);
    let result = evaluate(query, expr, &eval)?;
    let peak = samples_read + query.max_samples - shared.samples_left.load(Ordering::Relaxed);
    let samples = SampleCounts { touched: eval.touched.into_steps(), peak };
    let (warnings, infos) = annotations.into_texts();
    Ok(Answer { data: result, warnings, infos, samples })
}

fn evaluate(query: &Query, expr: &Expr, eval: &Eval) -> Result<Data, Error> {
    let instant = query.step_ms <= 0;
    if expr.value_type() == ValueType::Matrix || matches!(expr.unwrapped().kind, ExprKind::Matrix(..)) {
        return raw_range(eval, expr, instant);
    }
    match shards::eval(eval, expr)? {
        Value::Text(_) if !instant => Err(wrong_type("string")),
        Value::Text(text) => Ok(Data::Text(query.start_ms, text)),
        Value::Scalar(values) if instant => {
            Ok(Data::Scalar(eval.times.iter().copied().zip(values).collect()))
        }
        Value::Scalar(values) => Ok(Data::Matrix(vec![(
            Labels::default(),
            eval.times.iter().copied().zip(values.into_iter().map(Sample::Float)).collect(),
        )])),
        Value::Vector(vector) => Ok(finish(drop_names(vector)?, &eval.times, instant)),
    }
}

fn wrong_type(found: &str) -> Error {
    let message =
        format!("invalid expression type {found:?} for range query, must be Scalar or instant Vector");
    Error::BadQuery { message, offset: Some(0) }
}

fn finish(vector: Vec<Series>, times: &[i64], instant: bool) -> Data {
    if instant {
        let current = |series: Series| Some((series.labels, series.values.into_iter().next()??));
        return Data::Vector(times[0], vector.into_iter().filter_map(current).collect());
    }
    let mut matrix: Vec<_> = vector
        .into_iter()
        .map(|series| {
            let cells = times.iter().copied().zip(series.values);
            (series.labels, cells.filter_map(|(time, cell)| Some((time, cell?))).collect::<Vec<_>>())
        })
        .filter(|(_, samples)| !samples.is_empty())
        .collect();
    matrix.sort_by(|a, b| a.0.cmp(&b.0));
    Data::Matrix(matrix)
}

/// A range vector as the whole query: the samples as they are stored.
fn raw_range(eval: &Eval, expr: &Expr, instant: bool) -> Result<Data, Error> {
    if !instant {
        return Err(wrong_type("range vector"));
    }
    let source = eval.range_source(expr)?;
    let end = source.time.apply(eval.times[0]);
    let (before, after) = source.reach(eval.shared.query.lookback);
    let mut matrix = Vec::new();
    for series in &source.series {
        let mut windows = Windows::new(&series.samples);
        let mut window = windows.at(end - source.range_ms - before, end + after, eval.times[0]);
        (window.start_ms, window.end_ms) = (end - source.range_ms, end);
        eval.touched.add_window(0, &window);
        let samples = if source.mode == RangeMode::Plain {
            window.in_order(0, 0).into_iter().map(|point| (point.time_ms, point.sample)).collect()
        } else if window.histograms.is_empty() {
            with_edges(&window, source.mode == RangeMode::Smoothed)
        } else {
            let word = if source.mode == RangeMode::Anchored { "anchored" } else { "smoothed" };
            return Err(Error::Execution(format!("{word} modifier is not supported with histograms")));
        };
        let labels = if series.drop_name { series.labels.without_name() } else { series.labels.clone() };
        if !samples.is_empty() {
            eval.spend(samples.len())?;
            matrix.push((labels, samples));
        }
    }
    matrix.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Data::Matrix(matrix))
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "reference_tests.rs"]
mod reference;
