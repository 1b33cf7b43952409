//! What columns, bounds and bloom filters can say of a query before a trace is read.
//!
//! A filter made here lets every span pass that its expression holds on, and perhaps others. What
//! it can't say exactly is evaluated on the rows that are left, as long as one span alone tells.

use super::ast::{
    Attribute, Compare, Constant, Expr, ExprKind, Intrinsic, Pipeline, Scope, Spanset, SpansetOp, Stage, What,
};
use super::eval::ExprTest;
use crate::logs::filter::id::{IdTest, parse_hex};
use crate::logs::filter::value::{Scalar, ValueTest};
use crate::logs::filter::{Filter, Leaf};
use crate::logs::language::Op;
use std::sync::Arc;

/// What a trace must have to match.
#[derive(Clone, Debug)]
pub struct Narrowed {
    /// Every span of an answer passes this.
    pub answer: Filter,
    /// A trace that matches has for each of these a span that passes.
    pub required: Vec<Filter>,
    /// A trace matches when one of its spans passes `answer`.
    pub exact: bool,
}

pub fn pipeline(pipeline: &Pipeline) -> Narrowed {
    let Some(Stage::Spanset(first)) = pipeline.0.first() else {
        return Narrowed { answer: Filter::All, required: Vec::new(), exact: false };
    };
    let mut narrowed = spanset(first);
    narrowed.exact &= pipeline.0[1..]
        .iter()
        .all(|stage| matches!(stage, Stage::By(_) | Stage::Coalesce | Stage::Select(_)));
    narrowed
}

fn spanset(spanset_: &Spanset) -> Narrowed {
    match spanset_ {
        Spanset::Filter(expr) => {
            let (answer, exact) = spans(expr);
            Narrowed { answer: answer.clone(), required: vec![answer], exact }
        }
        Spanset::Pipeline(inner) => pipeline(inner),
        Spanset::Binary(left, operator, right) => {
            let (left, right) = (spanset(left), spanset(right));
            let both = || Filter::Or(vec![left.answer.clone(), right.answer.clone()]);
            match operator {
                SpansetOp::Or => {
                    let exact = left.exact && right.exact;
                    Narrowed { answer: both(), required: vec![both()], exact }
                }
                SpansetOp::Related { negated: true, .. } => Narrowed { exact: false, ..right },
                SpansetOp::And | SpansetOp::Related { union: true, .. } => {
                    let answer = both();
                    let required = left.required.into_iter().chain(right.required).collect();
                    Narrowed { answer, required, exact: false }
                }
                SpansetOp::Related { .. } => {
                    let required = right.required.into_iter().chain(left.required).collect();
                    Narrowed { answer: right.answer, required, exact: false }
                }
            }
        }
    }
}

/// A filter for the spans on which an expression holds, and whether it lets no others pass.
pub fn spans(expr: &Expr) -> (Filter, bool) {
    let (narrowed, exact) = of_expr(expr);
    if exact {
        return (narrowed, true);
    }
    match ExprTest::new(expr) {
        Some(test) => (Filter::And(vec![narrowed, Filter::Rows(Arc::new(test))]), true),
        None => (narrowed, false),
    }
}

/// What is known without evaluating, and whether it is all.
fn of_expr(expr: &Expr) -> (Filter, bool) {
    match &expr.kind {
        ExprKind::Constant(Constant::Bool(true)) => (Filter::All, true),
        ExprKind::Constant(Constant::Bool(false)) => (Filter::Or(Vec::new()), true),
        ExprKind::And(left, right) => both(left, right, Filter::And),
        ExprKind::Or(left, right) => both(left, right, Filter::Or),
        ExprKind::Compare(left, compare, right) => match (&left.kind, &right.kind) {
            (ExprKind::Attribute(attribute), ExprKind::Constant(constant)) => {
                comparison(attribute, *compare, constant)
            }
            (ExprKind::Constant(constant), ExprKind::Attribute(attribute)) => {
                comparison(attribute, compare.flipped(), constant)
            }
            _ => (Filter::All, false),
        },
        ExprKind::Regex { value, regex, negated, .. } => match &value.kind {
            ExprKind::Attribute(attribute) => {
                let test = if *negated { ValueTest::Exists } else { ValueTest::Regex(regex.clone()) };
                (on(attribute, test).unwrap_or(Filter::All), false)
            }
            _ => (Filter::All, false),
        },
        ExprKind::Attribute(attribute) => (on(attribute, ValueTest::Exists).unwrap_or(Filter::All), false),
        _ => (Filter::All, false),
    }
}

fn both(left: &Expr, right: &Expr, join: fn(Vec<Filter>) -> Filter) -> (Filter, bool) {
    let ((left, left_exact), (right, right_exact)) = (of_expr(left), of_expr(right));
    let mut filters = vec![left, right];
    filters.sort_by_key(Filter::cost);
    (join(filters), left_exact && right_exact)
}

