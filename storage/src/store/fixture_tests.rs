//! A data directory of format version 1, kept as it was written, is opened for ever, and holds row for
//! row what the seeded generator makes.
//!
//! It has everything that a directory can have: a WAL with rows that are in no segment, segments of
//! each signal as a flush wrote them and as a merge did, with index, list of traces and series, and
//! the catalog on SQLite. Until the version is released, it is made again when the format changes:
//! `cargo test -p ocelli-storage --lib write_the_fixture -- --ignored`.

use super::testing::{batch, copy_tree, open_memory, options_in};
use super::*;
use crate::compaction::{SegmentSizes, Sizes};
use crate::disk::memory::MemoryDisk;
use crate::segment::Segment;
use crate::test_compare::plain;
use arrow::array::{Array, ArrayRef};
use ocelli_signal::Signal;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Rows of each signal in a record.
const ROWS: usize = 40;
/// Records that are merged, then one that is flushed, then one that is in the WAL.
const MERGED: usize = 3;
const RECORDS: usize = MERGED + 2;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1")
}

fn options_of(dir: &Path) -> Options {
    let sizes =
        Sizes { fan_in: MERGED, max_inputs: MERGED, tier_rows: 10, full_rows: 1_000, ..limits::LOG_SIZES };
    let compaction = SegmentSizes { spans: sizes, logs: sizes, points: sizes };
    Options { compaction, ..options_in(dir) }
}

async fn append(store: &Store, record: usize) {
    for signal in Signal::ALL {
        store.append("default", batch(signal, record * ROWS, ROWS)).await.unwrap();
    }
}

/// Every row, or point with its series, as text, sorted.
fn told(store: &Store, signal: Signal) -> Vec<String> {
    let snapshot = store.snapshot("default");
    let mut told = Vec::new();
    if signal == Signal::Points {
        for series in snapshot.series(&mut |_: &ocelli_signal::Series| true, i64::MIN, i64::MAX).unwrap() {
            let point = |point| format!("{:032x} {:?} {point:?}", series.id, series.series);
            told.extend(series.points.iter().map(point));
        }
    }
    for source in snapshot.sources(signal, i64::MIN, i64::MAX).iter().filter(|_| signal != Signal::Points) {
        for rows in source.read(None, None).unwrap() {
            let columns: Vec<ArrayRef> = rows.columns().iter().map(plain).collect();
            let row = |row| columns.iter().map(|column| format!("{:?}", column.slice(row, 1))).collect();
            told.extend((0..rows.num_rows()).map(row));
        }
    }
    told.sort();
    told
}

fn segments(store: &Store) -> Vec<Arc<Segment>> {
    store.inner.shared.tables.segments()
}

#[tokio::test(flavor = "multi_thread")]
async fn version_1_is_read_row_for_row() {
    let dir = tempfile::tempdir().unwrap();
    copy_tree(&fixture(), dir.path());
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let expected = open_memory(&disk, &catalog).await.unwrap();
    for record in 0..RECORDS {
        append(&expected, record).await;
    }
    let store = Store::open(options_of(dir.path()), None).await.unwrap();
    assert!(store.summary().quarantined.is_empty(), "{:?}", store.summary().quarantined);
    assert!(store.summary().memtable_rows >= (3 * ROWS) as u64, "the WAL has rows");
    let kinds: BTreeSet<_> = segments(&store)
        .iter()
        .flat_map(|segment| {
            assert!(segment.verify().is_empty(), "{:?}", segment.verify());
            let entry = &segment.entry;
            entry
                .files
                .iter()
                .map(|file| (entry.signal, entry.level > 0, file.suffix.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    for merged in [false, true] {
        for (signal, suffix) in [
            (Signal::Spans, paths::TRACES_SUFFIX),
            (Signal::Logs, paths::INDEX_SUFFIX),
            (Signal::Points, paths::SERIES_SUFFIX),
        ] {
            for suffix in [paths::ROWS_SUFFIX, suffix] {
                assert!(kinds.contains(&(signal, merged, suffix.to_owned())), "{signal:?} {merged} {suffix}");
            }
        }
    }
    for signal in Signal::ALL {
        assert_eq!(told(&store, signal), told(&expected, signal), "{signal:?}");
        assert_eq!(told(&store, signal).len(), RECORDS * ROWS, "{signal:?}");
    }
    // What this version writes goes along with it.
    for record in RECORDS..RECORDS + MERGED {
        append(&expected, record).await;
        append(&store, record).await;
        store.flush().await.unwrap();
    }
    store.compact().await.unwrap();
    for signal in Signal::ALL {
        assert_eq!(told(&store, signal), told(&expected, signal), "{signal:?} after a merge");
    }
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes the fixture"]
async fn write_the_fixture() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options_of(dir.path()), None).await.unwrap();
    for record in 0..RECORDS {
        append(&store, record).await;
        if record <= MERGED {
            store.flush().await.unwrap();
        }
        if record + 1 == MERGED {
            store.compact().await.unwrap();
        }
    }
    let levels: Vec<u32> = segments(&store).iter().map(|segment| segment.entry.level).collect();
    assert_eq!(levels.iter().filter(|level| **level == 0).count(), 3, "{levels:?}");
    // As a killed process leaves it.
    let _ = std::fs::remove_dir_all(fixture());
    copy_tree(dir.path(), &fixture());
    // SQLite moves what it has written beside the database into it.
    Catalog::open_file(&fixture().join(paths::CATALOG)).await.unwrap().close().await;
    let _ = std::fs::remove_file(fixture().join(paths::LOCK));
}
