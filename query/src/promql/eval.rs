//! Evaluates a planned expression over all steps of a query at once.

use super::annotations::Annotations;
use super::ast::*;
use super::functions::Run;
use super::places::{self, ByTimes};
use super::plan::{QueryTimes, is_constant};
use super::select::StoredSeries;
use super::value::*;
use super::watch::{Touched, Watch};
use super::window::{Latest, Point};
use super::{aggregate, binary, smooth};
use crate::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What all parts of one evaluation share.
pub struct Shared<'a> {
    pub query: QueryTimes,
    /// The series of each selector, by its id, sorted by labels.
    pub data: &'a [Vec<StoredSeries>],
    pub watch: &'a dyn Watch,
    /// Cells and samples that may still be made.
    pub samples_left: AtomicU64,
    pub samples_limit: u64,
}

/// An evaluation at the given times: the query's steps, or those of a subquery.
pub struct Eval<'a> {
    pub shared: &'a Shared<'a>,
    pub annotations: &'a Annotations,
    /// Milliseconds, rising.
    pub times: Vec<i64>,
    /// By the same steps.
    pub touched: Touched,
}

impl<'a> Eval<'a> {
    pub fn new(shared: &'a Shared<'a>, annotations: &'a Annotations, times: Vec<i64>) -> Eval<'a> {
        let touched = Touched::new(times.len());
        Eval { shared, annotations, times, touched }
    }

    /// The same query at other times.
    pub fn at(&self, times: Vec<i64>) -> Eval<'a> {
        Eval::new(self.shared, self.annotations, times)
    }

    pub fn steps(&self) -> usize {
        self.times.len()
    }

    pub fn check(&self) -> Result<(), Error> {
        self.shared.watch.check()
    }

    /// Counts what a node makes against the limit.
    pub fn spend(&self, samples: usize) -> Result<(), Error> {
        let less = |left: u64| left.checked_sub(samples as u64);
        if self.shared.samples_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
            return Err(Error::LimitExceeded(format!(
                "query processing would load too many samples into memory (limit {}); ask for a shorter range, a larger step or fewer series",
                self.shared.samples_limit
            )));
        }
        self.shared.watch.hold(samples * size_of::<Option<Sample>>())
    }

    pub fn eval(&self, expr: &Expr) -> Result<Value, Error> {
        self.check()?;
        let literal = matches!(expr.kind, ExprKind::Number(_) | ExprKind::Text(_));
        if self.steps() > 1 && !literal && is_constant(expr) {
            let first = self.at(vec![self.times[0]]);
            let value = first.eval(expr)?;
            self.touched.add_everywhere(&first.touched);
            return Ok(repeated(value, self.steps()));
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
        let lookback = self.shared.query.lookback;
        let steps: Vec<i64> = self.times.iter().map(|time| selector.time.apply(*time)).collect();
        let mut places = ByTimes::of_steps(steps.len());
        let mut vector = Vec::with_capacity(stored.len());
        for StoredSeries { labels, samples } in stored {
            self.check()?;
            let values: Vec<Option<Sample>> = if samples.histograms.is_empty() {
                let find = |times: &[i64]| places::latest(times, &steps, lookback);
                let at = places.of(&samples.float_times, find).iter();
                at.map(|at| Some(tell(samples.current_float(at.get()?)?))).collect()
            } else {
                let mut latest = Latest::new(samples);
                steps.iter().map(|step| latest.at(*step, lookback).map(&tell)).collect()
            };
            if values.iter().any(Option::is_some) {
                self.spend(values.len())?;
                self.touched.add_cells(&values);
                vector.push(Series { labels: labels.clone(), drop_name: false, values });
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
