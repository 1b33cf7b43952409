//! Types: what each operator, function and aggregation may be given. The messages are Prometheus'.

use super::lex::wrong;
use crate::Error;
use crate::promql::ast::*;

pub fn check(expr: &Expr) -> Result<(), Error> {
    match &expr.kind {
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
            let found = match subquery.expr.value_type() {
                ValueType::Vector => return Ok(()),
                ValueType::Scalar => "scalar",
                ValueType::Matrix => "matrix",
                ValueType::Text => "string",
            };
            let message = format!("subquery is only allowed on instant vector, got {found} instead");
            Err(wrong(message, expr.span.start))
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
        return Err(wrong("comparisons between scalars must use BOOL modifier", binary.op_at));
    }
    let both_vectors = lhs == ValueType::Vector && rhs == ValueType::Vector;
    if binary.op.is_set() && !both_vectors {
        let message =
            format!("set operator {:?} not allowed in binary scalar expression", binary.op.symbol());
        return Err(wrong(message, at));
    }
    let matching = &binary.matching;
    if !both_vectors && !matching.labels.is_empty() {
        return Err(wrong("vector matching only allowed between instant vectors", at));
    }
    let filled = matching.fill_left.is_some() || matching.fill_right.is_some();
    if !both_vectors && filled {
        return Err(wrong("filling in missing series only allowed between instant vectors", at));
    }
    if binary.op.is_set() && matching.grouped.is_some() {
        let message = format!("no grouping allowed for {:?} operation", binary.op.symbol());
        return Err(wrong(message, at));
    }
    if binary.op.is_set() && filled {
        return Err(wrong("filling in missing series not allowed for set operators", at));
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
    if name == "info"
        && let Some(arg) = call.args.get(1)
    {
        check_info(arg, at)?;
    }
    for (i, arg) in call.args.iter().enumerate() {
        check(arg)?;
        expect(arg, function.arg_type(i), &format!("call to function {name:?}"))?;
    }
    Ok(())
}

/// The second argument of `info` only selects labels.
fn check_info(arg: &Expr, at: usize) -> Result<(), Error> {
    if arg.value_type() != ValueType::Vector {
        let found = arg.value_type().name();
        let message = format!("expected type instant vector in call to function \"info\", got {found}");
        return Err(wrong(message, at));
    }
    match &arg.kind {
        ExprKind::Vector(selector) if !selector.named => Ok(()),
        ExprKind::Vector(_) => {
            let message = "expected label selectors only, got vector selector instead";
            Err(wrong(message, arg.span.start))
        }
        _ => Err(wrong("expected label selectors only", arg.span.start)),
    }
}
