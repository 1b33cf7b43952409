//! Aggregations that make one sample of a group: sum, avg, min, max, count, group, stddev, stdvar,
//! quantile.

use super::Groups;
use crate::Error;
use crate::promql::ast::{Aggregate, AggregateOp};
use crate::promql::eval::Eval;
use crate::promql::histogram::{Histogram, ResetHint};
use crate::promql::stats;
use crate::promql::value::{Sample, Series, kahan_add};
use std::sync::Arc;

pub fn eval(eval: &Eval, aggregate: &Aggregate) -> Result<Vec<Series>, Error> {
    let param = match &aggregate.param {
        Some(param) => {
            let values = eval.scalar(param)?;
            if aggregate.op == AggregateOp::Quantile {
                for wrong in values.iter().filter(|q| !(0.0..=1.0).contains(*q)) {
                    eval.annotations.invalid_quantile(&param.span, *wrong);
                }
            }
            values
        }
        None => Vec::new(),
    };
    let vector = eval.vector(&aggregate.expr)?;
    let groups = Groups::of(&vector, &aggregate.grouping);
    let mut out = Vec::with_capacity(groups.labels.len());
    let mut members = Vec::new();
    for (labels, places) in groups.labels.into_iter().zip(&groups.members) {
        eval.check()?;
        let mut values = Vec::with_capacity(eval.steps());
        for step in 0..eval.steps() {
            members.clear();
            members.extend(places.iter().filter_map(|at| vector[*at].values[step].as_ref()));
            let fold = Fold { eval, aggregate, metric: vector[places[0]].labels.metric_name() };
            values.push(if members.is_empty() {
                None
            } else {
                fold.step(&members, param.get(step).copied().unwrap_or_default())
            });
        }
        if values.iter().any(Option::is_some) {
            out.push(Series { labels, drop_name: vector[places[0]].drop_name, values });
        }
    }
    Ok(out)
}

struct Fold<'a> {
    eval: &'a Eval<'a>,
    aggregate: &'a Aggregate,
    metric: &'a str,
}

impl Fold<'_> {
    /// Folds the samples of one group at one step; there is at least one.
    fn step(&self, members: &[&Sample], param: f64) -> Option<Sample> {
        match self.aggregate.op {
            AggregateOp::Count => return Some(Sample::Float(members.len() as f64)),
            AggregateOp::Group => return Some(Sample::Float(1.0)),
            AggregateOp::Sum | AggregateOp::Avg => return self.sum_or_avg(members),
            _ => {}
        }
        if members.iter().any(|sample| sample.float().is_none()) {
            let name = self.aggregate.op.name();
            let text = format!("ignored histogram in {name} aggregation");
            self.eval.annotations.info(&self.aggregate.expr.span, text);
        }
        let mut floats = members.iter().filter_map(|sample| sample.float()).peekable();
        floats.peek()?;
        let better = |a: f64, b: f64, wins: bool| if wins || a.is_nan() { b } else { a };
        Some(Sample::Float(match self.aggregate.op {
            AggregateOp::Min => floats.reduce(|a, b| better(a, b, b < a))?,
            AggregateOp::Max => floats.reduce(|a, b| better(a, b, b > a))?,
            AggregateOp::Stdvar => stats::variance(floats),
            AggregateOp::Stddev => stats::variance(floats).sqrt(),
            AggregateOp::Quantile => stats::quantile(param, &mut floats.collect::<Vec<_>>()),
            _ => return None,
        }))
    }

    fn sum_or_avg(&self, members: &[&Sample]) -> Option<Sample> {
        let histograms: Vec<&Arc<Histogram>> = members
            .iter()
            .filter_map(|sample| match sample {
                Sample::Histogram(histogram) => Some(histogram),
                Sample::Float(_) => None,
            })
            .collect();
        let average = self.aggregate.op == AggregateOp::Avg;
        if histograms.is_empty() {
            let floats = members.iter().filter_map(|sample| sample.float());
            return Some(Sample::Float(if average { stats::mean(floats) } else { sum(floats) }));
        }
        let place = &self.aggregate.expr.span;
        if histograms.len() < members.len() {
            self.eval.annotations.warn(place, "encountered a mix of histograms and floats for aggregation");
            return None;
        }
        let mut total = self.histogram_sum(&histograms)?;
        if average {
            total.divide(histograms.len() as f64);
        }
        total.compact();
        Some(Sample::Histogram(Arc::new(total)))
    }

    fn histogram_sum(&self, histograms: &[&Arc<Histogram>]) -> Option<Histogram> {
        let (annotations, place) = (self.eval.annotations, &self.aggregate.expr.span);
        let has = |hint| histograms.iter().any(|histogram| histogram.hint == hint);
        if has(ResetHint::Reset) && has(ResetHint::NoReset) {
            annotations.reset_collision(place, "aggregation");
        }
        let mut total = (**histograms[0]).clone();
        for histogram in &histograms[1..] {
            match total.add(histogram) {
                Ok(combined) if combined.bounds_reconciled => {
                    annotations.bounds_reconciled(place, "aggregation")
                }
                Ok(_) => {}
                Err(_) => {
                    annotations.mixed_schemas(place, self.metric);
                    return None;
                }
            }
        }
        Some(total)
    }
}

fn sum(floats: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0, 0.0);
    floats.for_each(|value| kahan_add(value, &mut sum, &mut lost));
    sum + lost
}
