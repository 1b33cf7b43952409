//! What keeps one expression from taking all time or all memory within a single batch, where DataFusion asks
//! nobody.
//!
//! A condition over all pairs of rows, or a text that doubles in each of thirty steps, is one call after the
//! other without a pause: the results of such calls pass through [`Guarded`].

use super::errors::Failures;
use super::functions::BOUNDED;
use crate::Error;
use crate::http::run::Budget;
use arrow::array::Array;
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, LogicalPlan, Operator, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF,
    ScalarUDFImpl, Signature, Volatility,
};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What one function may give for one batch.
pub const MOST_BYTES: usize = 64 << 20;

/// The same plan, in which the results of functions that may give more than they get are looked at; before it is
/// optimized, as constants are computed then.
pub fn values(plan: LogicalPlan, budget: &Budget, failures: &Arc<Failures>) -> Result<LogicalPlan> {
    // What is volatile is not computed while the query is planned.
    let guarded = Guarded::function(budget, failures, Volatility::Volatile);
    let plan = plan.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new(&node);
        let node = node.map_expressions(|expr| {
            let name = names.save(&expr);
            let made = expr.transform_up(|expr| {
                Ok(if may_grow(&expr) {
                    Transformed::yes(call(&guarded, expr))
                } else {
                    Transformed::no(expr)
                })
            })?;
            Ok(made.update_data(|expr| name.restore(expr)))
        })?;
        node.map_data(LogicalPlan::recompute_schema)
    })?;
    Ok(plan.data)
}

/// The same plan, in which conditions of joins end with the query; after it is optimized, as they come about then.
pub fn joins(plan: LogicalPlan, budget: &Budget, failures: &Arc<Failures>) -> Result<LogicalPlan> {
    let guarded = Guarded::function(budget, failures, Volatility::Stable);
    let plan = plan.transform_up_with_subqueries(|node| {
        Ok(match node {
            LogicalPlan::Join(mut join) if join.filter.is_some() => {
                join.filter = join.filter.map(|filter| call(&guarded, filter));
                Transformed::yes(LogicalPlan::Join(join))
            }
            other => Transformed::no(other),
        })
    })?;
    Ok(plan.data)
}

fn call(guarded: &Arc<ScalarUDF>, expr: Expr) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(guarded.clone(), vec![expr]))
}

/// Whether the result may be larger than what it is made of.
fn may_grow(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryExpr(BinaryExpr { op, .. }) => *op == Operator::StringConcat,
        Expr::ScalarFunction(call) => BOUNDED.contains(&call.func.name()),
        _ => false,
    }
}

/// Gives what it gets, unless the query is over or this is too much.
#[derive(Debug)]
struct Guarded {
    budget: Budget,
    failures: Arc<Failures>,
    signature: Signature,
}

impl Guarded {
    fn function(budget: &Budget, failures: &Arc<Failures>, volatility: Volatility) -> Arc<ScalarUDF> {
        let signature = Signature::any(1, volatility);
        Arc::new(ScalarUDF::from(Guarded { budget: budget.clone(), failures: failures.clone(), signature }))
    }
}

/// There is one of each for a query.
impl PartialEq for Guarded {
    fn eq(&self, other: &Guarded) -> bool {
        Arc::ptr_eq(&self.failures, &other.failures) && self.signature == other.signature
    }
}

impl Eq for Guarded {}

impl Hash for Guarded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.failures).hash(state);
    }
}

impl ScalarUDFImpl for Guarded {
    fn name(&self) -> &str {
        "guarded"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, of: &[DataType]) -> Result<DataType> {
        Ok(of.first().cloned().unwrap_or(DataType::Null))
    }

    fn return_field_from_args(&self, of: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let same = of.arg_fields.first().cloned();
        same.ok_or_else(|| self.failures.reading(Error::Internal("guarded() of nothing".to_owned())))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.budget.check().map_err(|over| self.failures.reading(over))?;
        let value = args.args.into_iter().next();
        let value =
            value.ok_or_else(|| self.failures.reading(Error::Internal("guarded() of nothing".to_owned())))?;
        let bytes = match &value {
            ColumnarValue::Array(array) => array.get_array_memory_size(),
            ColumnarValue::Scalar(value) => value.size(),
        };
        if bytes > MOST_BYTES {
            Err(self.failures.reading(too_large("an expression", bytes)))
        } else {
            Ok(value)
        }
    }
}

/// Of what would make so much.
pub fn too_large(what: &str, bytes: usize) -> Error {
    let (made, most) = (bytes.div_ceil(1 << 20), MOST_BYTES >> 20);
    Error::LimitExceeded(format!(
        "{what} makes {made} MiB of a few thousand rows; at most {most} MiB are made at once"
    ))
}
