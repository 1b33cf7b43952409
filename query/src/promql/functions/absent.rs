//! `absent` and `absent_over_time`: 1 where nothing is found.

use crate::Error;
use crate::promql::ast::{Call, Expr, ExprKind, Span};
use crate::promql::eval::Eval;
use crate::promql::labels::{Labels, METRIC_NAME};
use crate::promql::ranges::{check_mode, mode_of};
use crate::promql::select::MatchOp;
use crate::promql::value::{Sample, Series, Value};

pub fn absent(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    let vector = eval.vector(&call.args[0])?;
    let seen = |step: usize| vector.iter().any(|series| series.values[step].is_some());
    Ok(inverted(eval, &call.args[0], seen))
}

pub fn absent_over_time(eval: &Eval, call: &Call, _: &Span) -> Result<Value, Error> {
    check_mode(call.function.name, mode_of(&call.args[0]))?;
    let mut seen = vec![false; eval.steps()];
    eval.for_each_window(&call.args[0], |step, window| {
        seen[step] |= !window.is_empty();
        Ok(())
    })?;
    Ok(inverted(eval, &call.args[0], |step| seen[step]))
}

fn inverted(eval: &Eval, arg: &Expr, seen: impl Fn(usize) -> bool) -> Value {
    let values: Vec<_> = (0..eval.steps()).map(|step| (!seen(step)).then_some(Sample::Float(1.0))).collect();
    if values.iter().all(Option::is_none) {
        return Value::Vector(Vec::new());
    }
    Value::Vector(vec![Series { labels: labels_of(arg), drop_name: false, values }])
}

/// The labels that a selector pins with `=`, each named once.
pub fn labels_of(arg: &Expr) -> Labels {
    let selector = match &arg.unwrapped().kind {
        ExprKind::Vector(selector) | ExprKind::Matrix(selector, _) => selector,
        _ => return Labels::default(),
    };
    let mut pinned: Vec<(&str, &str)> = Vec::new();
    let mut conflicting = Vec::new();
    for matcher in selector.matchers.iter().filter(|matcher| matcher.name != METRIC_NAME) {
        let known = pinned.iter().any(|(name, _)| *name == matcher.name);
        if matcher.op == MatchOp::Equal && !known {
            pinned.push((&matcher.name, &matcher.value));
        } else {
            conflicting.push(matcher.name.as_str());
        }
    }
    Labels::new(pinned.into_iter().filter(|(name, _)| !conflicting.contains(name)))
}
