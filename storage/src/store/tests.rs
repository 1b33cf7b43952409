use super::*;
use crate::disk::memory::{Dice, MemoryDisk};
use crate::store::open::open_on;
use crate::test_rows;
use ocelli_signal::Signal;
use ocelli_signal::logs::Logs;
use ocelli_signal::spans::Spans;
use std::collections::BTreeMap;
use std::path::Path;

fn options() -> Options {
    Options { index_min_rows: 20, wal_file_bytes: 4_000, ..Options::new("unused") }
}

async fn open_memory(disk: &MemoryDisk, catalog: &Catalog) -> Result<Store> {
    open_on(options(), None, Arc::new(disk.clone()), catalog.clone(), None).await
}

fn batch(signal: Signal, from: usize, count: usize) -> Batch {
    Batch { signal, rows: test_rows::batch(signal, from, count) }
}

/// How often each numbered row of the test data is in a snapshot.
fn counted(store: &Store, signal: Signal) -> BTreeMap<u64, usize> {
    let snapshot = store.snapshot("default");
    let mut counts = BTreeMap::new();
    let mut count = |number: u64| *counts.entry(number).or_default() += 1;
    if signal == Signal::Points {
        let second = |time: i64| ((time - test_rows::BASE_TIME) / 1_000_000_000) as u64;
        for series in snapshot.series(&mut |_| true, i64::MIN, i64::MAX).unwrap() {
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
fn once(signal: Signal, numbers: impl Iterator<Item = usize>) -> BTreeMap<u64, usize> {
    let told = numbers.filter(|n| signal != Signal::Logs || n % 5 != 0);
    told.map(|n| (n as u64, 1)).collect()
}

fn copy_tree(from: &Path, to: &Path) {
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

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_is_readable_at_once_and_after_flush_and_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { index_min_rows: 10, ..Options::new(dir.path()) };
    let store = Store::open(options, None).await.unwrap();
    for signal in Signal::ALL {
        store.append("default", batch(signal, 0, 100)).await.unwrap();
        assert_eq!(counted(&store, signal), once(signal, 0..100), "in memory");
    }
    store.flush().await.unwrap();
    for signal in Signal::ALL {
        assert_eq!(counted(&store, signal), once(signal, 0..100), "in segments");
        store.append("default", batch(signal, 100, 50)).await.unwrap();
    }
    let summary = store.summary();
    assert_eq!((summary.segments, summary.segment_rows, summary.memtable_rows), (3, 300, 150));
    assert!(summary.segment_bytes > 0 && summary.memtable_bytes > 0 && summary.wal_bytes > 0);
    // What a killed process leaves is what lies in its directory at that moment.
    let killed = tempfile::tempdir().unwrap();
    copy_tree(dir.path(), killed.path());
    let reopened = Store::open(Options::new(killed.path()), None).await.unwrap();
    for signal in Signal::ALL {
        assert_eq!(counted(&reopened, signal), once(signal, 0..150), "after reopening");
    }
    store.close().await.unwrap();
    assert!(matches!(
        store.append("default", batch(Signal::Logs, 0, 1)).await,
        Err(Error::Unavailable { .. })
    ));
    assert_eq!(std::fs::read_dir(dir.path().join(paths::WAL)).unwrap().count(), 0, "all is in segments");

    let closed = tempfile::tempdir().unwrap();
    copy_tree(dir.path(), closed.path());
    let store = Store::open(Options::new(closed.path()), None).await.unwrap();
    assert_eq!(store.summary().memtable_rows, 0);
    for signal in Signal::ALL {
        assert_eq!(counted(&store, signal), once(signal, 0..150), "after closing");
    }
    assert_eq!(store.summary().quarantined, [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Store::open(Options::new(dir.path()), None).await.unwrap();
    let second = Store::open(Options::new(dir.path()), None).await;
    assert!(matches!(second, Err(Error::Locked { path }) if path == dir.path().display().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_invalid_and_a_full_budget_is_overloaded() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_memory(&disk, &catalog).await.unwrap();
    let wrong = Batch { signal: Signal::Logs, rows: test_rows::batch(Signal::Spans, 0, 1) };
    assert!(matches!(store.append("default", wrong).await, Err(Error::Invalid { .. })));
    assert!(matches!(store.append("../up", batch(Signal::Logs, 0, 1)).await, Err(Error::Invalid { .. })));

    let tight = Options { memtable_budget_bytes: 20_000, ..options() };
    let catalog = Catalog::in_memory().await.unwrap();
    let store = open_on(tight, None, Arc::new(MemoryDisk::default()), catalog, None).await.unwrap();
    let mut refused = None;
    for n in 0..100 {
        if let Err(error) = store.append("default", batch(Signal::Logs, n * 50, 50)).await {
            refused = Some(error);
            break;
        }
    }
    assert!(matches!(refused, Some(Error::Overloaded { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_see_only_their_own() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_memory(&disk, &catalog).await.unwrap();
    store.append("a", batch(Signal::Spans, 0, 10)).await.unwrap();
    store.append("default", batch(Signal::Spans, 10, 5)).await.unwrap();
    store.flush().await.unwrap();
    assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 10..15));
    assert_eq!(store.snapshot("a").rows(Signal::Spans), 10);
    assert_eq!(store.snapshot("b").rows(Signal::Spans), 0);
}

/// Remembers the spans that it saw.
#[derive(Default)]
struct Seen(Mutex<Vec<(u64, usize)>>);

impl SpanObserver for Seen {
    fn observe(&self, _: &str, sequence: u64, rows: &RecordBatch) {
        self.0.lock().unwrap().push((sequence, rows.num_rows()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_observer_sees_only_uncovered_spans_also_flushed_ones() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let open = |seen: &Arc<Seen>| {
        open_on(options(), Some(seen.clone()), Arc::new(disk.clone()), catalog.clone(), None)
    };
    let seen = Arc::new(Seen::default());
    let store = open(&seen).await.unwrap();
    let first = store.append("default", batch(Signal::Spans, 0, 4)).await.unwrap();
    store.append_covering("default", batch(Signal::Points, 0, 2), first).await.unwrap();
    let second = store.append("default", batch(Signal::Spans, 4, 3)).await.unwrap();
    assert_eq!(*seen.0.lock().unwrap(), [(first, 4), (second, 3)]);
    store.flush().await.unwrap();
    drop(store);

    let seen = Arc::new(Seen::default());
    let store = open(&seen).await.unwrap();
    assert_eq!(*seen.0.lock().unwrap(), [(second, 3)], "flushed, but in no emission");
    assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 0..7), "shown again, not kept again");
    let empty = Batch { signal: Signal::Points, rows: test_rows::batch(Signal::Points, 0, 0) };
    store.append_covering("default", empty, second).await.unwrap();
    store.flush().await.unwrap();
    assert_eq!(store.summary().wal_bytes, 0, "all flushed and covered");
    drop(store);

    let seen = Arc::new(Seen::default());
    open(&seen).await.unwrap();
    assert!(seen.0.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_and_missing_segments_are_set_aside_and_the_rest_is_served() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_memory(&disk, &catalog).await.unwrap();
    for n in 0..3 {
        store.append("default", batch(Signal::Spans, n * 10, 10)).await.unwrap();
        store.flush().await.unwrap();
    }
    drop(store);
    let segments = catalog.segments().await.unwrap();
    disk.damage(&segments[0].path(paths::ROWS_SUFFIX), |bytes| bytes.truncate(100));
    disk.remove(&segments[1].path(paths::ROWS_SUFFIX)).unwrap();

    for _ in 0..2 {
        let store = open_memory(&disk, &catalog).await.unwrap();
        assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 20..30));
        assert_eq!(store.summary().quarantined.len(), 2, "{:?}", store.summary());
    }
    assert_eq!(disk.list(Path::new(paths::QUARANTINE)).unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_found_damaged_while_reading_is_told_once_and_then_left_out() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_memory(&disk, &catalog).await.unwrap();
    for n in 0..2 {
        store.append("default", batch(Signal::Spans, n * 10, 10)).await.unwrap();
        store.flush().await.unwrap();
    }
    let bad = catalog.segments().await.unwrap()[0].path(paths::ROWS_SUFFIX);
    disk.damage(&bad, |bytes| bytes[1_000] ^= 1);
    let snapshot = store.snapshot("default");
    let read = snapshot.sources(Signal::Spans, i64::MIN, i64::MAX);
    let failed =
        read.iter().filter(|source| matches!(source.read(None, None), Err(Error::Corrupt { .. }))).count();
    assert_eq!(failed, 1);
    assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 10..20));
    assert_eq!(store.summary().quarantined.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_in_the_middle_of_the_wal_costs_its_record_only() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let roomy = Options { wal_file_bytes: 1 << 20, ..options() };
    let store = open_on(roomy, None, Arc::new(disk.clone()), catalog.clone(), None).await.unwrap();
    for n in 0..3 {
        store.append("default", batch(Signal::Spans, n * 10, 10)).await.unwrap();
    }
    drop(store);
    let file = disk.paths().into_iter().find(|path| path.starts_with(paths::WAL)).unwrap();
    disk.damage(&file, |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    let store = open_memory(&disk, &catalog).await.unwrap();
    assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, (0..10).chain(20..30)));
    assert_eq!(store.summary().quarantined.len(), 1);
    assert_eq!(disk.list(Path::new(paths::QUARANTINE)).unwrap().len(), 1);
}

/// A directory with flushed and unflushed rows, as a killed process leaves it.
async fn killed_directory() -> tempfile::TempDir {
    let (dir, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = Store::open(Options { index_min_rows: 10, ..Options::new(dir.path()) }, None).await.unwrap();
    for signal in Signal::ALL {
        store.append("default", batch(signal, 0, 60)).await.unwrap();
        store.flush().await.unwrap();
        store.append("default", batch(signal, 60, 40)).await.unwrap();
    }
    copy_tree(dir.path(), killed.path());
    killed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_or_damaged_catalog_is_made_anew_from_the_files() {
    for (damage, reports) in [("lost", 0), ("zeroed", 1), ("bent", 1)] {
        let dir = killed_directory().await;
        let catalog = dir.path().join(paths::CATALOG);
        for name in &paths::CATALOG_FILES[1..] {
            // What SQLite had not yet moved into the file goes with it.
            let _ = std::fs::remove_file(dir.path().join(name));
        }
        match damage {
            "lost" => std::fs::remove_file(&catalog).unwrap(),
            "zeroed" => std::fs::write(&catalog, vec![1; 5_000]).unwrap(),
            _ => {
                let mut bytes = std::fs::read(&catalog).unwrap();
                bytes[100..].fill(0xaa);
                bytes.resize(8_192, 0xaa);
                std::fs::write(&catalog, bytes).unwrap();
            }
        }
        let store = Store::open(Options::new(dir.path()), None).await.unwrap();
        for signal in Signal::ALL {
            assert_eq!(counted(&store, signal), once(signal, 0..100), "{damage}");
        }
        assert_eq!(store.summary().segments, 5, "{damage}");
        assert_eq!(store.summary().quarantined.len(), reports, "{damage} {:?}", store.summary().quarantined);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rows_are_in_every_snapshot_once_while_they_are_flushed() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let store = open_memory(&disk, &catalog).await.unwrap();
    let acknowledged = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (writer, told) = (store.clone(), acknowledged.clone());
    let writing = tokio::spawn(async move {
        for n in 0..120 {
            writer.append("default", batch(Signal::Spans, n * 5, 5)).await.unwrap();
            told.store((n + 1) * 5, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let flusher = store.clone();
    let flushing = tokio::spawn(async move {
        for _ in 0..15 {
            flusher.flush().await.unwrap();
        }
    });
    while !writing.is_finished() || !flushing.is_finished() {
        let before = acknowledged.load(std::sync::atomic::Ordering::SeqCst);
        let reader = store.clone();
        let found = tokio::task::spawn_blocking(move || counted(&reader, Signal::Spans)).await.unwrap();
        assert!(found.values().all(|count| *count == 1), "no row twice");
        assert!(
            (0..before as u64).all(|number| found.contains_key(&number)),
            "no acknowledged row is missing"
        );
    }
    writing.await.unwrap();
    flushing.await.unwrap();
    assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 0..600));
}

/// One life of a store until the power goes, and what was acknowledged in it.
async fn live_until_the_cut(
    disk: &MemoryDisk,
    catalog: &Catalog,
    dice: &mut Dice,
    next: &mut [usize; 3],
) -> Vec<(Signal, usize)> {
    let mut kept = Vec::new();
    disk.fail_from(disk.changes() + 1 + dice.below(120) as u64);
    let Ok(store) = open_memory(disk, catalog).await else { return kept };
    for _ in 0..40 {
        let at = dice.below(3);
        let (signal, count) = (Signal::ALL[at], 1 + dice.below(6));
        let from = next[at];
        next[at] += count;
        if store.append("default", batch(signal, from, count)).await.is_ok() {
            kept.extend((from..from + count).map(|n| (signal, n)));
        }
        if dice.below(8) == 0 && store.flush().await.is_err() {
            break;
        }
    }
    let _ = store.close_without_catalog().await;
    kept
}

/// The model: what was acknowledged is there once, what was not is there at most once.
async fn crash_and_compare(seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let (mut disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    let (mut kept, mut next) = (Vec::new(), [0; 3]);
    for life in 0..4 {
        kept.extend(live_until_the_cut(&disk, &catalog, &mut dice, &mut next).await);
        disk = disk.crash(&mut dice);
        let store = open_memory(&disk, &catalog).await.unwrap();
        for signal in Signal::ALL {
            let found = counted(&store, signal);
            let of_signal = kept.iter().filter(|(s, _)| *s == signal).map(|(_, n)| *n);
            let expected = once(signal, of_signal);
            assert!(
                found.values().all(|count| *count == 1),
                "seed {seed} life {life} {signal:?}: a row twice"
            );
            let lost: Vec<_> = expected.keys().filter(|n| !found.contains_key(n)).collect();
            assert!(lost.is_empty(), "seed {seed} life {life} {signal:?}: lost {lost:?}");
        }
        assert_eq!(store.summary().quarantined, [] as [String; 0], "seed {seed} life {life}");
        store.close_without_catalog().await.unwrap();
    }
    kept.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_power_cut_loses_or_doubles_an_acknowledged_row() {
    let mut kept = 0;
    for seed in 0..60 {
        kept += crash_and_compare(seed).await;
    }
    assert!(kept > 5_000, "the cuts come too early to show anything: {kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_fails_anywhere_is_made_up_for_by_the_next() {
    for failing in 1.. {
        let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
        let store = open_memory(&disk, &catalog).await.unwrap();
        store.append("default", batch(Signal::Logs, 0, 30)).await.unwrap();
        let at = disk.changes() + failing;
        disk.fail_once_at(at);
        let _ = store.flush().await;
        if disk.changes() < at {
            assert!(failing > 10, "a flush makes more than {failing} changes");
            return;
        }
        store.append("default", batch(Signal::Logs, 30, 30)).await.unwrap();
        assert_eq!(counted(&store, Signal::Logs), once(Signal::Logs, 0..60), "change {failing}");
        store.flush().await.unwrap();
        assert_eq!(counted(&store, Signal::Logs), once(Signal::Logs, 0..60), "change {failing}");
        assert_eq!(store.summary().memtable_rows, 0);
    }
}

impl Store {
    /// Stops the threads as `close` does, but leaves the catalog open: it outlives the store in
    /// these tests, as a file would.
    async fn close_without_catalog(self) -> Result<()> {
        let writer = self.inner.writer.lock().unwrap().take();
        tokio::task::spawn_blocking(move || drop(writer)).await.unwrap();
        self.command(Command::Flush).await
    }
}
