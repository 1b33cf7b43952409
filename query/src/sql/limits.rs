//! What a plan may not ask for, as what it would take is taken at once and asked of nobody.

use crate::Error;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, plan_datafusion_err, plan_err};
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan};

/// Centroids of an approximate percentile.
const MOST_CENTROIDS: i64 = 10_000;

/// Before the plan is optimized, when constants are computed.
pub fn check(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                check_expr(expr)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(())
}

fn check_expr(expr: &Expr) -> Result<()> {
    match expr {
        Expr::Cast(cast) => check_type(cast.field.data_type()),
        Expr::TryCast(cast) => check_type(cast.field.data_type()),
        Expr::AggregateFunction(call) if call.func.name().starts_with("approx_percentile") => {
            let most = if call.func.name().ends_with("with_weight") { 3 } else { 2 };
            match call.params.args.get(most) {
                None => Ok(()),
                Some(Expr::Literal(value, _)) => {
                    let told = value.cast_to(&DataType::Int64).ok().and_then(|value| match value {
                        datafusion::common::ScalarValue::Int64(centroids) => centroids,
                        _ => None,
                    });
                    match told {
                        Some(centroids) if centroids <= MOST_CENTROIDS => Ok(()),
                        _ => plan_err!("at most {MOST_CENTROIDS} centroids are kept of a percentile"),
                    }
                }
                Some(_) => Err(plan_datafusion_err!("the centroids of a percentile are a number")),
            }
        }
        _ => Ok(()),
    }
}

/// A value of these has its whole length even where it is null.
fn check_type(data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::FixedSizeList(..) | DataType::FixedSizeBinary(_) => {
            plan_err!("a cast to a list of a fixed length is not supported; leave the length out")
        }
        DataType::List(of) | DataType::LargeList(of) => check_type(of.data_type()),
        _ => Ok(()),
    }
}

/// Whether some join has no pair of equal columns: it repeats each row as often as the other side has rows.
pub fn has_cross_join(plan: &LogicalPlan) -> bool {
    has(
        plan,
        |node| matches!(node, LogicalPlan::Join(join) if join.on.is_empty() && join.join_type != JoinType::LeftSemi),
    )
}

pub fn has_join(plan: &LogicalPlan) -> bool {
    has(plan, |node| matches!(node, LogicalPlan::Join(_)))
}

fn has(plan: &LogicalPlan, is: impl Fn(&LogicalPlan) -> bool) -> bool {
    let mut found = false;
    let _ = plan.apply_with_subqueries(|node| {
        found |= is(node);
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// A longer text has no reader; each row may come to hold a part of it. A list of a thousand ids is shorter.
const LONGEST_SQL: usize = 64 << 10;

pub fn check_length(sql: &str) -> std::result::Result<(), Error> {
    if sql.len() > LONGEST_SQL {
        let message = format!("the query has {} bytes; at most {LONGEST_SQL} are read", sql.len());
        return Err(Error::bad_query(message));
    }
    Ok(())
}
