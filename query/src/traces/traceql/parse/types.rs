//! What kind of value an expression has, as far as the query tells: attributes may have any.

use super::Parsed;
use crate::logs::language::SyntaxError;
use crate::traces::traceql::ast::{Attribute, Compare, Constant, Expr, ExprKind, Intrinsic, What};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Any,
    Nil,
    Bool,
    Number,
    Text,
    Status,
    Kind,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Type::Any => "any value",
            Type::Nil => "nil",
            Type::Bool => "true or false",
            Type::Number => "a number or a duration",
            Type::Text => "text in quotes",
            Type::Status => "a status (error, ok, unset)",
            Type::Kind => "a kind (server, client, internal, producer, consumer, unspecified)",
        }
    }
}

pub fn of(expr: &Expr) -> Type {
    match &expr.kind {
        ExprKind::Constant(constant) => match constant {
            Constant::Nil => Type::Nil,
            Constant::Bool(_) => Type::Bool,
            Constant::Int(_) | Constant::Float(_) | Constant::Duration(_) => Type::Number,
            Constant::Text(_) => Type::Text,
            Constant::Status(_) => Type::Status,
            Constant::Kind(_) => Type::Kind,
        },
        ExprKind::Attribute(attribute) => of_attribute(attribute),
        ExprKind::Negative(_) | ExprKind::Arithmetic(..) => Type::Number,
        ExprKind::Not(_)
        | ExprKind::And(..)
        | ExprKind::Or(..)
        | ExprKind::Compare(..)
        | ExprKind::Regex { .. } => Type::Bool,
    }
}

fn of_attribute(attribute: &Attribute) -> Type {
    let What::Intrinsic(intrinsic) = attribute.what else { return Type::Any };
    match intrinsic {
        Intrinsic::Duration
        | Intrinsic::TraceDuration
        | Intrinsic::EventTimeSinceStart
        | Intrinsic::ChildCount
        | Intrinsic::NestedSetLeft
        | Intrinsic::NestedSetRight
        | Intrinsic::NestedSetParent => Type::Number,
        Intrinsic::Status => Type::Status,
        Intrinsic::Kind => Type::Kind,
        // Only there or not there.
        Intrinsic::Parent => Type::Nil,
        _ => Type::Text,
    }
}

pub fn must_be_bool(expr: &Expr, of_what: &str) -> Parsed<()> {
    match of(expr) {
        Type::Bool | Type::Any => Ok(()),
        found => Err(SyntaxError::new(
            expr.at.start,
            format!("{of_what} needs something that is true or false, and this is {}", found.name()),
        )),
    }
}

pub fn must_be_number(expr: &Expr, of_what: &str) -> Parsed<()> {
    match of(expr) {
        Type::Number | Type::Any => Ok(()),
        found => Err(SyntaxError::new(
            expr.at.start,
            format!("{of_what} needs a number or a duration, and this is {}", found.name()),
        )),
    }
}

pub fn comparable(left: &Expr, compare: Compare, right: &Expr) -> Parsed<()> {
    let (of_left, of_right) = (of(left), of(right));
    let is_order = !matches!(compare, Compare::Equal | Compare::NotEqual);
    if of_left == Type::Nil || of_right == Type::Nil {
        return match is_order {
            true => Err(SyntaxError::new(right.at.start, "nil is neither less nor greater; use = or !=")),
            false => Ok(()),
        };
    }
    if of_left != of_right && of_left != Type::Any && of_right != Type::Any {
        let message = format!("this is compared with {}, and must be that too", of_left.name());
        return Err(SyntaxError::new(right.at.start, message));
    }
    let unordered = |found: Type| matches!(found, Type::Bool | Type::Status | Type::Kind);
    if is_order && (unordered(of_left) || unordered(of_right)) {
        let found = if unordered(of_left) { of_left } else { of_right };
        let message = format!("{} is neither less nor greater; use = or !=", found.name());
        return Err(SyntaxError::new(right.at.start, message));
    }
    Ok(())
}
