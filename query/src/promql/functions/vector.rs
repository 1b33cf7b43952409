//! Clamping, rounding, and the ways between scalar and vector.

use crate::Error;
use crate::promql::ast::{Call, ExprKind, Span};
use crate::promql::eval::Eval;
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, Series, Value};

pub fn sign(value: f64) -> f64 {
    if value < 0.0 {
        -1.0
    } else if value > 0.0 {
        1.0
    } else {
        value
    }
}

pub fn clamp(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let (low, high) = (eval.scalar(&call.args[1])?, eval.scalar(&call.args[2])?);
    clamp_between(eval, call, &low, &high)
}

pub fn clamp_min(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let low = eval.scalar(&call.args[1])?;
    clamp_between(eval, call, &low, &vec![f64::INFINITY; low.len()])
}

pub fn clamp_max(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let high = eval.scalar(&call.args[1])?;
    clamp_between(eval, call, &vec![f64::NEG_INFINITY; high.len()], &high)
}

fn clamp_between(eval: &Eval, call: &Call, low: &[f64], high: &[f64]) -> Result<Value, Error> {
    let vector = eval.vector(&call.args[0])?;
    Ok(Value::Vector(map_floats(vector, |step, value| {
        let inside = larger(low[step], smaller(high[step], value));
        let empty = high[step] < low[step];
        (!empty).then_some(inside)
    })))
}

pub fn round(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let vector = eval.vector(&call.args[0])?;
    let nearest = match call.args.get(1) {
        Some(arg) => eval.scalar(arg)?,
        None => vec![1.0; eval.steps()],
    };
    Ok(Value::Vector(map_floats(vector, |step, value| {
        let inverse = 1.0 / nearest[step];
        Some((value * inverse + 0.5).floor() / inverse)
    })))
}

/// Number by number; histograms are left out and the name is dropped.
pub fn map_floats(vector: Vec<Series>, map: impl Fn(usize, f64) -> Option<f64>) -> Vec<Series> {
    let mut mapped = Vec::with_capacity(vector.len());
    for mut series in vector {
        for (step, cell) in series.values.iter_mut().enumerate() {
            let value = cell.as_ref().and_then(Sample::float);
            *cell = value.and_then(|value| map(step, value)).map(Sample::Float);
        }
        series.drop_name = true;
        if series.values.iter().any(Option::is_some) {
            mapped.push(series);
        }
    }
    mapped
}

pub fn scalar(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let vector = eval.vector(&call.args[0])?;
    let at = |step: usize| {
        let mut floats = vector.iter().filter_map(|series| series.values[step].as_ref()?.float());
        match (floats.next(), floats.next()) {
            (Some(value), None) => value,
            _ => f64::NAN,
        }
    };
    Ok(Value::Scalar((0..eval.steps()).map(at).collect()))
}

pub fn vector(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let values = eval.scalar(&call.args[0])?.into_iter().map(|value| Some(Sample::Float(value))).collect();
    Ok(Value::Vector(vec![Series { labels: Labels::default(), drop_name: false, values }]))
}

pub fn time(eval: &Eval, _: &Call, _: &Span) -> Result<Value, Error> {
    Ok(Value::Scalar(eval.times.iter().map(|time| *time as f64 / 1e3).collect()))
}

pub fn pi(eval: &Eval, _: &Call, _: &Span) -> Result<Value, Error> {
    Ok(Value::Scalar(vec![std::f64::consts::PI; eval.steps()]))
}

/// Start of the whole query, also inside of a subquery; so are `end`, `range` and `step`.
pub fn start(eval: &Eval, _: &Call, _: &Span) -> Result<Value, Error> {
    Ok(seconds(eval, eval.shared.query.start))
}

pub fn end(eval: &Eval, _: &Call, _: &Span) -> Result<Value, Error> {
    Ok(seconds(eval, eval.shared.query.end))
}

pub fn range(eval: &Eval, _: &Call, _: &Span) -> Result<Value, Error> {
    Ok(seconds(eval, eval.shared.query.end - eval.shared.query.start))
}

pub fn step(eval: &Eval, _: &Call, _: &Span) -> Result<Value, Error> {
    Ok(seconds(eval, eval.shared.query.step))
}

fn seconds(eval: &Eval, ms: i64) -> Value {
    Value::Scalar(vec![ms as f64 / 1e3; eval.steps()])
}

pub fn max_of(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    of_two(eval, call, larger)
}

pub fn min_of(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    of_two(eval, call, smaller)
}

fn of_two(eval: &Eval, call: &Call, pick: fn(f64, f64) -> f64) -> Result<Value, Error> {
    let (a, b) = (eval.scalar(&call.args[0])?, eval.scalar(&call.args[1])?);
    Ok(Value::Scalar(a.into_iter().zip(b).map(|(a, b)| pick(a, b)).collect()))
}

/// As Go's `math.Max`: NaN if either is, but +Inf is larger even than that, and 0 larger than -0.
fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        return f64::INFINITY;
    }
    if a.is_nan() || b.is_nan() {
        return f64::NAN;
    }
    if a == 0.0 && b == 0.0 {
        return if a.is_sign_negative() { b } else { a };
    }
    a.max(b)
}

fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}

/// Of a selector the time of the sample itself, of anything else the time of the evaluation.
pub fn timestamp(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    if let ExprKind::Vector(selector) = &call.args[0].unwrapped().kind {
        let mut vector = eval.select_instant(selector, |point| Sample::Float(point.time_ms as f64 / 1e3))?;
        vector.iter_mut().for_each(|series| series.drop_name = true);
        return Ok(Value::Vector(vector));
    }
    let mut vector = eval.vector(&call.args[0])?;
    for series in &mut vector {
        for (cell, time) in series.values.iter_mut().zip(&eval.times) {
            *cell = cell.take().map(|_| Sample::Float(*time as f64 / 1e3));
        }
        series.drop_name = true;
    }
    Ok(Value::Vector(vector))
}

/// When the counter of each sample began, 0 where that is not known. Only a selector can tell.
pub fn start_timestamp(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let ExprKind::Vector(selector) = &call.args[0].unwrapped().kind else {
        eval.vector(&call.args[0])?;
        return Ok(Value::Vector(Vec::new()));
    };
    let mut vector = eval.select_instant(selector, |point| Sample::Float(point.start_ms as f64 / 1e3))?;
    vector.iter_mut().for_each(|series| series.drop_name = true);
    Ok(Value::Vector(vector))
}
