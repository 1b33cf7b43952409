//! Which attributes a query looks at: the others need not be read.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, LogicalPlan};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// Of the column `attributes` of logs and spans, the keys in `attributes['key']`, if it is used in no
/// other way. Known once the query is planned.
#[derive(Clone, Debug, Default)]
pub struct AttributeKeys(Arc<OnceLock<Option<Vec<String>>>>);

const COLUMN: &str = "attributes";

impl AttributeKeys {
    /// `None` when all attributes are wanted.
    pub fn get(&self) -> Option<&[String]> {
        self.0.get()?.as_deref()
    }

    pub fn learn(&self, plan: &LogicalPlan) -> Result<()> {
        // What comes out as it is stands in no expression.
        let whole = has_map(plan);
        let mut found = Uses { keys: BTreeSet::new(), whole };
        plan.apply_with_subqueries(|node| {
            // Their columns may have other names, without an expression that says so.
            let renames = matches!(
                node,
                LogicalPlan::Union(_) | LogicalPlan::RecursiveQuery(_) | LogicalPlan::Unnest(_)
            );
            found.whole |= renames && node.inputs().into_iter().chain([node]).any(has_map);
            node.apply_expressions(|expr| expr.apply(|expr| Ok(found.see(expr))))
        })?;
        let keys = (!found.whole).then(|| found.keys.into_iter().collect());
        // A query is planned once.
        let _ = self.0.set(keys);
        Ok(())
    }
}

struct Uses {
    keys: BTreeSet<String>,
    whole: bool,
}

impl Uses {
    fn see(&mut self, expr: &Expr) -> TreeNodeRecursion {
        match expr {
            Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "get_field" => {
                match &args[..] {
                    [Expr::Column(of), Expr::Literal(key, _)] if of.name == COLUMN => match text(key) {
                        Some(key) => {
                            self.keys.insert(key.to_owned());
                        }
                        None => self.whole = true,
                    },
                    _ => return TreeNodeRecursion::Continue,
                }
                TreeNodeRecursion::Jump
            }
            Expr::ScalarSubquery(query) if has_map(&query.subquery) => {
                self.whole = true;
                TreeNodeRecursion::Stop
            }
            Expr::Column(column) if column.name == COLUMN => {
                self.whole = true;
                TreeNodeRecursion::Stop
            }
            _ => TreeNodeRecursion::Continue,
        }
    }
}

/// Attributes are maps, and so is what they may be called instead.
fn has_map(plan: &LogicalPlan) -> bool {
    plan.schema().fields().iter().any(|field| matches!(field.data_type(), DataType::Map(..)))
}

fn text(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}
