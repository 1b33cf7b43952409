//! A query from its text to its rows, on threads of its own that end with it.

use super::errors::Failures;
use super::limits;
use super::session::{self, Session};
use crate::Error;
use crate::http::run::Budget;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use ocelli_storage::Snapshot;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Plans are trees, and a deep one is walked by recursion: this much is reserved, and used only by those.
const STACK_BYTES: usize = 256 << 20;
/// How often a running query is asked whether it should go on.
const PULSE: Duration = Duration::from_millis(10);

/// What is asked.
pub struct Data {
    pub snapshot: Snapshot,
    /// The snapshot with memory that is given back when it is dropped.
    pub apart: Box<dyn Fn() -> Snapshot + Send + Sync>,
    pub budget: Budget,
}

/// The answer: some rows, in the order of the query.
#[derive(Debug)]
pub struct Found {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// True when there are more rows than these.
    pub truncated: bool,
}

/// Runs one statement that reads; at most so many rows come back. Blocks, and must not be called where
/// async code runs.
pub fn run(data: Data, sql: &str, most_rows: usize) -> Result<Found, Error> {
    limits::check_length(sql)?;
    let budget = data.budget.clone();
    let failures = Arc::new(Failures::default());
    let session = Session::new(data, &failures)?;
    let runtime = runtime()?;
    let text = sql.to_owned();
    let task = runtime.spawn(async move { session.collect(&text, most_rows).await });
    match runtime.block_on(finished(task, &budget))? {
        Ok(found) => Ok(found),
        Err(error) => Err(failures.explain(&error, sql)),
    }
}

/// DataFusion's tasks read files and compute for long: on the server's own threads they would hold up others.
fn runtime() -> Result<Runtime, Error> {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(session::partitions()).thread_stack_size(STACK_BYTES).thread_name("sql");
    builder.enable_time().build().map_err(|error| Error::Internal(format!("threads for the query: {error}")))
}

/// Waits for the task; gives up on it when the query is over, and then it ends at its next batch.
async fn finished<T>(mut task: JoinHandle<T>, budget: &Budget) -> Result<T, Error> {
    let mut pulse = tokio::time::interval(PULSE);
    loop {
        tokio::select! {
            done = &mut task => {
                return done.map_err(|join| Error::Internal(format!("the query ended with a panic: {join}")));
            }
            _ = pulse.tick() => {
                if let Err(over) = budget.check() {
                    task.abort();
                    return Err(over);
                }
            }
        }
    }
}
