//! How DataFusion is set up for one query: our tables, nothing else that could be read, and nothing that writes.

use super::counted::count_windows;
use super::errors::Failures;
use super::memory::QueryPool;
use super::run::{Data, Found};
use super::tables::{self, AttributeKeys, Provider};
use super::values::bytes_of;
use super::{expansion, functions, guard, limits};
use crate::{Error, cores};
use arrow::array::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use futures::StreamExt;
use std::sync::Arc;

/// Rows of the batches that operators hand on: as many times a literal is written out.
pub const BATCH_ROWS: usize = 4096;

/// The same where each row is repeated for every row of another table, however large it is.
const CROSSED_ROWS: usize = 256;

/// Into how many parts tables are read, each on a thread.
pub fn partitions() -> usize {
    cores::parts(usize::MAX, 1)
}

pub struct Session {
    context: SessionContext,
    keys: AttributeKeys,
    data: Arc<Data>,
    failures: Arc<Failures>,
}

impl Session {
    pub fn new(data: Data, failures: &Arc<Failures>) -> std::result::Result<Session, Error> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(QueryPool::new(&data.budget, failures)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()
            .map_err(Error::internal)?;
        let mut config = SessionConfig::new()
            .with_target_partitions(partitions())
            .with_batch_size(BATCH_ROWS)
            .with_information_schema(true)
            .with_default_catalog_and_schema("ocelli", "public");
        let options = config.options_mut();
        // For the places of mistakes.
        options.sql_parser.collect_spans = true;
        // Conditions on `attributes['key']` are understood as they were written.
        options.optimizer.enable_leaf_expression_pushdown = false;
        // It would pass over rows that other aggregates of the query need.
        options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        functions::restrict(&context, failures).map_err(Error::internal)?;
        let (data, keys) = (Arc::new(data), AttributeKeys::default());
        for table in tables::all(&data, failures, &keys) {
            let name = table.name();
            context.register_table(name, Arc::new(Provider(table))).map_err(Error::internal)?;
        }
        Ok(Session { context, keys, data, failures: failures.clone() })
    }

    async fn plan(&self, sql: &str, most_rows: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let mut state = self.context.state();
        let dialect = state.config_options().sql_parser.dialect;
        let statement = state.sql_to_statement(sql, &dialect)?;
        expansion::check(&statement).map_err(|why| self.failures.reading(why))?;
        let plan = state.statement_to_plan(statement).await?;
        let reads_only =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        reads_only.verify_plan(&plan)?;
        limits::check(&plan)?;
        let plan = guard::values(limited(plan, most_rows)?, &self.data.budget, &self.failures)?;
        let plan = state.optimize(&plan)?;
        self.keys.learn(&plan)?;
        let plan = guard::joins(plan, &self.data.budget, &self.failures)?;
        let options = state.config_mut().options_mut();
        if limits::has_join(&plan) {
            // What one side learns is told to the other by the names of columns, which both may have.
            options.optimizer.enable_dynamic_filter_pushdown = false;
            options.optimizer.enable_topk_dynamic_filter_pushdown = false;
            options.optimizer.enable_join_dynamic_filter_pushdown = false;
        }
        if limits::has_cross_join(&plan) {
            // The plan is made by the one, and run by the other.
            for config in [state.config_mut(), self.context.state_ref().write().config_mut()] {
                *config = config.clone().with_batch_size(CROSSED_ROWS);
            }
        }
        let plan = state.query_planner().create_physical_plan(&plan, &state).await?;
        count_windows(plan, &self.data.budget, &self.failures)
    }

    /// The first rows of a query's answer.
    pub async fn collect(self, sql: &str, most_rows: usize) -> Result<Found> {
        let plan = self.plan(sql, most_rows).await?;
        let schema = plan.schema();
        let mut rows = execute_stream(plan, self.context.task_ctx())?;
        let mut found = Found { schema, batches: Vec::new(), truncated: false };
        let mut left = most_rows;
        while let Some(batch) = rows.next().await {
            let batch = batch?;
            found.truncated |= batch.num_rows() > left;
            let batch = batch.slice(0, batch.num_rows().min(left));
            left -= batch.num_rows();
            self.hold(&batch)?;
            found.batches.push(batch);
            if found.truncated {
                break;
            }
        }
        Ok(found)
    }

    /// The answer itself is in memory until it is sent.
    fn hold(&self, batch: &RecordBatch) -> Result<()> {
        let bytes = bytes_of(batch)?;
        self.data.budget.keep(bytes).map_err(|why| self.failures.reading(why))
    }
}

/// A query that says itself that it stops early is planned so; one row more tells that there are more.
fn limited(plan: LogicalPlan, most_rows: usize) -> Result<LogicalPlan> {
    use LogicalPlan::{Analyze, DescribeTable, Explain};
    match plan {
        Analyze(_) | DescribeTable(_) | Explain(_) => Ok(plan),
        _ => LogicalPlanBuilder::from(plan).limit(0, Some(most_rows.saturating_add(1)))?.build(),
    }
}
