//! Merges beside readers, crashes and failing disks.

use super::open::open_on;
use super::testing::{batch, counted, once, open_memory, options, small_sizes, until};
use super::*;
use crate::disk::memory::{Dice, MemoryDisk};
use crate::options::Clock;
use crate::test_rows::{self, BASE_TIME};
use ocelli_signal::Signal;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

async fn open_small(disk: &MemoryDisk, catalog: &Catalog) -> Result<Store> {
    let options = Options { compaction: small_sizes(), ..options() };
    open_on(options, None, Arc::new(disk.clone()), catalog.clone(), None).await
}

fn segment_files(disk: &MemoryDisk) -> Vec<PathBuf> {
    disk.paths().into_iter().filter(|path| path.starts_with(paths::SEGMENTS)).collect()
}

/// Flushes of `rows` rows each; the n-th has the rows from `n * rows` on.
async fn flush_each(store: &Store, flushes: std::ops::Range<usize>, rows: usize) {
    for n in flushes {
        for signal in Signal::ALL {
            store.append("default", batch(signal, n * rows, rows)).await.unwrap();
        }
        store.flush().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn merged_segments_hold_the_same_rows_and_old_files_go_when_nobody_reads_them() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_memory(&disk, &catalog).await.unwrap();
    flush_each(&store, 0..5, 20).await;
    let old = store.snapshot("default");
    let files = segment_files(&disk);
    store.compact().await.unwrap();
    let summary = store.summary();
    assert_eq!((summary.segments, summary.segment_rows, summary.compaction.merges), (3, 300, 3));
    assert_eq!(summary.compaction.levels[&1].segments, 3);
    let now = segment_files(&disk);
    assert!(files.iter().all(|file| now.contains(file)), "somebody reads them");
    for signal in [Signal::Spans, Signal::Logs] {
        let rows: u64 = old
            .sources(signal, i64::MIN, i64::MAX)
            .iter()
            .flat_map(|source| source.read(None, None).unwrap())
            .map(|batch| batch.num_rows() as u64)
            .sum();
        assert_eq!(rows, 100, "what a snapshot refers to stays readable");
    }
    drop(old);
    for signal in Signal::ALL {
        assert_eq!(counted(&store, signal), once(signal, 0..100));
    }
    until("nobody reads them", || files.iter().all(|file| !segment_files(&disk).contains(file))).await;
    drop(store);
    let store = open_memory(&disk, &catalog).await.unwrap();
    for signal in Signal::ALL {
        assert_eq!(counted(&store, signal), once(signal, 0..100), "after reopening");
    }
    assert_eq!(segment_files(&disk).len(), 2 * 3 + 1 + 1 + 1, "rows and sums; series, index, traces");
}

/// A bucket may get what a killed process had sent after the next one has looked.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_merge_that_comes_late_is_neither_damage_nor_rows_again() {
    // The killed process merged the first three flushes, the next one all four.
    let merged = async |flushes: usize| {
        let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
        let store = open_memory(&disk, &catalog).await.unwrap();
        flush_each(&store, 0..flushes, 20).await;
        store.compact().await.unwrap();
        drop(store);
        (disk, catalog)
    };
    let (early, of_early) = merged(3).await;
    let (disk, catalog) = merged(4).await;
    let mut all_late = Vec::new();
    for segment in of_early.segments().await.unwrap() {
        assert_eq!(segment.level, 1);
        let late = segment.path(paths::ROWS_SUFFIX);
        let mut file = disk.create(&late).unwrap();
        file.append(&crate::disk::read(&early, &late).unwrap()).unwrap();
        file.sync().unwrap();
        all_late.push(late);
    }
    let store = open_memory(&disk, &catalog).await.unwrap();
    for signal in Signal::ALL {
        assert_eq!(counted(&store, signal), once(signal, 0..80), "{signal:?}");
    }
    assert_eq!(store.summary().quarantined, Vec::<String>::new());
    assert!(!disk.paths().iter().any(|path| all_late.contains(path)), "what is left over is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_happen_by_themselves() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_small(&disk, &catalog).await.unwrap();
    flush_each(&store, 0..12, 30).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while store.summary().segments > 3 * 4 || store.summary().compaction.running.is_some() {
        assert!(Instant::now() < deadline, "{:?}", store.summary());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for signal in Signal::ALL {
        assert_eq!(counted(&store, signal), once(signal, 0..360));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_fails_anywhere_changes_nothing_and_is_made_up_for() {
    let mut failures = 0;
    for failing in 1.. {
        let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
        let store = open_memory(&disk, &catalog).await.unwrap();
        for n in 0..3 {
            store.append("default", batch(Signal::Logs, n * 10, 10)).await.unwrap();
            store.flush().await.unwrap();
        }
        let at = disk.changes() + failing;
        disk.fail_once_at(at);
        failures += usize::from(store.compact().await.is_err());
        if disk.changes() < at {
            assert!(failures > 5, "a merge makes more than {failures} changes");
            return;
        }
        assert_eq!(counted(&store, Signal::Logs), once(Signal::Logs, 0..30), "change {failing}");
        store.compact().await.unwrap();
        assert_eq!(store.summary().segments, 1, "change {failing}");
        assert_eq!(counted(&store, Signal::Logs), once(Signal::Logs, 0..30), "change {failing}");
        let files = segment_files(&disk);
        let temps = files.iter().filter(|file| file.to_string_lossy().ends_with(".tmp")).count();
        assert_eq!(temps, 0, "change {failing}: {files:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_waits_for_room_on_the_disk() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_memory(&disk, &catalog).await.unwrap();
    flush_each(&store, 0..3, 50).await;
    disk.set_capacity(Some(disk.used() + 2_000));
    let refused = store.compact().await.unwrap_err().to_string();
    assert!(refused.contains("a merge needs"), "{refused}");
    assert_eq!(store.summary().compaction.failures, 1);
    disk.set_capacity(None);
    store.compact().await.unwrap();
    assert_eq!(store.summary().segments, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_input_is_set_aside_and_the_others_are_merged() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_memory(&disk, &catalog).await.unwrap();
    for n in 0..4 {
        store.append("default", batch(Signal::Spans, n * 10, 10)).await.unwrap();
        store.flush().await.unwrap();
    }
    let bad = catalog.segments().await.unwrap()[1].path(paths::ROWS_SUFFIX);
    disk.damage(&bad, |bytes| bytes[700] ^= 1);
    assert!(store.compact().await.is_err());
    store.compact().await.unwrap();
    assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, (0..10).chain(20..40)));
    assert_eq!(store.summary().quarantined.len(), 1);
}

/// Spans of several days, numbered.
fn spans_of_days(days: &[i64]) -> Batch {
    let parts: Vec<RecordBatch> = days
        .iter()
        .enumerate()
        .map(|(n, day)| test_rows::shifted(Signal::Spans, n * 10, 10, day * 86_400_000_000_000))
        .collect();
    let rows = arrow::compute::concat_batches(&Signal::Spans.schema(), &parts).unwrap();
    Batch { signal: Signal::Spans, rows }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_of_several_days_is_a_segment_each_in_one_publication() {
    for failing in 1.. {
        let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
        let store = open_memory(&disk, &catalog).await.unwrap();
        store.append("default", spans_of_days(&[0, 1, -1, 0])).await.unwrap();
        let at = disk.changes() + failing;
        disk.fail_from(at);
        let flushed = store.flush().await.is_ok();
        if disk.changes() < at {
            assert_eq!(store.summary().segments, 3);
            return;
        }
        drop(store.close_without_catalog().await);
        // The catalog is lost as well: what is half done must be told by the files alone.
        for catalog in [catalog, Catalog::in_memory().await.unwrap()] {
            let copy = disk.crash(&mut Dice::new(failing));
            let store = open_memory(&copy, &catalog).await.unwrap();
            assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 0..40), "{failing} {flushed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_catalog_takes_outputs_for_their_inputs() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_small(&disk, &catalog).await.unwrap();
    flush_each(&store, 0..3, 10).await;
    store.compact().await.unwrap();
    // Held by a reader until the power goes, the inputs stay.
    let readers = store.snapshot("default");
    flush_each(&store, 3..6, 10).await;
    store.compact().await.unwrap();
    let files = segment_files(&disk).len();
    let lost =
        open_small(&disk.crash(&mut Dice::new(1)), &Catalog::in_memory().await.unwrap()).await.unwrap();
    assert!(files > 6, "{files}");
    for signal in Signal::ALL {
        assert_eq!(counted(&lost, signal), once(signal, 0..60));
    }
    assert_eq!(lost.summary().quarantined, [] as [String; 0]);
    drop(readers);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_are_in_every_snapshot_once_while_flush_merge_and_expiry_run_on_a_failing_disk() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let clock = Clock::new(|| BASE_TIME + 3_600_000_000_000);
    let options = Options { compaction: small_sizes(), clock, ..options() };
    let store = open_on(options, None, Arc::new(disk.clone()), catalog, None).await.unwrap();
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let (writer, told) = (store.clone(), acknowledged.clone());
    let done = Arc::new(AtomicBool::new(false));
    let is_done = done.clone();
    let writing = tokio::spawn(async move {
        let mut n = 0;
        while !is_done.load(Ordering::SeqCst) {
            // A refused batch is none: the next try has the same rows.
            if writer.append("default", batch(Signal::Spans, n, 5)).await.is_ok() {
                n += 5;
                told.store(n, Ordering::SeqCst);
            }
            // Long expired, so that there is always something to remove.
            let old = test_rows::shifted(Signal::Logs, n, 5, -90 * 86_400_000_000_000);
            drop(writer.append("default", Batch { signal: Signal::Logs, rows: old }).await);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        n
    });
    let (worker, failing) = (store.clone(), disk.clone());
    let working = tokio::spawn(async move {
        let mut dice = Dice::new(7);
        let (mut failed, mut rounds) = (0, 0);
        // A fault may hit the writer as well.
        while rounds < 60 || (failed <= 3 && rounds < 3_000) {
            rounds += 1;
            failing.fail_once_at(failing.changes() + 1 + dice.below(25) as u64);
            failed += usize::from(worker.flush().await.is_err());
            failed += usize::from(worker.compact().await.is_err());
            failed += usize::from(worker.retain().await.is_err());
        }
        done.store(true, Ordering::SeqCst);
        failed
    });
    while !writing.is_finished() || !working.is_finished() {
        let before = acknowledged.load(Ordering::SeqCst);
        let reader = store.clone();
        let found = tokio::task::spawn_blocking(move || counted(&reader, Signal::Spans)).await.unwrap();
        assert!(found.values().all(|count| *count == 1), "no row twice");
        assert!(
            (0..before as u64).all(|number| found.contains_key(&number)),
            "no acknowledged row is missing"
        );
    }
    let sent = writing.await.unwrap();
    let failed = working.await.unwrap();
    assert!(failed > 3, "the disk was to fail: {failed}");
    store.flush().await.unwrap();
    store.compact().await.unwrap();
    store.retain().await.unwrap();
    assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 0..sent));
    assert_eq!(counted(&store, Signal::Logs).len(), 0);
    let summary = store.summary();
    assert!(
        summary.compaction.merges > 10 && summary.retention.removed[&Reason::Time].rows > 0,
        "{summary:?}"
    );
}
