//! Power cuts, damage and failing disks.

use super::open::open_on;
use super::testing::{batch, copy_tree, counted, once, open_memory, options, options_in};
use super::*;
use crate::disk::memory::{Dice, MemoryDisk};
use ocelli_signal::Signal;
use std::path::Path;

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
    // The rows that were cut, and of both the lists of traces and the checksums.
    assert_eq!(disk.list(Path::new(paths::QUARANTINE)).unwrap().len(), 5);
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

/// A bucket may get what a killed process had sent after the next one has looked.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_flush_that_comes_late_is_neither_damage_nor_rows_again() {
    for signal in Signal::ALL {
        // The killed process wrote the first two records out, the next one all three.
        let flushed = async |records: usize| {
            let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
            let store = open_memory(&disk, &catalog).await.unwrap();
            for n in 0..records {
                store.append("default", batch(signal, n * 10, 10)).await.unwrap();
            }
            store.flush().await.unwrap();
            drop(store);
            (disk, catalog)
        };
        let (early, of_early) = flushed(2).await;
        let (disk, catalog) = flushed(3).await;
        let late = of_early.segments().await.unwrap()[0].path(paths::ROWS_SUFFIX);
        let mut file = disk.create(&late).unwrap();
        file.append(&crate::disk::read(&early, &late).unwrap()).unwrap();
        file.sync().unwrap();
        drop(file);
        let store = open_memory(&disk, &catalog).await.unwrap();
        assert_eq!(counted(&store, signal), once(signal, 0..30), "{signal:?}");
        assert_eq!(store.summary().quarantined, Vec::<String>::new());
        assert!(!disk.paths().contains(&late), "what is left over is removed");
    }
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
    let store = Store::open(options_in(dir.path()), None).await.unwrap();
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
        let store = Store::open(options_in(dir.path()), None).await.unwrap();
        for signal in Signal::ALL {
            assert_eq!(counted(&store, signal), once(signal, 0..100), "{damage}");
        }
        assert_eq!(store.summary().segments, 5, "{damage}");
        assert_eq!(store.summary().quarantined.len(), reports, "{damage} {:?}", store.summary().quarantined);
    }
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
