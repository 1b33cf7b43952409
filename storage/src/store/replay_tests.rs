//! A WAL that is longer than memory, and how it is replayed.

use super::open::open_on;
use super::testing::{batch, counted, no_merges, once, options};
use super::*;
use crate::disk::memory::MemoryDisk;
use ocelli_signal::Signal;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Looks at the bytes in memory whenever a span comes by.
#[derive(Default)]
struct Watch {
    spans: AtomicUsize,
}

impl SpanObserver for Watch {
    fn observe(&self, _: &str, _: u64, rows: &RecordBatch) {
        self.spans.fetch_add(rows.num_rows(), Ordering::SeqCst);
    }
}

const BATCHES: usize = 140;

/// A store that keeps everything in memory until its power is cut.
async fn killed() -> (MemoryDisk, Catalog) {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let roomy = Options { wal_file_bytes: 200_000, ..options() };
    let store = open_on(roomy, None, Arc::new(disk.clone()), catalog.clone(), None).await.unwrap();
    for n in 0..BATCHES {
        for signal in Signal::ALL {
            store.append("default", batch(signal, n * 20, 20)).await.unwrap();
        }
    }
    let bytes = store.summary().memtable_bytes;
    assert!(bytes > 2_000_000, "{bytes}");
    drop(store);
    (disk, catalog)
}

fn tight() -> Options {
    let compaction = no_merges();
    Options { flush_bytes: 60_000, memtable_budget_bytes: 200_000, compaction, ..options() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wal_much_larger_than_memory_is_replayed_within_it() {
    let (disk, catalog) = killed().await;
    for _ in 0..2 {
        let watch = Arc::new(Watch::default());
        let store =
            open_on(tight(), Some(watch.clone()), Arc::new(disk.clone()), catalog.clone(), None).await;
        let store = store.unwrap();
        let summary = store.summary();
        assert!(summary.memtable_bytes <= 200_000, "{summary:?}");
        assert!(summary.segments > 20, "{summary:?}");
        let peak = store.inner.shared.tables.peak_bytes();
        assert!(peak < 260_000, "{peak} bytes were in memory at once");
        // No emission told about them, so the observer sees them at every start.
        assert_eq!(watch.spans.load(Ordering::SeqCst), BATCHES * 20);
        for signal in Signal::ALL {
            assert_eq!(counted(&store, signal), once(signal, 0..BATCHES * 20));
        }
        drop(store);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_anywhere_in_the_replay_loses_and_doubles_nothing() {
    let (disk, catalog) = killed().await;
    for changes in [1, 7, 30, 75, 140, 300, 1 << 40] {
        disk.fail_from(disk.changes() + changes);
        let store = open_on(tight(), None, Arc::new(disk.clone()), catalog.clone(), None).await;
        drop(store);
        disk.fail_from(u64::MAX);
        let store = open_on(tight(), None, Arc::new(disk.clone()), catalog.clone(), None).await.unwrap();
        for signal in Signal::ALL {
            assert_eq!(counted(&store, signal), once(signal, 0..BATCHES * 20), "after {changes} changes");
        }
        assert_eq!(store.summary().quarantined, [] as [String; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_no_reason_not_to_start() {
    let (disk, catalog) = killed().await;
    disk.set_capacity(Some(disk.used()));
    let store = open_on(tight(), None, Arc::new(disk.clone()), catalog.clone(), None).await.unwrap();
    for signal in Signal::ALL {
        assert_eq!(counted(&store, signal), once(signal, 0..BATCHES * 20));
    }
    let refused = store.append("default", batch(Signal::Logs, 0, 1)).await;
    assert!(matches!(refused, Err(Error::Overloaded { .. } | Error::Unavailable { .. })), "{refused:?}");
    assert!(store.summary().refusing.is_some());
    disk.set_capacity(None);
    store.flush().await.unwrap();
    let taken = batch(Signal::Logs, BATCHES * 20, 5);
    super::testing::until_taken(&store, taken).await;
    assert_eq!(counted(&store, Signal::Logs), once(Signal::Logs, 0..BATCHES * 20 + 5));
}
