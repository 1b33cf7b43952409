//! One operator on two samples.

use crate::promql::annotations::Annotations;
use crate::promql::ast::{BinaryOp, Span};
use crate::promql::histogram::trim::Keep;
use crate::promql::histogram::{Combined, Histogram, Incompatible, ResetHint};
use crate::promql::value::Sample;
use std::sync::Arc;

/// The two samples don't go together, which was told. They count as not there.
#[derive(Clone, Copy, Debug)]
pub struct Unfit;

pub type Applied = Result<Option<Sample>, Unfit>;

/// The operator and where it stands.
pub struct Operation<'a> {
    pub op: BinaryOp,
    pub bool: bool,
    pub span: &'a Span,
    pub annotations: &'a Annotations,
}

impl Operation<'_> {
    /// Arithmetic makes another metric. What only filters, or cuts a histogram, keeps the name.
    pub fn changes_metric(&self) -> bool {
        use BinaryOp::*;
        matches!(self.op, Add | Sub | Mul | Div | Mod | Pow | Atan2)
    }

    /// None where a comparison fails.
    pub fn apply(&self, lhs: &Sample, rhs: &Sample) -> Applied {
        match (lhs, rhs) {
            (Sample::Float(a), Sample::Float(b)) => {
                if matches!(self.op, BinaryOp::TrimUpper | BinaryOp::TrimLower) {
                    return self.incompatible("float", "float");
                }
                if !self.op.is_comparison() {
                    return Ok(Some(Sample::Float(number(self.op, *a, *b))));
                }
                Ok(self.compared(compare(self.op, *a, *b), lhs))
            }
            (Sample::Float(factor), Sample::Histogram(histogram)) => match self.op {
                BinaryOp::Mul => Ok(Some(changed(histogram, |copy| copy.scale(*factor)))),
                _ => self.incompatible("float", "histogram"),
            },
            (Sample::Histogram(histogram), Sample::Float(factor)) => match self.op {
                BinaryOp::Mul => Ok(Some(changed(histogram, |copy| copy.scale(*factor)))),
                BinaryOp::Div => Ok(Some(changed(histogram, |copy| copy.divide(*factor)))),
                BinaryOp::TrimUpper => Ok(Some(changed(histogram, |copy| copy.trim(*factor, Keep::Below)))),
                BinaryOp::TrimLower => Ok(Some(changed(histogram, |copy| copy.trim(*factor, Keep::Above)))),
                _ => self.incompatible("histogram", "float"),
            },
            (Sample::Histogram(a), Sample::Histogram(b)) => match self.op {
                BinaryOp::Add => self.combined(a, "addition", |copy| copy.add(b)),
                BinaryOp::Sub => self.combined(a, "subtraction", |copy| {
                    let outcome = copy.subtract(b);
                    copy.hint = ResetHint::Gauge;
                    outcome
                }),
                BinaryOp::Eq => Ok(self.compared(a.same_data(b), lhs)),
                BinaryOp::Ne => Ok(self.compared(!a.same_data(b), lhs)),
                _ => self.incompatible("histogram", "histogram"),
            },
        }
    }

    fn compared(&self, holds: bool, lhs: &Sample) -> Option<Sample> {
        if self.bool {
            return Some(Sample::Float(f64::from(u8::from(holds))));
        }
        holds.then(|| lhs.clone())
    }

    fn combined(
        &self,
        lhs: &Histogram,
        word: &str,
        combine: impl FnOnce(&mut Histogram) -> Result<Combined, Incompatible>,
    ) -> Applied {
        let mut result = lhs.clone();
        let Ok(outcome) = combine(&mut result) else {
            let text =
                format!("incompatible bucket layout encountered for binary operator {}", self.op.symbol());
            self.annotations.warn(self.span, text);
            return Err(Unfit);
        };
        if outcome.reset_collision {
            self.annotations.reset_collision(self.span, word);
            return Err(Unfit);
        }
        if outcome.bounds_reconciled {
            self.annotations.bounds_reconciled(self.span, word);
        }
        result.compact();
        Ok(Some(Sample::Histogram(Arc::new(result))))
    }

    fn incompatible(&self, lhs: &str, rhs: &str) -> Applied {
        let op = self.op.symbol();
        let text =
            format!("incompatible sample types encountered for binary operator \"{op}\": {lhs} {op} {rhs}");
        self.annotations.info(self.span, text);
        Err(Unfit)
    }
}

fn changed(histogram: &Histogram, change: impl FnOnce(&mut Histogram)) -> Sample {
    let mut copy = histogram.clone();
    change(&mut copy);
    copy.compact();
    Sample::Histogram(Arc::new(copy))
}

/// Arithmetic, and comparisons as 0 or 1.
pub fn number(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Atan2 => a.atan2(b),
        _ => f64::from(u8::from(compare(op, a, b))),
    }
}

fn compare(op: BinaryOp, a: f64, b: f64) -> bool {
    match op {
        BinaryOp::Eq => a == b,
        BinaryOp::Ne => a != b,
        BinaryOp::Lt => a < b,
        BinaryOp::Le => a <= b,
        BinaryOp::Gt => a > b,
        BinaryOp::Ge => a >= b,
        _ => false,
    }
}
