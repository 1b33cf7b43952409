//! Aggregations that choose some series of a group and leave them as they are: topk, bottomk,
//! limitk, limit_ratio.

use super::{Groups, top};
use crate::Error;
use crate::promql::ast::{Aggregate, AggregateOp, Span};
use crate::promql::eval::Eval;
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, Series, format_general};

pub fn eval(eval: &Eval, aggregate: &Aggregate, span: &Span) -> Result<Vec<Series>, Error> {
    let params = match &aggregate.param {
        Some(param) => eval.scalar(param)?,
        None => return Err(Error::Internal("a parameter is missing".to_owned())),
    };
    let vector = eval.vector(&aggregate.expr)?;
    if !check_params(eval, aggregate, &params)? {
        return Ok(Vec::new());
    }
    let groups = Groups::of(&vector, &aggregate.grouping);
    let mut kept: Vec<Vec<Option<Sample>>> = vec![Vec::new(); vector.len()];
    let mut order = Vec::new();
    for members in &groups.members {
        eval.check()?;
        let chosen = chosen((eval, aggregate, span), &vector, members, &params);
        for (step, at) in
            chosen.into_iter().enumerate().flat_map(|(step, at)| at.into_iter().map(move |at| (step, at)))
        {
            if kept[at].is_empty() {
                kept[at] = vec![None; eval.steps()];
                order.push(at);
            }
            kept[at][step] = vector[at].values[step].clone();
        }
    }
    let result = |at: usize| Series {
        labels: vector[at].labels.clone(),
        drop_name: vector[at].drop_name,
        values: std::mem::take(&mut kept[at]),
    };
    Ok(order.into_iter().map(result).collect())
}

/// False where nothing can be chosen at any step: then the parameters are not looked at further.
fn check_params(eval: &Eval, aggregate: &Aggregate, params: &[f64]) -> Result<bool, Error> {
    let ratio = aggregate.op == AggregateOp::LimitRatio;
    if params.iter().any(|param| param.is_nan()) {
        let which = if ratio { "Ratio" } else { "Parameter" };
        return Err(Error::Execution(format!("{which} value is NaN")));
    }
    let largest = params.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let smallest = params.iter().copied().fold(f64::INFINITY, f64::min);
    if ratio {
        for (wrong, capped) in [(largest, 1.0), (smallest, -1.0)] {
            if wrong.abs() > 1.0 && wrong.signum() == capped {
                note_ratio(eval, aggregate, wrong, capped);
            }
        }
        return Ok(largest != 0.0 || smallest != 0.0);
    }
    if largest < 1.0 {
        return Ok(false);
    }
    let (text, bound) = (format_general, i64::MAX as f64);
    if smallest <= -bound {
        return Err(Error::Execution(format!("Scalar value {} underflows int64", text(smallest))));
    }
    if largest >= bound {
        return Err(Error::Execution(format!("Scalar value {} overflows int64", text(largest))));
    }
    Ok(true)
}

fn note_ratio(eval: &Eval, aggregate: &Aggregate, wrong: f64, capped: f64) {
    let text = format!(
        "ratio value should be between -1 and 1, got {}, capping to {}",
        format_general(wrong),
        format_general(capped)
    );
    if let Some(param) = &aggregate.param {
        eval.annotations.warn(&param.span, text);
    }
}

/// The members that stay at each step, in the order of the answer.
fn chosen(
    (eval, aggregate, span): (&Eval, &Aggregate, &Span),
    vector: &[Series],
    members: &[usize],
    params: &[f64],
) -> Vec<Vec<usize>> {
    let present = |step: usize| members.iter().copied().filter(move |at| vector[*at].values[step].is_some());
    let count = |param: &f64| if *param < 1.0 { 0 } else { *param as usize };
    match aggregate.op {
        AggregateOp::Limitk => params
            .iter()
            .enumerate()
            .map(|(step, param)| present(step).take(count(param)).collect())
            .collect(),
        AggregateOp::LimitRatio => {
            let is_in = |at: &usize, param: f64| in_ratio(&vector[*at].labels, param);
            let at_step =
                |(step, param): (usize, &f64)| present(step).filter(|at| is_in(at, *param)).collect();
            params.iter().enumerate().map(at_step).collect()
        }
        op => {
            let is_histogram = |cell: &Option<Sample>| matches!(cell, Some(Sample::Histogram(_)));
            if members.iter().any(|at| vector[*at].values.iter().any(is_histogram)) {
                let text = format!("ignored histogram in {} aggregation", op.name());
                eval.annotations.info(span, text);
            }
            let counts: Vec<usize> = params.iter().map(count).collect();
            top::best(vector, members, &counts, op == AggregateOp::Topk)
        }
    }
}

/// A share of the series by the hash of their labels; a negative ratio gives the other ones.
fn in_ratio(labels: &Labels, ratio: f64) -> bool {
    let place = labels.hash_64() as f64 / u64::MAX as f64;
    let ratio = ratio.clamp(-1.0, 1.0);
    if ratio >= 0.0 { place < ratio } else { place >= 1.0 + ratio }
}
