//! Evaluation on several cores.
//!
//! What an expression gives at one step does not depend on other steps, unless its parts are joined or
//! ordered by what they have at any step. So each core evaluates a part of the steps over all series: sums are
//! added up in the order of the series still, and are the same to the last bit.

use super::ast::*;
use super::eval::{Eval, Shared};
use super::functions::Run;
use super::labels::Labels;
use super::plan::is_constant;
use super::select::StoredSeries;
use super::value::{Series, Value};
use crate::Error;
use crate::cores;
use std::collections::HashMap;
use std::ops::Range;

/// Samples and cells below which a second thread costs more than it saves. Tests have few, and are to split all.
const WORTH: usize = if cfg!(test) { 1 } else { 100_000 };
/// A histogram is as much work as so many floats.
const HISTOGRAM_WORK: usize = 16;
/// Functions on their own terms that look at one step at a time, and keep series apart.
const STEPWISE: [&str; 9] = [
    "clamp",
    "clamp_max",
    "clamp_min",
    "histogram_fraction",
    "histogram_quantile",
    "round",
    "scalar",
    "time",
    "vector",
];

/// The value of a whole query's expression.
pub fn eval(whole: &Eval, expr: &Expr) -> Result<Value, Error> {
    let parts = cores::parts(work(whole), WORTH).min(whole.steps());
    if parts < 2 || is_constant(expr) || !splits(expr) {
        return whole.eval(expr);
    }
    let ranges: Vec<Range<usize>> =
        (0..parts).map(|at| whole.steps() * at / parts..whole.steps() * (at + 1) / parts).collect();
    let (shared, annotations, times) = (whole.shared, whole.annotations, &whole.times);
    let values = cores::each(ranges.iter().collect(), |steps: &Range<usize>| {
        let eval = Eval::new(shared, annotations, times[steps.clone()].to_vec());
        Ok((eval.eval(expr)?, eval.touched.into_steps()))
    })?;
    let mut joined = Joined::new(whole.steps());
    for ((value, touched), steps) in values.into_iter().zip(&ranges) {
        whole.touched.add_part(steps.start, &touched);
        joined.add(value, steps.start);
    }
    Ok(joined.finish())
}

/// Samples that are looked at, and cells that are made of them.
fn work(eval: &Eval) -> usize {
    if eval.steps() < 2 {
        return 0;
    }
    let Shared { data, .. } = eval.shared;
    let of_series = data.iter().flatten().map(|StoredSeries { samples, .. }| {
        samples.floats.len() + samples.histograms.len() * HISTOGRAM_WORK + eval.steps()
    });
    of_series.sum()
}

/// Whether parts of the steps can be evaluated on their own.
fn splits(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Aggregate(aggregate) => {
            let number =
                |param: &Expr| matches!(param.unwrapped().kind, ExprKind::Number(_) | ExprKind::Text(_));
            keeps_order(&aggregate.expr) && aggregate.param.as_ref().is_none_or(number)
        }
        ExprKind::Paren(inner) | ExprKind::Negate(inner) => splits(inner),
        ExprKind::Binary(binary) => !binary.op.is_set() && splits(&binary.lhs) && splits(&binary.rhs),
        ExprKind::Call(call) if matches!(call.function.run, Run::Range(_) | Run::RangeNamed(_)) => {
            call.args.iter().all(keeps_order)
        }
        ExprKind::Call(call) => {
            let stepwise = match call.function.run {
                Run::Whole(_) => STEPWISE.contains(&call.function.name) && quantile_is_a_number(call),
                _ => true,
            };
            stepwise && call.args.iter().all(splits)
        }
        ExprKind::Vector(_) | ExprKind::Matrix(..) | ExprKind::Number(_) | ExprKind::Text(_) => true,
        ExprKind::Subquery(_) => false,
    }
}

/// Of quantiles that change over time only the farthest are told.
fn quantile_is_a_number(call: &Call) -> bool {
    let is_number = matches!(call.args.first().map(|arg| &arg.unwrapped().kind), Some(ExprKind::Number(_)));
    is_number || !call.function.name.starts_with("histogram_")
}

/// Whether series come in the order of what was selected, also where some of them are absent. Only then an
/// aggregation of them adds up in one order.
fn keeps_order(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Negate(inner) => keeps_order(inner),
        ExprKind::Call(call) => {
            !matches!(call.function.run, Run::Whole(_)) && call.args.iter().all(keeps_order)
        }
        ExprKind::Vector(_) | ExprKind::Matrix(..) | ExprKind::Number(_) => true,
        _ => false,
    }
}

/// The parts side by side, series by labels.
struct Joined {
    steps: usize,
    places: HashMap<Labels, usize>,
    value: Option<Value>,
}

impl Joined {
    fn new(steps: usize) -> Joined {
        Joined { steps, places: HashMap::new(), value: None }
    }

    /// The part that begins at the step `from`.
    fn add(&mut self, part: Value, from: usize) {
        match (&mut self.value, part) {
            (Some(Value::Scalar(all)), Value::Scalar(part)) => all.extend(part),
            (Some(Value::Vector(all)), Value::Vector(part)) => {
                part.into_iter().for_each(|series| append(all, &mut self.places, series, from));
            }
            (Some(_), _) => {}
            (none, Value::Vector(part)) => {
                let mut all = Vec::with_capacity(part.len());
                part.into_iter().for_each(|series| append(&mut all, &mut self.places, series, from));
                *none = Some(Value::Vector(all));
            }
            (none, part) => *none = Some(part),
        }
    }

    fn finish(self) -> Value {
        match self.value {
            Some(Value::Vector(mut vector)) => {
                vector.iter_mut().for_each(|series| series.values.resize(self.steps, None));
                Value::Vector(vector)
            }
            other => other.unwrap_or(Value::Vector(Vec::new())),
        }
    }
}

fn append(all: &mut Vec<Series>, places: &mut HashMap<Labels, usize>, series: Series, from: usize) {
    let new = all.len();
    let known = *places.entry(series.labels.clone()).or_insert(new);
    // Two of one part, which are equal as long as their names are not dropped, are not joined here.
    let known = all.get_mut(known).filter(|known| known.values.len() <= from);
    match known {
        Some(known) => {
            known.values.resize(from, None);
            known.values.extend(series.values);
        }
        None => {
            let mut values = vec![None; from];
            values.extend(series.values);
            all.push(Series { values, ..series });
        }
    }
}
