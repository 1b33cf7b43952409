//! Evaluates a planned expression over all steps of a query at once.

use super::annotations::Annotations;
use super::ast::*;
use super::functions::{RangeCall, Run};
use super::histogram::ResetHint;
use super::plan::{QueryTimes, is_constant, milliseconds};
use super::select::StoredSeries;
use super::value::*;
use super::window::{Latest, Point, Window, Windows, without_stale};
use super::{aggregate, binary, smooth};
use crate::Error;
use std::cell::Cell;
use std::sync::Arc;

/// What all parts of one evaluation share.
pub struct Shared<'a> {
    pub query: QueryTimes,
    /// The series of each selector, by its id, sorted by labels.
    pub data: &'a [Vec<StoredSeries>],
    pub check: &'a dyn Fn() -> Result<(), Error>,
    /// Cells and samples that may still be made.
    pub samples_left: Cell<u64>,
    pub samples_limit: u64,
}

/// An evaluation at the given times: the query's steps, or those of a subquery.
pub struct Eval<'a> {
    pub shared: &'a Shared<'a>,
    pub annotations: &'a Annotations,
    /// Milliseconds, rising.
    pub times: Vec<i64>,
}

impl Eval<'_> {
    pub fn steps(&self) -> usize {
        self.times.len()
    }

    pub fn check(&self) -> Result<(), Error> {
        (self.shared.check)()
    }

    /// Counts what a node makes against the limit.
    pub fn spend(&self, samples: usize) -> Result<(), Error> {
        let left = self.shared.samples_left.get();
        let samples = samples as u64;
        if samples > left {
            return Err(Error::LimitExceeded(format!(
                "query processing would load too many samples into memory (limit {}); ask for a shorter range, a larger step or fewer series",
                self.shared.samples_limit
            )));
        }
        self.shared.samples_left.set(left - samples);
        Ok(())
    }

    pub fn eval(&self, expr: &Expr) -> Result<Value, Error> {
        self.check()?;
        let literal = matches!(expr.kind, ExprKind::Number(_) | ExprKind::Text(_));
        if self.steps() > 1 && !literal && is_constant(expr) {
            let first =
                Eval { shared: self.shared, annotations: self.annotations, times: vec![self.times[0]] };
            return Ok(repeated(first.eval(expr)?, self.steps()));
        }
        match &expr.kind {
            ExprKind::Number(number) => Ok(Value::Scalar(vec![*number; self.steps()])),
            ExprKind::Text(text) => Ok(Value::Text(text.clone())),
            ExprKind::Paren(inner) => self.eval(inner),
            ExprKind::Negate(inner) => self.negate(inner),
            ExprKind::Binary(op) => binary::eval(self, op, &expr.span),
            ExprKind::Aggregate(op) => aggregate::eval(self, op, &expr.span).map(Value::Vector),
            ExprKind::Call(call) => self.call(call, &expr.span),
            ExprKind::Vector(selector) if selector.mode == RangeMode::Smoothed => {
                smooth::select(self, selector, &expr.span).map(Value::Vector)
            }
            ExprKind::Vector(selector) => {
                self.select_instant(selector, |point| point.sample).map(Value::Vector)
            }
            ExprKind::Matrix(..) | ExprKind::Subquery(_) => Err(Error::BadQuery {
                message: "a range vector can only be the argument of a function".to_owned(),
                offset: Some(expr.span.start),
            }),
        }
    }

    pub fn vector(&self, expr: &Expr) -> Result<Vec<Series>, Error> {
        match self.eval(expr)? {
            Value::Vector(vector) => Ok(vector),
            _ => Err(Error::Internal("an instant vector was expected".to_owned())),
        }
    }

    pub fn scalar(&self, expr: &Expr) -> Result<Vec<f64>, Error> {
        match self.eval(expr)? {
            Value::Scalar(values) => Ok(values),
            _ => Err(Error::Internal("a scalar was expected".to_owned())),
        }
    }

    fn negate(&self, inner: &Expr) -> Result<Value, Error> {
        Ok(match self.eval(inner)? {
            Value::Scalar(values) => Value::Scalar(values.into_iter().map(|value| -value).collect()),
            Value::Vector(mut vector) => {
                for series in &mut vector {
                    series.drop_name = true;
                    series.values.iter_mut().flatten().for_each(|sample| match sample {
                        Sample::Float(value) => *value = -*value,
                        Sample::Histogram(histogram) => Arc::make_mut(histogram).scale(-1.0),
                    });
                }
                Value::Vector(vector)
            }
            text => text,
        })
    }

    /// What the current sample of each series tells at each step.
    pub fn select_instant(
        &self,
        selector: &Selector,
        tell: impl Fn(Point) -> Sample,
    ) -> Result<Vec<Series>, Error> {
        let stored = &self.shared.data[selector.id];
        let mut vector = Vec::with_capacity(stored.len());
        for series in stored {
            self.check()?;
            let mut latest = Latest::new(&series.samples);
            let cell =
                |time: &i64| latest.at(selector.time.apply(*time), self.shared.query.lookback).map(&tell);
            let values: Vec<_> = self.times.iter().map(cell).collect();
            if values.iter().any(Option::is_some) {
                self.spend(values.len())?;
                vector.push(Series { labels: series.labels.clone(), drop_name: false, values });
            }
        }
        Ok(vector)
    }

    /// When the sample was taken that is current at each step.
    pub fn sample_times(&self, selector: &Selector, stored: &StoredSeries) -> Vec<Option<i64>> {
        let mut latest = Latest::new(&stored.samples);
        let lookback = self.shared.query.lookback;
        let time_of = |time: &i64| Some(latest.at(selector.time.apply(*time), lookback)?.time_ms);
        self.times.iter().map(time_of).collect()
    }

    fn call(&self, call: &Call, span: &Span) -> Result<Value, Error> {
        let vector = |named: bool, run| self.range_function(call, run, named).map(Value::Vector);
        match call.function.run {
            Run::Range(run) => vector(false, run),
            Run::RangeNamed(run) => vector(true, run),
            Run::Whole(run) => run(self, call, span),
            Run::Float(run) => {
                let input = self.vector(&call.args[0])?;
                Ok(Value::Vector(super::functions::map_floats(input, |_, value| Some(run(value)))))
            }
            Run::Date(run) => self.date_function(call, run),
            Run::Histogram(run) => {
                let mut input = self.vector(&call.args[0])?;
                for series in &mut input {
                    series.drop_name = true;
                    series.values.iter_mut().for_each(|cell| {
                        *cell = match cell.take() {
                            Some(Sample::Histogram(histogram)) => Some(Sample::Float(run(&histogram))),
                            _ => None,
                        }
                    });
                }
                input.retain(|series| series.values.iter().any(Option::is_some));
                Ok(Value::Vector(input))
            }
        }
    }

    fn date_function(&self, call: &Call, run: fn(i64) -> f64) -> Result<Value, Error> {
        if let Some(arg) = call.args.first() {
            let input = self.vector(arg)?;
            return Ok(Value::Vector(super::functions::map_floats(input, |_, value| {
                Some(run(value as i64))
            })));
        }
        let values = self.times.iter().map(|time| Some(Sample::Float(run(time.div_euclid(1000))))).collect();
        Ok(Value::Vector(vec![Series { labels: Default::default(), drop_name: false, values }]))
    }

    fn range_function(
        &self,
        call: &Call,
        run: super::functions::RangeFn,
        named: bool,
    ) -> Result<Vec<Series>, Error> {
        let is_range = |arg: &&Expr| arg.value_type() == ValueType::Matrix;
        let Some(range) = call.args.iter().find(is_range) else {
            return Err(Error::Internal(format!("{} without a range", call.function.name)));
        };
        check_mode(call.function.name, mode_of(range))?;
        let others = call.args.iter().filter(|arg| !is_range(arg));
        let columns = others.map(|arg| self.scalar(arg)).collect::<Result<Vec<_>, _>>()?;
        let mut args = vec![0.0; columns.len()];
        let mut vector: Vec<Series> = Vec::new();
        let mode = mode_of(range);
        // As Prometheus has it: what a subquery becomes has no place of its own.
        let from_subquery = matches!(range.unwrapped().kind, ExprKind::Subquery(_));
        let place_of =
            |arg: &Expr| if from_subquery && std::ptr::eq(arg, range) { 0..0 } else { arg.span.clone() };
        let (arg, first_arg) = (place_of(range), place_of(&call.args[0]));
        let mut current = usize::MAX;
        self.for_each_window(range, |(at, series), step, window| {
            if window.is_empty() {
                return Ok(());
            }
            args.iter_mut().zip(&columns).for_each(|(arg, column)| *arg = column[step]);
            let range_call = RangeCall {
                metric: series.labels.metric_name(),
                arg: &arg,
                first_arg: &first_arg,
                args: &call.args,
                annotations: self.annotations,
                mode,
            };
            let Some(sample) = run(&range_call, window, &args)? else { return Ok(()) };
            if current != at {
                current = at;
                self.spend(self.steps())?;
                let drop_name = series.drop_name || !named;
                vector.push(Series {
                    labels: series.labels.clone(),
                    drop_name,
                    values: vec![None; self.steps()],
                });
            }
            if let Some(series) = vector.last_mut() {
                series.values[step] = Some(sample);
            }
            Ok(())
        })?;
        if ["rate", "increase"].contains(&call.function.name) {
            let is_float = |cell: &Option<Sample>| matches!(cell, Some(Sample::Float(_)));
            for series in vector.iter().filter(|series| series.values.iter().any(is_float)) {
                self.annotations.possibly_no_counter(&arg, series.labels.metric_name());
            }
        }
        Ok(vector)
    }

    /// Visits the window of every series at every step: series by series, steps in order.
    pub fn for_each_window(
        &self,
        range: &Expr,
        mut visit: impl FnMut((usize, &RangeSeries), usize, &Window) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut source = self.range_source(range)?;
        if matches!(range.unwrapped().kind, ExprKind::Subquery(_)) {
            source.series.iter_mut().for_each(forget_resets);
        }
        for (at, series) in source.series.iter().enumerate() {
            self.check()?;
            let mut windows = Windows::new(&series.samples);
            for (step, time) in self.times.iter().enumerate() {
                let end = source.time.apply(*time);
                let (before, after) = source.reach(self.shared.query.lookback);
                let mut window = windows.at(end - source.range_ms - before, end + after, *time);
                (window.start_ms, window.end_ms) = (end - source.range_ms, end);
                visit((at, series), step, &window)?;
            }
        }
        Ok(())
    }

    /// The raw series behind a range selector or a subquery.
    pub(super) fn range_source(&self, range: &Expr) -> Result<RangeSource, Error> {
        match &range.unwrapped().kind {
            ExprKind::Matrix(selector, length) => {
                let stored = &self.shared.data[selector.id];
                let series = stored.iter().map(|series| RangeSeries {
                    labels: series.labels.clone(),
                    drop_name: false,
                    samples: without_stale(&series.samples),
                });
                let (range_ms, time) = (milliseconds(length), selector.time.clone());
                Ok(RangeSource { series: series.collect(), range_ms, time, mode: selector.mode })
            }
            ExprKind::Subquery(subquery) => {
                let (range_ms, time) = (milliseconds(&subquery.range), subquery.time.clone());
                let series = self.subquery(subquery)?;
                Ok(RangeSource { series, range_ms, time, mode: RangeMode::Plain })
            }
            _ => Err(Error::Internal("a range vector was expected".to_owned())),
        }
    }

    /// Evaluates the inner expression at the multiples of its step that any window reaches.
    fn subquery(&self, subquery: &Subquery) -> Result<Vec<RangeSeries>, Error> {
        let range = milliseconds(&subquery.range);
        let step = subquery.step.as_ref().map_or(self.shared.query.default_step, milliseconds);
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else {
            return Ok(Vec::new());
        };
        let open = subquery.time.apply(*first) - range;
        let mut start = open / step * step;
        if start <= open {
            start += step;
        }
        let end = subquery.time.apply(*last);
        let count = if end < start { 0 } else { (end - start) / step + 1 };
        self.spend(usize::try_from(count).unwrap_or(usize::MAX))?;
        let times = (0..count).map(|i| start + i * step).collect();
        let inner = Eval { shared: self.shared, annotations: self.annotations, times };
        if inner.times.is_empty() {
            return Ok(Vec::new());
        }
        let vector = match inner.eval(&subquery.expr)? {
            Value::Vector(vector) => vector,
            _ => return Err(Error::Internal("a subquery of something else than a vector".to_owned())),
        };
        Ok(vector.into_iter().map(|series| inner.as_range(series)).collect())
    }

    fn as_range(&self, series: Series) -> RangeSeries {
        let mut samples = Samples::default();
        for (time, cell) in self.times.iter().zip(series.values) {
            cell.into_iter().for_each(|sample| samples.push(*time, sample));
        }
        RangeSeries { labels: series.labels, drop_name: series.drop_name, samples: Arc::new(samples) }
    }
}

