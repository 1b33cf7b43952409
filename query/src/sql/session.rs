//! How DataFusion is set up for one query: our tables, nothing else that could be read, and nothing that writes.

use super::errors::Failures;
use super::functions;
use super::guard::guard;
use super::memory::QueryPool;
use super::run::{Data, Found};
use super::tables::{self, AttributeKeys, Provider};
use crate::{Error, cores};
use arrow::array::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::{DataFrame, SessionConfig};
use futures::StreamExt;
use std::sync::Arc;

/// A longer text has no reader; each row may come to hold a part of it. A list of a thousand ids is shorter.
const LONGEST_SQL: usize = 64 << 10;
/// Rows of the batches that operators hand on: as many times a literal is written out.
pub const BATCH_ROWS: usize = 4096;

/// Into how many parts tables are read, each on a thread.
pub fn partitions() -> usize {
    cores::parts(usize::MAX, 1)
}

pub fn check_length(sql: &str) -> std::result::Result<(), Error> {
    if sql.len() > LONGEST_SQL {
        let message = format!("the query has {} bytes; at most {LONGEST_SQL} are read", sql.len());
        return Err(Error::bad_query(message));
    }
    Ok(())
}

pub struct Session {
    context: SessionContext,
    keys: AttributeKeys,
    data: Arc<Data>,
    failures: Arc<Failures>,
}

impl Session {
    pub fn new(data: Data, failures: &Arc<Failures>) -> std::result::Result<Session, Error> {
        let internal = |error: DataFusionError| Error::Internal(error.to_string());
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(QueryPool::new(&data.budget, failures)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()
            .map_err(internal)?;
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
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(runtime)
            .with_default_features()
            .build();
        let context = SessionContext::new_with_state(state);
        functions::restrict(&context, failures).map_err(internal)?;
        let (data, keys) = (Arc::new(data), AttributeKeys::default());
        for table in tables::all(&data, failures, &keys) {
            let name = table.name();
            context.register_table(name, Arc::new(Provider(table))).map_err(internal)?;
        }
        Ok(Session { context, keys, data, failures: failures.clone() })
    }

    /// The first rows of a query's answer.
    pub async fn collect(self, sql: &str, most_rows: usize) -> Result<Found> {
        let reads_only =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        let frame = self.context.sql_with_options(sql, reads_only).await?;
        let (state, plan) = limited(frame, most_rows)?.into_parts();
        let plan = state.optimize(&plan)?;
        self.keys.learn(&plan)?;
        let plan = guard(plan, &self.data.budget, &self.failures)?;
        let plan = state.query_planner().create_physical_plan(&plan, &state).await?;
        let schema = plan.schema();
        let mut rows = execute_stream(plan, state.task_ctx())?;
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
        let bytes = batch.get_array_memory_size();
        self.data.budget.keep(bytes).map_err(|why| self.failures.reading(why))
    }
}

/// A query that says itself that it stops early is planned so; one row more tells that there are more.
fn limited(frame: DataFrame, most_rows: usize) -> Result<DataFrame> {
    use LogicalPlan::{Analyze, DescribeTable, Explain};
    match frame.logical_plan() {
        Analyze(_) | DescribeTable(_) | Explain(_) => Ok(frame),
        _ => frame.limit(0, Some(most_rows.saturating_add(1))),
    }
}
