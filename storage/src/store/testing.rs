//! What the tests of the store share: a store on a disk in memory, and a count of what it holds.

use super::Store;
use super::background::Command;
use super::open::open_on;
use crate::catalog::Catalog;
use crate::compaction::{SegmentSizes, Sizes};
use crate::disk::memory::MemoryDisk;
use crate::error::Result;
use crate::limits;
use crate::options::{Clock, Options};
use crate::test_rows;
use arrow::array::RecordBatch;
use ocelli_signal::logs::Logs;
use ocelli_signal::spans::Spans;
use ocelli_signal::{Batch, Signal};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub fn options() -> Options {
    Options {
        index_min_rows: 20,
        index_flush_rows: 20,
        wal_file_bytes: 4_000,
        clock: Clock::new(|| test_rows::BASE_TIME + 3_600_000_000_000),
        ..Options::new("unused")
    }
}

/// Segments are full at 200 rows and merged three at a time.
pub fn small_sizes() -> SegmentSizes {
    let sizes = Sizes { fan_in: 3, max_inputs: 8, tier_rows: 10, full_rows: 200, ..limits::LOG_SIZES };
    SegmentSizes { spans: sizes, logs: sizes, points: sizes }
}

/// Nothing is merged.
pub fn no_merges() -> SegmentSizes {
    let sizes = Sizes { full_rows: 0, ..limits::LOG_SIZES };
    SegmentSizes { spans: sizes, logs: sizes, points: sizes }
}

/// For a store in a directory: the test's rows are from a year that has expired.
pub fn options_in(dir: &Path) -> Options {
    Options { data_dir: dir.to_owned(), wal_file_bytes: limits::WAL_FILE_BYTES, ..options() }
}

pub async fn open_memory(disk: &MemoryDisk, catalog: &Catalog) -> Result<Store> {
    open_on(options(), None, Arc::new(disk.clone()), catalog.clone(), None).await
}

pub fn batch(signal: Signal, from: usize, count: usize) -> Batch {
    Batch { signal, rows: test_rows::batch(signal, from, count) }
}

/// How often each numbered row of the test data is in a snapshot.
pub fn counted(store: &Store, signal: Signal) -> BTreeMap<u64, usize> {
    let snapshot = store.snapshot("default");
    let mut counts = BTreeMap::new();
    let mut count = |number: u64| *counts.entry(number).or_default() += 1;
    if signal == Signal::Points {
        let second = |time: i64| ((time - test_rows::BASE_TIME) / 1_000_000_000) as u64;
        for series in snapshot.series(&mut |_: &ocelli_signal::Series| true, i64::MIN, i64::MAX).unwrap() {
            series.points.iter().for_each(|point| count(second(point.time)));
        }
        return counts;
    }
    for source in snapshot.sources(signal, i64::MIN, i64::MAX) {
        let batches = source.read(None, None).unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>() as u64, source.rows());
        for rows in &batches {
            match signal {
                Signal::Spans => {
                    let spans = Spans::new(rows).unwrap();
                    (0..spans.len()).for_each(|row| count(u64::from_be_bytes(spans.row(row).span_id) - 1));
                }
                _ => {
                    let logs = Logs::new(rows).unwrap();
                    (0..logs.len()).for_each(|row| {
                        let attributes = ocelli_signal::Attributes::of_column(logs.attributes.value(row));
                        if let Some(ocelli_signal::AnyValue::Int(number)) = attributes.get("number") {
                            count(number as u64);
                        }
                    });
                }
            }
        }
    }
    counts
}

/// Every row of the numbers, once. (Logs whose number is divisible by 5 carry no number.)
pub fn once(signal: Signal, numbers: impl Iterator<Item = usize>) -> BTreeMap<u64, usize> {
    let told = numbers.filter(|n| signal != Signal::Logs || n % 5 != 0);
    told.map(|n| (n as u64, 1)).collect()
}

/// Looks until something holds, as what the background work does after it has answered.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Sends rows until they are taken, as a sender does that is refused with a time to come back.
pub async fn until_taken(store: &Store, batch: Batch) {
    let started = Instant::now();
    while let Err(error) = store.append("default", batch.clone()).await {
        assert!(started.elapsed() < Duration::from_secs(20), "{error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

impl Store {
    /// Stops the threads as `close` does, but leaves the catalog open: it outlives the store in
    /// these tests, as a file would.
    pub async fn close_without_catalog(self) -> Result<()> {
        let writer = self.inner.writer.lock().unwrap().take();
        tokio::task::spawn_blocking(move || drop(writer)).await.unwrap();
        let outcome = self.command(Command::Flush).await;
        let shared = Arc::downgrade(&self.inner.shared);
        drop(self);
        // A merge may be running; in a directory, its lock would keep the next store out.
        while shared.strong_count() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        outcome
    }
}
