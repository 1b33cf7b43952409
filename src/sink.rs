//! The collector's way into the store.

use crate::time::{Arrivals, SteadyClock};
use futures::FutureExt;
use futures::future::BoxFuture;
use ocelli_collector::{Sink, SinkError};
use ocelli_signal::Batch;
use ocelli_storage::{Error, Store, time_bounds};
use std::sync::Arc;

/// Writes to the store; `Ok` means that the WAL is fsynced.
pub struct StoreSink {
    pub store: Store,
    pub clock: SteadyClock,
    pub arrivals: Arc<Arrivals>,
}

impl Sink for StoreSink {
    fn write<'a>(&'a self, tenant: &'a str, batch: Batch) -> BoxFuture<'a, Result<(), SinkError>> {
        self.see(&batch);
        async move { self.store.append(tenant, batch).await.map(drop).map_err(to_sink_error) }.boxed()
    }
}

impl StoreSink {
    /// What the times of the rows tell of the clock, and of how late data comes.
    fn see(&self, batch: &Batch) {
        let rows = batch.rows.num_rows() as u64;
        if let (1.., Ok((oldest_ns, newest_ns))) = (rows, time_bounds(batch.signal, &batch.rows)) {
            self.clock.arrived(newest_ns);
            self.arrivals.arrived(batch.signal, oldest_ns, rows, self.clock.now_ns());
        }
    }
}

fn to_sink_error(error: Error) -> SinkError {
    match error {
        Error::Overloaded { retry_after, reason } => SinkError::Overloaded { retry_after, reason },
        Error::Invalid { reason } => SinkError::Invalid { reason },
        other => SinkError::Unavailable { reason: other.to_string() },
    }
}
