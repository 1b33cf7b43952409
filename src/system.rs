//! What `/api/system` and `/metrics` tell: the ledger of what came in, the store, the listeners.

use crate::routes::Listener;
use crate::rules::RuleEngine;
use crate::time::{Arrivals, SteadyClock};
use ocelli_api::UnixNano;
use ocelli_api::ingest::{
    Listener as ApiListener, ReasonCount, SignalLedger, StorageSummary, SystemResponse,
};
use ocelli_api::storage::{
    CompactionSummary as ApiCompaction, MemoryPart, MemorySummary, RemovedSegments,
    RetentionSummary as ApiRetention, SegmentLevel, SegmentRemoval,
};
use ocelli_collector::{Collector, Ledger, LedgerSnapshot};
use ocelli_signal::Signal;
use ocelli_storage::budget::{Part, PartUse};
use ocelli_storage::{CompactionSummary, RetentionSummary, Store, Summary};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// Where the figures come from. Cheap to clone.
#[derive(Clone)]
pub struct System {
    pub ledger: Arc<Ledger>,
    pub store: Store,
    pub collector: Collector,
    pub rules: Arc<RuleEngine>,
    pub clock: SteadyClock,
    pub arrivals: Arc<Arrivals>,
    pub listeners: Arc<[(Listener, SocketAddr)]>,
    pub started: Instant,
}

impl System {
    pub fn response(&self) -> SystemResponse {
        let ledger = self.ledger.snapshot();
        let summary = self.store.summary();
        let stored: u64 = Signal::ALL.into_iter().map(|signal| ledger.totals(signal).1).sum();
        SystemResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_s: self.started.elapsed().as_secs(),
            empty: stored == 0 && summary.memtable_rows == 0 && summary.segment_rows == 0,
            ingest: Signal::ALL.into_iter().map(|signal| signal_ledger(&ledger, signal)).collect(),
            refused_requests: reasons(ledger.refused()),
            memory: self.memory(&summary),
            storage: storage_summary(summary),
            listeners: self
                .listeners
                .iter()
                .map(|(listener, address)| api_listener(*listener, *address))
                .collect(),
        }
    }
}

impl System {
    /// The parts of the memory budget. Requests are counted where they are read.
    pub fn memory(&self, summary: &Summary) -> MemorySummary {
        let part = |part: &PartUse| MemoryPart {
            part: part.part.as_str().to_owned(),
            used_bytes: match part.part {
                Part::Requests => self.collector.in_flight_bytes() as u64,
                _ => part.used_bytes,
            },
            limit_bytes: part.limit_bytes,
            refused: part.refused,
        };
        MemorySummary {
            total_bytes: summary.memory.total_bytes,
            origin: summary.memory.origin.as_str().to_owned(),
            parts: summary.memory.parts.iter().map(part).collect(),
        }
    }
}

fn signal_ledger(ledger: &LedgerSnapshot, signal: Signal) -> SignalLedger {
    let (received, stored, rejected) = ledger.totals(signal);
    SignalLedger {
        signal: signal.as_str().to_owned(),
        received,
        stored,
        rejected,
        rejected_by_reason: reasons(ledger.rejected(signal)),
    }
}

fn reasons(counts: BTreeMap<&'static str, u64>) -> Vec<ReasonCount> {
    counts.into_iter().map(|(reason, count)| ReasonCount { reason: reason.to_owned(), count }).collect()
}

fn storage_summary(summary: Summary) -> StorageSummary {
    StorageSummary {
        memtable_rows: summary.memtable_rows,
        memtable_bytes: summary.memtable_bytes,
        wal_bytes: summary.wal_bytes,
        segments: summary.segments,
        segment_rows: summary.segment_rows,
        segment_bytes: summary.segment_bytes,
        quarantined: summary.quarantined,
        refusing: summary.refusing,
        compaction: compaction(summary.compaction),
        retention: retention(summary.retention),
    }
}

fn compaction(summary: CompactionSummary) -> ApiCompaction {
    let levels = summary.levels.into_iter().map(|(level, held)| SegmentLevel {
        level,
        segments: held.segments,
        rows: held.rows,
        bytes: held.bytes,
    });
    ApiCompaction {
        levels: levels.collect(),
        running: summary.running,
        merges: summary.merges,
        rows_merged: summary.rows_merged,
        failures: summary.failures,
        last_error: summary.last_error,
    }
}

fn retention(summary: RetentionSummary) -> ApiRetention {
    let removed = summary.removed.into_iter().map(|(reason, removed)| RemovedSegments {
        reason: reason.as_str().to_owned(),
        segments: removed.segments,
        rows: removed.rows,
        bytes: removed.bytes,
    });
    let last = summary.last.into_iter().map(|removal| SegmentRemoval {
        time: UnixNano(removal.at),
        reason: removal.reason.as_str().to_owned(),
        segment: removal.stem,
        rows: removal.rows,
        bytes: removal.bytes,
        min_time: UnixNano(removal.min_time),
        max_time: UnixNano(removal.max_time),
    });
    ApiRetention { removed: removed.collect(), last: last.collect() }
}

fn api_listener(listener: Listener, address: SocketAddr) -> ApiListener {
    ApiListener { name: listener.as_str().to_owned(), address: address.to_string() }
}
