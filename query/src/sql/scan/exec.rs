//! A table in DataFusion's plan.

use super::Conditions;
use crate::sql::tables::{Reading, Table};
use datafusion::common::config::ConfigOptions;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties,
};
use futures::stream;
use std::fmt;
use std::sync::Arc;

/// Reads some columns of a table in parts.
#[derive(Clone, Debug)]
pub struct ScanExec {
    table: Arc<dyn Table>,
    columns: Vec<usize>,
    /// Conditions above this, in which columns are named as in the table.
    conditions: Vec<Arc<dyn PhysicalExpr>>,
    most_rows: Option<usize>,
    properties: Arc<PlanProperties>,
}

impl ScanExec {
    pub fn new(
        table: Arc<dyn Table>,
        columns: Vec<usize>,
        most_rows: Option<usize>,
        parts: usize,
    ) -> Result<ScanExec> {
        let schema = Arc::new(table.schema().project(&columns)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(parts),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let properties = Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative));
        Ok(ScanExec { table, columns, conditions: Vec::new(), most_rows, properties })
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.schema();
        let columns: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "ScanExec: table={}, columns=[{}]", self.table.name(), columns.join(", "))?;
        if !self.conditions.is_empty() {
            let conditions: Vec<String> = self.conditions.iter().map(ToString::to_string).collect();
            write!(f, ", narrowed by=[{}]", conditions.join(" AND "))?;
        }
        self.most_rows.map_or(Ok(()), |most| write!(f, ", limit={most}"))
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &str {
        "ScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for condition in &self.conditions {
            if f(condition)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, part: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (table, all) = (self.table.clone(), self.conditions.clone());
        let time = table.time().unwrap_or_default();
        let conditions = Box::new(move || Conditions::of(&all, time));
        // All parts must agree about these, and do not begin at once.
        let fixed = Conditions::that_stay(&self.conditions, time);
        let batch_rows = context.session_config().batch_size();
        let parts = self.properties.output_partitioning().partition_count();
        let (columns, most_rows) = (self.columns.clone(), self.most_rows);
        let batches = self.table.clone().read(Reading {
            columns,
            fixed,
            conditions,
            most_rows,
            batch_rows,
            part,
            parts,
        })?;
        let schema = self.schema();
        Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches)))))
    }

    fn partition_statistics(&self, part: Option<usize>) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        let known = self.table.rows().filter(|_| part.is_none() && self.most_rows.is_none());
        statistics.num_rows = match known {
            Some(rows) if self.conditions.is_empty() => Precision::Exact(rows),
            Some(rows) => Precision::Inexact(rows),
            None => Precision::Absent,
        };
        Ok(Arc::new(statistics))
    }

    /// Takes note of the conditions above; as they only narrow what is read, they stay where they are.
    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        above: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let new: Vec<_> = above.parent_filters.iter().map(|told| told.filter.clone()).collect();
        let told = FilterPushdownPropagation::all_unsupported(above);
        if new.is_empty() {
            return Ok(told);
        }
        let mut conditions = self.conditions.clone();
        conditions.extend(new);
        Ok(told.with_updated_node(Arc::new(ScanExec { conditions, ..self.clone() })))
    }
}
