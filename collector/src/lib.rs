//! What other programs send becomes Arrow batches.
//!
//! A receiver reads a body (`receivers`), the bytes are decoded (`decode`) and handed to a [`Sink`];
//! the sender gets its answer only after the sink says that the batch is durable. What became of
//! every item is in the [`Ledger`]. Processors make metrics out of the spans that were stored
//! (`processors`); lines of text become log records (`stdout`). Storage is not known here.

mod budget;
pub mod decode;
mod intake;
mod ledger;
pub mod limits;
pub mod processors;
mod reason;
mod receivers;
mod retries;
mod sink;
pub mod stdout;

pub use ledger::{Flow, Ledger, LedgerSnapshot, Refused, Source};
pub use limits::Limits;
pub use reason::{Refusal, Rejection};
pub use receivers::grpc::endpoints as grpc_endpoints;
pub use receivers::http_endpoints;
pub use sink::{Sink, SinkError};

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time in nanoseconds since the Unix epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What all receivers share. Cheap to clone.
#[derive(Clone)]
pub struct Collector {
    sink: Arc<dyn Sink>,
    ledger: Arc<Ledger>,
    limits: Arc<Limits>,
    clock: Clock,
    budget: Arc<budget::Budget>,
    retries: Arc<retries::RetryWindow>,
    families: Arc<decode::prometheus::Families>,
}

impl Collector {
    pub fn new(sink: Arc<dyn Sink>, ledger: Arc<Ledger>, limits: Limits) -> Collector {
        Collector {
            sink,
            ledger,
            budget: budget::Budget::new(limits.in_flight_bytes),
            retries: retries::RetryWindow::new(limits.retry_window_bodies, limits.retry_window_age),
            families: Arc::default(),
            clock: Arc::new(system_time),
            limits: Arc::new(limits),
        }
    }

    /// Bytes of requests that are being read, decoded or written.
    pub fn in_flight_bytes(&self) -> usize {
        self.budget.used()
    }

    /// The same with another clock, for tests.
    pub fn with_clock(self, clock: Clock) -> Collector {
        Collector { clock, ..self }
    }

    fn overloaded(&self) -> Refusal {
        Refusal::Overloaded {
            retry_after: self.limits.retry_after,
            reason: format!("more than {} bytes of requests are in flight", self.limits.in_flight_bytes),
        }
    }
}

/// The system's time.
pub fn system_time() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX)
}
