//! For another language whose samples are computed here: LogQL's vectors are PromQL's.

use super::ast::{BinaryOp, Call, Expr, ExprKind};
use super::engine::{self, Answer, Query};
use super::functions::{self, Function, ZERO_IS_NAN};
use super::select::StoredSeries;
use super::watch::Watch;
use crate::Error;

pub fn function(name: &str) -> Option<&'static Function> {
    functions::find(name)
}

/// What an operator makes of two numbers.
pub fn number_of(op: BinaryOp, left: f64, right: f64) -> f64 {
    super::binary::number(op, left, right)
}

/// The same values, but for zeros.
pub fn zero_is_nan(expr: Expr) -> Expr {
    let span = expr.span.clone();
    if let ExprKind::Number(number) = expr.kind {
        let number = if number == 0.0 { f64::NAN } else { number };
        return Expr { kind: ExprKind::Number(number), span };
    }
    Expr { kind: ExprKind::Call(Call { function: &ZERO_IS_NAN, args: vec![expr] }), span }
}

/// The quantile of some numbers, by linear interpolation between ranks.
pub fn quantile(q: f64, values: &mut [f64]) -> f64 {
    super::stats::quantile(q, values)
}

/// What stands behind [`zero_is_nan`].
pub fn of_zero_is_nan(call: &Call) -> Option<&Expr> {
    call.args.first().filter(|_| std::ptr::eq(call.function, &ZERO_IS_NAN))
}

/// Evaluates an expression over the series of its selectors, by their ids. Each selector's samples are
/// current at their own time only, so that a step without one has none.
pub fn evaluate(
    query: &Query,
    expr: &Expr,
    mut data: Vec<Vec<StoredSeries>>,
    watch: &dyn Watch,
) -> Result<Answer, Error> {
    for series in &mut data {
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
    }
    let samples = data.iter().flatten().map(|series| series.samples.len() as u64).sum();
    engine::over(&Query { lookback_ms: 1, ..query.clone() }, expr, &data, samples, watch)
}