/// Hints about resets hold between stored neighbours only, not between the steps of a subquery.
fn forget_resets(series: &mut RangeSeries) {
    let known = |hint| matches!(hint, ResetHint::Reset | ResetHint::NoReset);
    if series.samples.histograms.iter().any(|histogram| known(histogram.hint)) {
        let histograms = Arc::make_mut(&mut series.samples).histograms.iter_mut();
        histograms
            .filter(|histogram| known(histogram.hint))
            .for_each(|histogram| Arc::make_mut(histogram).hint = ResetHint::Unknown);
    }
}

/// Raw series and how the windows lie over them.
pub(super) struct RangeSource {
    pub series: Vec<RangeSeries>,
    pub range_ms: i64,
    pub time: TimeShift,
    pub mode: RangeMode,
}

impl RangeSource {
    /// How far a window reaches beyond its range, before and after.
    pub fn reach(&self, lookback: i64) -> (i64, i64) {
        match self.mode {
            RangeMode::Plain => (0, 0),
            RangeMode::Anchored => (lookback, 0),
            RangeMode::Smoothed => (lookback, lookback),
        }
    }
}

pub fn mode_of(range: &Expr) -> RangeMode {
    match &range.unwrapped().kind {
        ExprKind::Matrix(selector, _) => selector.mode,
        _ => RangeMode::Plain,
    }
}

/// `anchored` and `smoothed` change what a range holds, which only these functions know.
pub fn check_mode(function: &str, mode: RangeMode) -> Result<(), Error> {
    let (word, knowing): (_, &[&str]) = match mode {
        RangeMode::Plain => return Ok(()),
        RangeMode::Anchored => ("anchored", &["changes", "delta", "increase", "rate", "resets"]),
        RangeMode::Smoothed => ("smoothed", &["delta", "increase", "rate"]),
    };
    if knowing.contains(&function) {
        return Ok(());
    }
    let list = knowing.join(", ");
    Err(Error::Execution(format!("{word} modifier can only be used with: {list} - not with {function}")))
}

/// The one step's value at every step.
fn repeated(value: Value, steps: usize) -> Value {
    match value {
        Value::Scalar(values) => Value::Scalar(vec![values[0]; steps]),
        Value::Vector(mut vector) => {
            for series in &mut vector {
                series.values = vec![series.values[0].clone(); steps];
            }
            Value::Vector(vector)
        }
        text => text,
    }
}
