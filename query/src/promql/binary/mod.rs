//! Binary operators.

mod element;
mod matching;
mod set;

use super::ast::{Binary, Span, ValueType};
use super::eval::Eval;
use super::value::{Sample, Series, Value};
use crate::Error;
use element::Operation;
pub use element::number;

pub fn eval(eval: &Eval, binary: &Binary, span: &Span) -> Result<Value, Error> {
    let (lhs, rhs) = (eval.eval(&binary.lhs)?, eval.eval(&binary.rhs)?);
    let operation = Operation { op: binary.op, bool: binary.bool, span, annotations: eval.annotations };
    match (lhs, rhs) {
        (Value::Scalar(_), Value::Scalar(_)) if binary.op.is_trim() => {
            let op = binary.op.symbol();
            Err(Error::Execution(format!("operator {op:?} not allowed for Scalar operations")))
        }
        (Value::Scalar(lhs), Value::Scalar(rhs)) => {
            let pairs = lhs.into_iter().zip(rhs);
            Ok(Value::Scalar(pairs.map(|(a, b)| number(binary.op, a, b)).collect()))
        }
        (Value::Vector(vector), Value::Scalar(numbers)) => {
            Ok(Value::Vector(with_scalar(&operation, vector, &numbers, false)))
        }
        (Value::Scalar(numbers), Value::Vector(vector)) => {
            Ok(Value::Vector(with_scalar(&operation, vector, &numbers, true)))
        }
        (Value::Vector(lhs), Value::Vector(rhs)) if binary.op.is_set() => {
            set::eval(binary, lhs, rhs).map(Value::Vector)
        }
        (Value::Vector(lhs), Value::Vector(rhs)) => {
            matching::eval(eval, &operation, &binary.matching, lhs, rhs).map(Value::Vector)
        }
        _ => Err(Error::Internal(format!(
            "operator {} on {} and {}",
            binary.op.symbol(),
            binary.lhs.value_type().name(),
            ValueType::name(binary.rhs.value_type())
        ))),
    }
}

/// `scalar_first` where the number is on the left. A comparison keeps the vector's value.
fn with_scalar(op: &Operation, vector: Vec<Series>, numbers: &[f64], scalar_first: bool) -> Vec<Series> {
    let mut out = Vec::with_capacity(vector.len());
    for mut series in vector {
        for (cell, number) in series.values.iter_mut().zip(numbers) {
            let Some(sample) = cell.take() else { continue };
            let number = Sample::Float(*number);
            let result = if scalar_first { op.apply(&number, &sample) } else { op.apply(&sample, &number) };
            let result = result.unwrap_or(None);
            let filters = op.op.is_comparison() && !op.bool;
            *cell = if filters && scalar_first { result.map(|_| sample) } else { result };
        }
        series.drop_name |= op.bool || op.changes_metric();
        if series.values.iter().any(Option::is_some) {
            out.push(series);
        }
    }
    out
}
