//! Runs the work of a query: waits for a place, moves it off the async threads, ends it at its
//! deadline and when the client goes away.
//!
//! Blocking work can't be killed from outside, so it must ask: long loops call [`Budget::check`].

use super::asked::Asked;
use super::{Api, TENANT};
use crate::Error;
use crate::promql::Watch;
use arrow::array::RecordBatch;
use ocelli_storage::{End, QueryMemory, Snapshot, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;

/// A deadline that no clock can show.
const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);

/// After the deadline the work gets this long to notice it and to give its own error.
const GRACE: Duration = Duration::from_millis(500);

/// What a query may still spend, and what it has spent. Shared between the handler and the work.
#[derive(Clone, Debug)]
pub struct Budget {
    started: Instant,
    timeout: Duration,
    cancelled: Arc<AtomicBool>,
    rows: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
    memory: Option<Arc<QueryMemory>>,
}

/// Memory for rows that are looked at; given back when dropped.
#[derive(Debug)]
pub struct Held(Option<(Arc<QueryMemory>, usize)>);

impl Drop for Held {
    fn drop(&mut self) {
        if let Some((memory, bytes)) = self.0.take() {
            memory.release(bytes);
        }
    }
}

impl Budget {
    pub fn new(timeout: Duration) -> Budget {
        let cancelled = Arc::default();
        let (rows, bytes) = (Arc::default(), Arc::default());
        Budget { started: Instant::now(), timeout, cancelled, rows, bytes, memory: None }
    }

    /// One that began some time ago.
    #[cfg(test)]
    pub fn begun(ago: Duration, timeout: Duration) -> Budget {
        let budget = Budget::new(timeout);
        Budget { started: budget.started.checked_sub(ago).expect("a clock that runs"), ..budget }
    }

    /// The same for who only looks on: memory is given back although this is still there.
    pub fn without_memory(&self) -> Budget {
        Budget { memory: None, ..self.clone() }
    }

    /// Ends the work as soon as it asks.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// The same with what it may hold in memory, which also ends what is read.
    fn within(self, store: &Store, bytes: usize) -> Budget {
        let deadline = self.started.checked_add(self.timeout).unwrap_or(self.started + FAR);
        let end = End { deadline, stopped: self.cancelled.clone() };
        Budget { memory: Some(QueryMemory::until(store.memory(), bytes, end)), ..self }
    }

    /// The budget of work that no request asked for, as rules are, over a snapshot that reads within it.
    /// The work ends when the flag is raised.
    pub fn of_server(
        store: &Store,
        timeout: Duration,
        bytes: usize,
        cancelled: &Arc<AtomicBool>,
    ) -> (Budget, Snapshot) {
        let budget = Budget { cancelled: cancelled.clone(), ..Budget::new(timeout) }.within(store, bytes);
        let snapshot = store.snapshot(TENANT);
        let snapshot = match &budget.memory {
            Some(memory) => snapshot.within(memory.clone()),
            None => snapshot,
        };
        (budget, snapshot)
    }

    /// Everything of the tenant, read within the budget.
    pub fn snapshot(&self, api: &Api) -> Snapshot {
        let snapshot = api.store.snapshot(TENANT);
        match &self.memory {
            Some(memory) => snapshot.within(memory.clone()),
            None => snapshot,
        }
    }

    /// The same snapshot, with memory that is given back when it is dropped.
    pub fn apart(&self, api: &Api, snapshot: &Snapshot) -> Snapshot {
        let snapshot = snapshot.clone();
        match &self.memory {
            Some(memory) => snapshot.within(memory.apart(api.store.memory())),
            None => snapshot,
        }
    }

    /// Takes memory for batches as long as they are looked at.
    pub fn hold(&self, batches: &[RecordBatch]) -> Result<Held, Error> {
        let Some(memory) = &self.memory else { return Ok(Held(None)) };
        let bytes = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        memory.hold(bytes)?;
        Ok(Held(Some((memory.clone(), bytes))))
    }

