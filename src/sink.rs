//! The collector's way into the store.

use futures::FutureExt;
use futures::future::BoxFuture;
use ocelli_collector::{Sink, SinkError};
use ocelli_signal::Batch;
use ocelli_storage::{Error, Store};

/// Writes to the store; `Ok` means that the WAL is fsynced.
pub struct StoreSink(pub Store);

impl Sink for StoreSink {
    fn write<'a>(&'a self, tenant: &'a str, batch: Batch) -> BoxFuture<'a, Result<(), SinkError>> {
        async move { self.0.append(tenant, batch).await.map(drop).map_err(to_sink_error) }.boxed()
    }
}

fn to_sink_error(error: Error) -> SinkError {
    match error {
        Error::Overloaded { retry_after, reason } => SinkError::Overloaded { retry_after, reason },
        Error::Invalid { reason } => SinkError::Invalid { reason },
        other => SinkError::Unavailable { reason: other.to_string() },
    }
}
