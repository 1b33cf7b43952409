//! RED from every span: the store shows each span batch after its fsync, the collector's processor
//! counts it, and every few seconds what it counted is kept as ordinary points.
//!
//! An emission carries the last WAL sequence that it covers. After a crash only later spans are shown
//! again, so that no call is lost and none is counted twice.

use crate::time::SteadyClock;
use arrow::array::RecordBatch;
use ocelli_collector::processors::red::Red;
use ocelli_storage::{SpanObserver, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

/// Shows the store's spans to the processor.
pub struct RedObserver(pub Arc<Red>);

impl SpanObserver for RedObserver {
    fn observe(&self, tenant: &str, sequence: u64, rows: &RecordBatch) {
        self.0.observe(tenant, sequence, rows);
    }
}

/// Keeps what was counted since the last time.
pub async fn emit(red: &Red, store: &Store, clock: &SteadyClock) {
    for (tenant, batch, covers) in red.emit(clock.now_ns()) {
        if let Err(error) = store.append_covering(&tenant, batch, covers).await {
            // The next emission is cumulative and covers this one's spans too; what a new series says
            // only once, it says again.
            red.not_stored(&tenant);
            tracing::warn!(%error, tenant, "span metrics were not kept; the next emission carries them");
        }
    }
}

/// Emits every `interval` until `stopping` turns true. It ends between two emissions, never within
/// one: what a new series says only once would be lost with it.
pub fn emit_every(
    interval: Duration,
    red: Arc<Red>,
    store: Store,
    clock: SteadyClock,
    mut stopping: watch::Receiver<bool>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
            emit(&red, &store, &clock).await;
        }
    })
}
