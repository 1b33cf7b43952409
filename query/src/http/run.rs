//! Runs the work of a query: waits for a place, moves it off the async threads, ends it at its
//! deadline and when the client goes away.
//!
//! Blocking work can't be killed from outside, so it must ask: long loops call [`Budget::check`].

use super::Api;
use crate::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;

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
}

impl Budget {
    pub fn new(timeout: Duration) -> Budget {
        let cancelled = Arc::default();
        Budget { started: Instant::now(), timeout, cancelled, rows: Arc::default(), bytes: Arc::default() }
    }

    /// An error once the deadline is over or the client is gone.
    pub fn check(&self) -> Result<(), Error> {
        if self.started.elapsed() > self.timeout {
            return Err(Error::Timeout(self.timeout));
        }
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
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
    let permit = match tokio::time::timeout(wait, api.admission.clone().acquire_owned()).await {
        Ok(Ok(permit)) => permit,
        _ => return Err(overloaded()),
    };
    let budget = Budget::new(timeout);
    let _cancel = CancelOnDrop(budget.cancelled.clone());
    let api = api.clone();
    let task = spawn_blocking(move || {
        let _permit = permit;
        work(&api, &budget)
    });
    match tokio::time::timeout(timeout.saturating_add(GRACE), task).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(join)) => Err(Error::Internal(format!("the query ended with a panic: {join}"))),
        Err(_) => Err(Error::Timeout(timeout)),
    }
}
