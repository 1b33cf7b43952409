//! Aggregations that make one sample of a group: sum, avg, min, max, count, group, stddev, stdvar,
//! quantile.

use super::{Groups, floats};
use crate::Error;
use crate::promql::ast::{Aggregate, AggregateOp, Span};
use crate::promql::eval::Eval;
use crate::promql::histogram::sum::Total;
use crate::promql::stats;
use crate::promql::value::{Sample, Series, kahan_add};
use std::sync::Arc;

pub fn eval(eval: &Eval, aggregate: &Aggregate) -> Result<Vec<Series>, Error> {
    let param = match &aggregate.param {
        Some(param) => {
            let values = eval.scalar(param)?;
            if aggregate.op == AggregateOp::Quantile {
                check_quantiles(eval, &param.span, &values);
            }
            values
        }
        None => Vec::new(),
    };
    let vector = eval.vector(&aggregate.expr)?;
    let groups = Groups::of(&vector, &aggregate.grouping);
    let mut out = Vec::with_capacity(groups.labels.len());
    let mut members = Vec::new();
    let fold = Fold { eval, aggregate };
    for (labels, places) in groups.labels.into_iter().zip(&groups.members) {
        eval.check()?;
        if let Some(values) = floats::fold(aggregate.op, &vector, places, eval.steps()) {
            // What it says of the name is said by the last step that has a value.
            let last = values.iter().rposition(Option::is_some);
            let unnamed =
                |at: &usize, step: usize| vector[*at].drop_name && vector[*at].values[step].is_some();
            if let Some(step) = last {
                out.push(Series { labels, drop_name: places.iter().any(|at| unnamed(at, step)), values });
            }
            continue;
        }
        let mut values = Vec::with_capacity(eval.steps());
        let mut drop_name = false;
        for step in 0..eval.steps() {
            members.clear();
            members.extend(places.iter().filter_map(|at| {
                let series = &vector[*at];
                Some(Member { sample: series.values[step].as_ref()?, series })
            }));
            let param = param.get(step).copied().unwrap_or_default();
            let value = if members.is_empty() { None } else { fold.step(&members, param) };
            if value.is_some() {
                drop_name = members.iter().any(|member| member.series.drop_name);
            }
            values.push(value);
        }
        if values.iter().any(Option::is_some) {
            out.push(Series { labels, drop_name, values });
        }
    }
    Ok(out)
}

/// Only the farthest quantiles of all steps are told.
fn check_quantiles(eval: &Eval, place: &Span, values: &[f64]) {
    if values.iter().any(|value| value.is_nan()) {
        return eval.annotations.invalid_quantile(place, f64::NAN);
    }
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    if largest > 1.0 {
        eval.annotations.invalid_quantile(place, largest);
    }
    if smallest < 0.0 {
        eval.annotations.invalid_quantile(place, smallest);
    }
}

/// A sample of one step, and whose it is.
struct Member<'a> {
    sample: &'a Sample,
    series: &'a Series,
}

struct Fold<'a> {
    eval: &'a Eval<'a>,
    aggregate: &'a Aggregate,
}

impl Fold<'_> {
    /// Folds the samples of one group at one step; there is at least one.
    fn step(&self, members: &[Member], param: f64) -> Option<Sample> {
        if matches!(self.aggregate.op, AggregateOp::Sum | AggregateOp::Avg) {
            return self.sum_or_avg(members);
        }
        if members.iter().any(|member| member.sample.float().is_none()) {
            let name = self.aggregate.op.name();
            let text = format!("ignored histogram in {name} aggregation");
            self.eval.annotations.info(&self.aggregate.expr.span, text);
        }
        let mut floats = members.iter().filter_map(|member| member.sample.float()).peekable();
        floats.peek()?;
        let better = |a: f64, b: f64, wins: bool| if wins || a.is_nan() { b } else { a };
        Some(Sample::Float(match self.aggregate.op {
            AggregateOp::Min => floats.reduce(|a, b| better(a, b, b < a))?,
            AggregateOp::Max => floats.reduce(|a, b| better(a, b, b > a))?,
            AggregateOp::Stdvar => stats::plain_variance(floats),
            AggregateOp::Stddev => stats::plain_variance(floats).sqrt(),
            AggregateOp::Quantile => stats::quantile(param, &mut floats.collect::<Vec<_>>()),
            _ => return None,
        }))
    }

    fn sum_or_avg(&self, members: &[Member]) -> Option<Sample> {
        let mean = self.aggregate.op == AggregateOp::Avg;
        let Sample::Histogram(first) = members[0].sample else {
            if members.iter().any(|member| member.sample.float().is_none()) {
                return self.mixed();
            }
            let floats = members.iter().filter_map(|member| member.sample.float());
            return Some(Sample::Float(if mean { stats::mean(floats) } else { sum(floats) }));
        };
        let (annotations, place) = (self.eval.annotations, &self.aggregate.expr.span);
        let mut total = if mean { Total::of_mean(first) } else { Total::of_sum(first) };
        let (mut has_float, mut fits) = (false, true);
        for member in &members[1..] {
            let Sample::Histogram(histogram) = member.sample else {
                has_float = true;
                continue;
            };
            if total.add(histogram).is_err() {
                annotations.mixed_schemas(place, member.series.labels.metric_name());
                fits = false;
                break;
            }
        }
        if total.bounds_reconciled {
            annotations.bounds_reconciled(place, "aggregation");
        }
        if has_float {
            return self.mixed();
        }
        if !fits {
            return None;
        }
        if total.hints_collide() {
            annotations.reset_collision(place, "aggregation");
        }
        let mut total = total.finish();
        total.compact();
        Some(Sample::Histogram(Arc::new(total)))
    }

    fn mixed(&self) -> Option<Sample> {
        let place = &self.aggregate.expr.span;
        self.eval.annotations.warn(place, "encountered a mix of histograms and floats for aggregation");
        None
    }
}

fn sum(floats: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0, 0.0);
    floats.for_each(|value| kahan_add(value, &mut sum, &mut lost));
    sum + lost
}
