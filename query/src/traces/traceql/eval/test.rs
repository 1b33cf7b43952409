//! An expression over one span as a filter over batches.

use super::{Needs, SpanRef, View};
use crate::Error;
use crate::logs::filter::RowTest;
use crate::logs::filter::mask::Mask;
use crate::traces::traceql::ast::Expr;
use arrow::array::RecordBatch;

/// Only for expressions that need no more than the span itself.
#[derive(Debug)]
pub struct ExprTest {
    expr: Expr,
    needs: Needs,
}

impl ExprTest {
    /// `None` for an expression that one span alone does not answer.
    pub fn new(expr: &Expr) -> Option<ExprTest> {
        let needs = Needs::of_expr(expr);
        (!needs.whole_trace).then(|| ExprTest { expr: expr.clone(), needs })
    }
}

impl RowTest for ExprTest {
    fn columns(&self) -> Vec<&'static str> {
        self.needs.columns.iter().copied().collect()
    }

    fn attributes(&self) -> Vec<&str> {
        self.needs.keys.iter().map(String::as_str).collect()
    }

    fn apply(&self, batch: &RecordBatch, rows: &mut Mask) -> Result<(), Error> {
        let view = View::new(batch)?;
        rows.retain(|row| SpanRef::of_row(&view, row).passes(&self.expr));
        Ok(())
    }
}
