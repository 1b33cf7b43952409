//! Types: what each operator, function and aggregation may be given. The messages are Prometheus'.

use super::lex::wrong;
use crate::Error;
use crate::promql::ast::*;

pub fn check(expr: &Expr) -> Result<(), Error> {
    match &expr.kind {
        ExprKind::Vector(selector) if selector.mode != RangeMode::Plain => {
            Err(wrong("anchored and smoothed are only implemented for range selectors", expr.span.start))
        }
        ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Vector(_) | ExprKind::Matrix(..) => Ok(()),
        ExprKind::Paren(inner) => check(inner),
        ExprKind::Negate(inner) => {
            check(inner)?;
            match inner.value_type() {
                ValueType::Scalar | ValueType::Vector => Ok(()),
                other => Err(wrong(
                    format!(
                        "unary expression only allowed on expressions of type scalar or instant vector, got {:?}",
                        other.name()
                    ),
                    expr.span.start,
                )),
            }
        }
        ExprKind::Binary(binary) => check_binary(binary, expr.span.start),
        ExprKind::Aggregate(aggregate) => check_aggregate(aggregate),
        ExprKind::Call(call) => check_call(call, expr.span.start),
        ExprKind::Subquery(subquery) => {
            check(&subquery.expr)?;
            expect(&subquery.expr, ValueType::Vector, "subquery")
        }
    }
}

fn expect(expr: &Expr, wanted: ValueType, place: &str) -> Result<(), Error> {
    let found = expr.value_type();
    if found == wanted {
        return Ok(());
    }
    let message = format!("expected type {} in {place}, got {}", wanted.name(), found.name());
    Err(wrong(message, expr.span.start))
}

fn check_binary(binary: &Binary, at: usize) -> Result<(), Error> {
    check(&binary.lhs)?;
    check(&binary.rhs)?;
    let (lhs, rhs) = (binary.lhs.value_type(), binary.rhs.value_type());
    for side in [&binary.lhs, &binary.rhs] {
        if !matches!(side.value_type(), ValueType::Scalar | ValueType::Vector) {
            let message = "binary expression must contain only scalar and instant vector types";
            return Err(wrong(message, side.span.start));
        }
    }
    let scalars = lhs == ValueType::Scalar && rhs == ValueType::Scalar;
    if scalars && binary.op.is_comparison() && !binary.bool {
        return Err(wrong("comparisons between scalars must use BOOL modifier", at));
    }
    let both_vectors = lhs == ValueType::Vector && rhs == ValueType::Vector;
    if binary.op.is_set() && !both_vectors {
        let message =
            format!("set operator {:?} not allowed in binary scalar expression", binary.op.symbol());
        return Err(wrong(message, at));
    }
    let matching = &binary.matching;
    let grouped = matches!(matching.card, Cardinality::ManyToOne | Cardinality::OneToMany);
    if !both_vectors && (!matching.labels.is_empty() || matching.on || grouped) {
        return Err(wrong("vector matching only allowed between instant vectors", at));
    }
    if !both_vectors && (matching.fill_left.is_some() || matching.fill_right.is_some()) {
        return Err(wrong("filling in missing series only allowed between instant vectors", at));
    }
    Ok(())
}

fn check_aggregate(aggregate: &Aggregate) -> Result<(), Error> {
    check(&aggregate.expr)?;
    expect(&aggregate.expr, ValueType::Vector, "aggregation expression")?;
    if let (Some(param), Some(wanted)) = (&aggregate.param, aggregate.op.param_type()) {
        check(param)?;
        expect(param, wanted, "aggregation parameter")?;
    }
    Ok(())
}

fn check_call(call: &Call, at: usize) -> Result<(), Error> {
    let function = call.function;
    let (least, most) = function.arity();
    let count = call.args.len();
    let name = function.name;
    if count < least || most.is_some_and(|most| count > most) {
        let wanted = match most {
            Some(most) if most == least => format!("expected {least} argument(s)"),
            Some(most) if count > most => format!("expected at most {most} argument(s)"),
            _ => format!("expected at least {least} argument(s)"),
        };
        return Err(wrong(format!("{wanted} in call to {name:?}, got {count}"), at));
    }
    for (i, arg) in call.args.iter().enumerate() {
        check(arg)?;
        expect(arg, function.arg_type(i), &format!("call to function {name:?}"))?;
    }
    Ok(())
}