    /// Takes memory until the query ends.
    pub fn keep(&self, bytes: usize) -> Result<(), Error> {
        self.memory.as_ref().map_or(Ok(()), |memory| Ok(memory.hold(bytes)?))
    }

    /// Gives back memory that was kept, before the query ends.
    pub fn give_back(&self, bytes: usize) {
        if let Some(memory) = &self.memory {
            memory.release(bytes);
        }
    }

    /// An error once the deadline is over or the client is gone.
    pub fn check(&self) -> Result<(), Error> {
        if self.started.elapsed() > self.timeout {
            return Err(Error::Timeout(self.timeout));
        }
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        Ok(())
    }

    /// Why a reader of the store ended: it knows that the query is over, and not why.
    pub fn told(&self, why: impl Into<Error>) -> Error {
        match why.into() {
            Error::Cancelled => self.check().err().unwrap_or(Error::Cancelled),
            other => other,
        }
    }

    /// The same for who still puts together what was found: after the deadline there is a little time for that.
    pub fn check_late(&self) -> Result<(), Error> {
        if self.is_cancelled() {
            return Err(Error::Cancelled);
        }
        if self.started.elapsed() > self.timeout.saturating_add(GRACE) {
            return Err(Error::Timeout(self.timeout));
        }
        Ok(())
    }

    /// Counts what was read, for the answer's stats.
    pub fn scanned(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub fn stats(&self) -> ocelli_api::QueryStats {
        ocelli_api::QueryStats {
            rows_scanned: self.rows.load(Ordering::Relaxed),
            bytes_scanned: self.bytes.load(Ordering::Relaxed),
            elapsed_ms: self.started.elapsed().as_secs_f64() * 1e3,
            partial: None,
        }
    }
}

impl Watch for Budget {
    fn check(&self) -> Result<(), Error> {
        Budget::check(self)
    }

    fn hold(&self, bytes: usize) -> Result<(), Error> {
        self.keep(bytes)
    }
}

/// Raises the flag when the handler's future is dropped.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` with the default deadline.
pub async fn run<T, F>(api: &Api, work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce(&Api, &Budget) -> Result<T, Error> + Send + 'static,
{
    run_within(api, api.limits.timeout, work).await
}

/// Runs `work` with a deadline of its own, which the limit caps. The place among the running
/// queries is given back when the work has really ended, not when the client stops waiting.
pub async fn run_within<T, F>(api: &Api, timeout: Duration, work: F) -> Result<T, Error>
where
    T: Send + 'static,
    F: FnOnce(&Api, &Budget) -> Result<T, Error> + Send + 'static,
{
    let timeout = timeout.min(api.limits.timeout);
    let overloaded =
        || Error::Overloaded { max: api.limits.concurrent_queries, retry_after: api.limits.admission_wait };
    let wait = api.limits.admission_wait.min(timeout);
    let waits = api.running.wait();
    let permit = match tokio::time::timeout(wait, api.admission.clone().acquire_owned()).await {
        Ok(Ok(permit)) => permit,
        _ => return Err(overloaded()),
    };
    drop(waits);
    let bytes = usize::try_from(api.limits.query_bytes).unwrap_or(usize::MAX);
    let budget = Budget::new(timeout).within(&api.store, bytes);
    let _cancel = CancelOnDrop(budget.cancelled.clone());
    let runs = api.running.begin(Asked::now(), api.now(), &budget);
    let api = api.clone();
    let task = spawn_blocking(move || {
        let _permit = permit;
        let outcome = work(&api, &budget).map_err(|why| budget.told(why));
        runs.end(outcome.as_ref().err());
        outcome
    });
    match tokio::time::timeout(timeout.saturating_add(GRACE), task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(join)) => Err(Error::Internal(format!("the query ended with a panic: {join}"))),
        Err(_) => Err(Error::Timeout(timeout)),
    }
}
