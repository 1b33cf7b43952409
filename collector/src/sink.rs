//! Where batches go. The collector does not know what storage is.

use futures::future::BoxFuture;
use ocelli_signal::Batch;
use std::time::Duration;

/// Takes batches and keeps them.
pub trait Sink: Send + Sync + 'static {
    /// Answers `Ok` only when the batch is durable.
    fn write<'a>(&'a self, tenant: &'a str, batch: Batch) -> BoxFuture<'a, Result<(), SinkError>>;
}

/// Why a batch was not kept. After the first two the same batch may be sent again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    #[error("overloaded: {reason}")]
    Overloaded { retry_after: Duration, reason: String },
    #[error("unavailable: {reason}")]
    Unavailable { reason: String },
    #[error("invalid: {reason}")]
    Invalid { reason: String },
}
