//! An expression as the JSON tree that Prometheus' `parse_query` gives.

use super::ast::*;
use super::duration::DurationExpr;
use super::parse::parse;
use super::print::{is_plus, match_op, name, plain, without_plus};
use super::select::Matcher;
use crate::Error;
use serde_json::{Value, json};

pub fn tree(query: &str) -> Result<Value, Error> {
    Ok(Tree { query }.node(&parse(query)?))
}

struct Tree<'a> {
    query: &'a str,
}

impl Tree<'_> {
    fn node(&self, expr: &Expr) -> Value {
        if is_plus(self.query, expr) {
            return json!({ "type": "unaryExpr", "op": "+", "expr": self.node(&without_plus(expr)) });
        }
        match &expr.kind {
            ExprKind::Number(number) => json!({ "type": "numberLiteral", "val": plain(*number) }),
            ExprKind::Text(text) => json!({ "type": "stringLiteral", "val": text }),
            ExprKind::Paren(inner) => json!({ "type": "parenExpr", "expr": self.node(inner) }),
            ExprKind::Negate(inner) => json!({ "type": "unaryExpr", "op": "-", "expr": self.node(inner) }),
            ExprKind::Binary(binary) => json!({
                "type": "binaryExpr",
                "op": binary.op.symbol(),
                "lhs": self.node(&binary.lhs),
                "rhs": self.node(&binary.rhs),
                "matching": matching(binary),
                "bool": binary.bool,
            }),
            ExprKind::Aggregate(aggregate) => json!({
                "type": "aggregation",
                "op": aggregate.op.name(),
                "expr": self.node(&aggregate.expr),
                "param": aggregate.param.as_ref().map(|param| self.node(param)),
                "grouping": aggregate.grouping.labels,
                "without": aggregate.grouping.without,
            }),
            ExprKind::Call(call) => self.call_node(call),
            ExprKind::Vector(selector) => selector_node("vectorSelector", selector, None),
            ExprKind::Matrix(selector, range) => selector_node("matrixSelector", selector, Some(range)),
            ExprKind::Subquery(subquery) => {
                let (timestamp, start_or_end) = at(&subquery.time);
                json!({
                    "type": "subquery",
                    "expr": self.node(&subquery.expr),
                    "range": ms(Some(&subquery.range)),
                    "rangeExpr": computed(Some(&subquery.range)),
                    "offset": ms(subquery.time.offset.as_ref()),
                    "offsetExpr": computed(subquery.time.offset.as_ref()),
                    "step": ms(subquery.step.as_ref()),
                    "stepExpr": computed(subquery.step.as_ref()),
                    "timestamp": timestamp,
                    "startOrEnd": start_or_end,
                })
            }
        }
    }

    fn call_node(&self, call: &Call) -> Value {
        let function = call.function;
        let types: Vec<&str> = function.arg_types().iter().map(|kind| word(*kind)).collect();
        json!({
            "type": "call",
            "func": {
                "name": function.name,
                "argTypes": types,
                "variadic": function.variadic(),
                "returnType": word(function.returns),
            },
            "args": call.args.iter().map(|arg| self.node(arg)).collect::<Vec<_>>(),
        })
    }
}

/// Nothing where an operand is a scalar.
fn matching(binary: &Binary) -> Value {
    let is_vector = |expr: &Expr| expr.value_type() == ValueType::Vector;
    if !is_vector(&binary.lhs) || !is_vector(&binary.rhs) {
        return Value::Null;
    }
    let matching = &binary.matching;
    let card = match matching.card {
        Cardinality::OneToOne => "one-to-one",
        Cardinality::ManyToOne => "many-to-one",
        Cardinality::OneToMany => "one-to-many",
        Cardinality::ManyToMany => "many-to-many",
    };
    json!({
        "card": card,
        "labels": matching.labels,
        "on": matching.on,
        "include": matching.include,
        "fillValues": { "lhs": number(matching.fill_left), "rhs": number(matching.fill_right) },
    })
}

/// A whole number without a point, as Go writes it.
fn number(number: Option<f64>) -> Value {
    match number {
        Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => (whole as i64).into(),
        other => other.into(),
    }
}

fn word(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Scalar => "scalar",
        ValueType::Vector => "vector",
        ValueType::Matrix => "matrix",
        ValueType::Text => "string",
    }
}

fn selector_node(kind: &str, selector: &Selector, range: Option<&DurationExpr>) -> Value {
    let (timestamp, start_or_end) = at(&selector.time);
    let mut node = json!({
        "type": kind,
        "name": name(selector),
        "offset": ms(selector.time.offset.as_ref()),
        "offsetExpr": computed(selector.time.offset.as_ref()),
        "matchers": matchers(selector),
        "timestamp": timestamp,
        "startOrEnd": start_or_end,
        "anchored": selector.mode == RangeMode::Anchored,
        "smoothed": selector.mode == RangeMode::Smoothed,
    });
    if range.is_some() {
        node["range"] = ms(range).into();
        node["rangeExpr"] = computed(range);
    }
    node
}

/// The name's comes last, as in Prometheus.
fn matchers(selector: &Selector) -> Vec<Value> {
    let one = |matcher: &Matcher| json!({ "name": matcher.name, "value": matcher.value, "type": match_op(matcher.op) });
    let (named, others) = selector.matchers.split_at(usize::from(selector.named));
    others.iter().chain(named).map(one).collect()
}

fn at(time: &TimeShift) -> (Value, Value) {
    match time.at {
        None => (Value::Null, Value::Null),
        Some(At::Time(ms)) => (ms.into(), Value::Null),
        Some(At::Start) => (Value::Null, "start".into()),
        Some(At::End) => (Value::Null, "end".into()),
    }
}

/// 0 for what is computed when the query runs.
fn ms(duration: Option<&DurationExpr>) -> i64 {
    match duration {
        Some(DurationExpr::Ms(ms)) => *ms,
        _ => 0,
    }
}

fn computed(duration: Option<&DurationExpr>) -> Value {
    let Some(duration) = duration else { return Value::Null };
    match duration {
        DurationExpr::Ms(_) => Value::Null,
        DurationExpr::Placed(inner, _) => part(inner),
        other => part(other),
    }
}

fn part(duration: &DurationExpr) -> Value {
    let node = |op: &str, lhs: Value, rhs: Value| json!({ "type": "durationExpr", "op": op, "lhs": lhs, "rhs": rhs, "wrapped": false });
    match duration {
        DurationExpr::Ms(ms) => {
            json!({ "type": "numberLiteral", "val": plain(*ms as f64 / 1e3), "duration": true })
        }
        DurationExpr::Step => node("step", Value::Null, Value::Null),
        DurationExpr::Range => node("range", Value::Null, Value::Null),
        DurationExpr::Negate(inner) => node("-", Value::Null, part(inner)),
        DurationExpr::Placed(inner, _) => part(inner),
        DurationExpr::Op(op, left, right) => {
            let op = match op {
                b'<' => "min_of".to_owned(),
                b'>' => "max_of".to_owned(),
                other => char::from(*other).to_string(),
            };
            node(&op, part(left), part(right))
        }
    }
}
