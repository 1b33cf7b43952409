use super::open::open_on;
use super::testing::{batch, copy_tree, counted, once, open_memory, options, options_in};
use super::*;
use crate::disk::memory::MemoryDisk;
use crate::test_rows;
use ocelli_signal::Signal;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_is_readable_at_once_and_after_flush_and_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(options_in(dir.path()), None).await.unwrap();
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
    let reopened = Store::open(options_in(killed.path()), None).await.unwrap();
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
    let store = Store::open(options_in(closed.path()), None).await.unwrap();
    assert_eq!(store.summary().memtable_rows, 0);
    for signal in Signal::ALL {
        assert_eq!(counted(&store, signal), once(signal, 0..150), "after closing");
    }
    assert_eq!(store.summary().quarantined, [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Store::open(options_in(dir.path()), None).await.unwrap();
    let second = Store::open(options_in(dir.path()), None).await;
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
