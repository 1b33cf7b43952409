//! Counts what an operator above gathers without counting it itself, as those of window functions do.

use super::errors::Failures;
use crate::http::run::Budget;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
    ReplaceChildrenOptions,
};
use futures::StreamExt;
use std::fmt;
use std::sync::Arc;

/// The same plan, in which the input of window functions is counted as the query's memory until it ends.
pub fn count_windows(
    plan: Arc<dyn ExecutionPlan>,
    budget: &Budget,
    failures: &Arc<Failures>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let plan = plan.transform_up(|node| {
        if !node.is::<WindowAggExec>() && !node.is::<BoundedWindowAggExec>() {
            return Ok(Transformed::no(node));
        }
        let counted = |input: &Arc<dyn ExecutionPlan>| -> Arc<dyn ExecutionPlan> {
            let (budget, failures) = (budget.clone(), failures.clone());
            Arc::new(CountedExec { input: input.clone(), budget, failures })
        };
        let children = node.children().into_iter().map(counted).collect();
        Ok(Transformed::yes(node.replace_children(children, recompute())?))
    })?;
    Ok(plan.data)
}

fn recompute() -> ReplaceChildrenOptions {
    ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute)
}

#[derive(Debug)]
struct CountedExec {
    input: Arc<dyn ExecutionPlan>,
    budget: Budget,
    failures: Arc<Failures>,
}

impl DisplayAs for CountedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountedExec")
    }
}

impl ExecutionPlan for CountedExec {
    fn name(&self) -> &str {
        "CountedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Ok([input]) = <[_; 1]>::try_from(children) else {
            return internal_err!("CountedExec has one input");
        };
        let (budget, failures) = (self.budget.clone(), self.failures.clone());
        Ok(Arc::new(CountedExec { input, budget, failures }))
    }

    fn execute(&self, part: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (budget, failures) = (self.budget.clone(), self.failures.clone());
        let counted = self.input.execute(part, context)?.map(move |batch| {
            let batch = batch?;
            let bytes = super::values::bytes_of(&batch)?;
            budget.keep(bytes).map_err(|why| failures.reading(why))?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), counted)))
    }
}