fn comparison(attribute: &Attribute, compare: Compare, constant: &Constant) -> (Filter, bool) {
    let unknown = (Filter::All, false);
    if attribute.of_parent {
        return unknown;
    }
    let equals = |text: &str| ValueTest::Equals(Scalar::new(text));
    match (&attribute.what, compare, constant) {
        (What::Intrinsic(Intrinsic::Duration), compare, Constant::Duration(ns) | Constant::Int(ns)) => {
            match bounds(compare, *ns) {
                Some((low, high)) => (Filter::Leaf(Leaf::Duration { low, high }), true),
                None => unknown,
            }
        }
        (What::Intrinsic(Intrinsic::Status), Compare::Equal, Constant::Status(n)) => {
            (Filter::Leaf(Leaf::Number { column: "status_code", test: equals(&n.to_string()) }), true)
        }
        (What::Intrinsic(Intrinsic::Kind), Compare::Equal, Constant::Kind(n)) => {
            (Filter::Leaf(Leaf::Number { column: "kind", test: equals(&n.to_string()) }), true)
        }
        (What::Intrinsic(Intrinsic::Name), Compare::Equal, Constant::Text(name)) => {
            (Filter::Leaf(Leaf::Column { column: "name", test: equals(name) }), true)
        }
        (What::Key(Scope::Resource, key), Compare::Equal, Constant::Text(service))
            if key == super::eval::SERVICE =>
        {
            (Filter::Leaf(Leaf::Service(equals(service))), true)
        }
        (What::Intrinsic(Intrinsic::TraceId), Compare::Equal, Constant::Text(id)) => {
            id_is("trace_id", 16, id)
        }
        (What::Intrinsic(Intrinsic::SpanId), Compare::Equal, Constant::Text(id)) => id_is("span_id", 8, id),
        (_, compare, constant) => match value_test(compare, constant) {
            Some(test) => (on(attribute, test).unwrap_or(Filter::All), false),
            None => unknown,
        },
    }
}

/// Lowest and highest whole number for which a comparison holds.
fn bounds(compare: Compare, n: i64) -> Option<(i64, i64)> {
    Some(match compare {
        Compare::Equal => (n, n),
        Compare::Less => (i64::MIN, n.checked_sub(1)?),
        Compare::LessOrEqual => (i64::MIN, n),
        Compare::Greater => (n.checked_add(1)?, i64::MAX),
        Compare::GreaterOrEqual => (n, i64::MAX),
        Compare::NotEqual => return None,
    })
}

/// Ids are compared as lowercase text, so that other text is no id at all.
fn id_is(column: &'static str, bytes: usize, text: &str) -> (Filter, bool) {
    let is_lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    match parse_hex(text).filter(|id| id.len() == bytes && is_lower) {
        Some(id) => (Filter::Leaf(Leaf::Id { column, test: IdTest::Equals(id) }), true),
        None => (Filter::Or(Vec::new()), true),
    }
}

/// A test that every value passes for which the comparison holds; `None` where nothing can be said.
fn value_test(compare: Compare, constant: &Constant) -> Option<ValueTest> {
    let scalar = match constant {
        // What is not there is asked for.
        Constant::Nil => return (compare == Compare::NotEqual).then_some(ValueTest::Exists),
        Constant::Int(n) => Scalar::new(&n.to_string()),
        Constant::Float(n) if n.is_finite() => Scalar::new(&n.to_string()),
        Constant::Bool(flag) if compare == Compare::Equal => Scalar::new(&flag.to_string()),
        Constant::Text(text) if compare == Compare::Equal => Scalar::new(text),
        _ => return Some(ValueTest::Exists),
    };
    Some(match compare {
        Compare::Equal => ValueTest::Equals(scalar),
        Compare::NotEqual => ValueTest::Exists,
        Compare::Less => ValueTest::Compare(Op::Less, scalar),
        Compare::LessOrEqual => ValueTest::Compare(Op::LessOrEqual, scalar),
        Compare::Greater => ValueTest::Compare(Op::Greater, scalar),
        Compare::GreaterOrEqual => ValueTest::Compare(Op::GreaterOrEqual, scalar),
    })
}

/// A test of an attribute's value; `None` for what is no attribute of the row or its resource.
fn on(attribute: &Attribute, test: ValueTest) -> Option<Filter> {
    if attribute.of_parent {
        return None;
    }
    let leaf = match &attribute.what {
        // Spans without a service have one that no attribute tells.
        What::Key(Scope::Any | Scope::Resource, key) if key == super::eval::SERVICE => return None,
        What::Key(Scope::Span, key) => Leaf::Attribute { key: key.clone(), test, or_resource: false },
        What::Key(Scope::Any, key) => Leaf::Attribute { key: key.clone(), test, or_resource: true },
        What::Key(Scope::Resource, key) => Leaf::Resource { key: key.clone(), test },
        // What is empty is there all the same.
        What::Intrinsic(_) if matches!(test, ValueTest::Exists) => return None,
        What::Intrinsic(Intrinsic::Name) => Leaf::Column { column: "name", test },
        What::Intrinsic(Intrinsic::StatusMessage) => Leaf::Column { column: "status_message", test },
        _ => return None,
    };
    Some(Filter::Leaf(leaf))
}
