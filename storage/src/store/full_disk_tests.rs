//! A disk that fills up: nothing is lost, queries go on, and it recovers by itself.

use super::open::open_on;
use super::testing::{batch, counted, once, options, small_sizes, until, until_taken};
use super::*;
use crate::compaction::{SegmentSizes, Sizes};
use crate::disk::memory::{Dice, MemoryDisk};
use crate::test_rows::BASE_TIME;
use ocelli_signal::attributes::encode;
use ocelli_signal::logs::{LogRow, LogsBuilder};
use ocelli_signal::{AnyValue, Signal};
use std::ops::Range;

#[tokio::test(flavor = "multi_thread")]
async fn a_nearly_full_disk_refuses_rows_and_takes_them_again_when_it_has_space() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    disk.set_capacity(Some(3 << 20));
    let small = Options { flush_bytes: 100_000, ..options() };
    let store = open_on(small, None, Arc::new(disk.clone()), catalog.clone(), None).await.unwrap();
    let mut next = 0;
    for round in 1..=3 {
        let refused = loop {
            match store.append("default", batch(Signal::Spans, next, 50)).await {
                Ok(_) => next += 50,
                Err(error) => break error,
            }
        };
        assert!(
            matches!(&refused, Error::Unavailable { reason } if reason.contains("nearly full")),
            "{refused}"
        );
        assert!(store.summary().refusing.is_some_and(|why| why.contains("nearly full")));
        assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 0..next), "round {round}");
        // What is in memory still fits.
        store.flush().await.unwrap();
        assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 0..next), "round {round}");
        disk.set_capacity(Some(disk.used() + (3 << 20)));
        until_taken(&store, batch(Signal::Spans, next, 50)).await;
        next += 50;
        until("space is back", || store.summary().refusing.is_none()).await;
    }
    assert!(next > 500, "{next}");
    drop(store);
    let store = super::testing::open_memory(&disk, &catalog).await.unwrap();
    assert_eq!(counted(&store, Signal::Spans), once(Signal::Spans, 0..next));
    assert_eq!(store.summary().quarantined, [] as [String; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_without_room_leaves_no_file_and_is_made_up_for() {
    for signal in Signal::ALL {
        let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
        let store = super::testing::open_memory(&disk, &catalog).await.unwrap();
        store.append("default", batch(signal, 0, 200)).await.unwrap();
        let (before, paths) = (disk.used(), disk.paths());
        for room in [0, 1_000, 4_000, 9_000] {
            disk.set_capacity(Some(before + room));
            let failed = store.flush().await;
            assert!(matches!(failed, Err(Error::Io { .. } | Error::Parquet(_))), "{failed:?}");
            // Looked at between two tries: one may be under way.
            until("nothing half written stays", || (disk.used(), disk.paths()) == (before, paths.clone()))
                .await;
            assert_eq!(counted(&store, signal), once(signal, 0..200));
        }
        disk.set_capacity(None);
        store.flush().await.unwrap();
        assert_eq!(counted(&store, signal), once(signal, 0..200));
        assert_eq!(store.summary().memtable_rows, 0);
    }
}

/// Log records that are as large on the disk as in memory.
fn noise(numbers: Range<i64>) -> Batch {
    let (mut builder, mut dice) = (LogsBuilder::new(), Dice::new(numbers.end as u64));
    for n in numbers {
        let noise: Vec<u8> = (0..2_000).map(|_| dice.below(256) as u8).collect();
        builder.push(&LogRow {
            time: BASE_TIME + n,
            attributes: &encode([("noise", AnyValue::Bytes(&noise))]),
            ..LogRow::default()
        });
    }
    Batch { signal: Signal::Logs, rows: builder.finish() }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_memory_holds_of_the_worst_rows_fits_beside_its_wal_on_a_disk_that_refuses() {
    let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
    disk.set_capacity(Some(16 << 20));
    let store = super::testing::open_memory(&disk, &catalog).await.unwrap();
    let mut next = 0;
    while store.append("default", noise(next..next + 50)).await.is_ok() {
        next += 50;
    }
    assert!(store.summary().memtable_bytes > 4 << 20, "{:?}", store.summary());
    store.flush().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_takes_no_space_that_rows_were_let_in_for() {
    let mut merges = 0;
    let sizes = Sizes { full_rows: 100_000, ..small_sizes().logs };
    let compaction = SegmentSizes { logs: sizes, ..small_sizes() };
    for round in 0..8 {
        let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
        disk.set_capacity(Some(24 << 20));
        let small = Options { flush_bytes: 200_000, compaction, ..options() };
        let store = open_on(small, None, Arc::new(disk.clone()), catalog, None).await.unwrap();
        let mut next = round * 100_000;
        let refused = loop {
            match store.append("default", noise(next..next + 20)).await {
                Ok(_) => next += 20,
                Err(error) => break error.to_string(),
            }
        };
        // And not that a write found no space.
        assert!(refused.contains("nearly full"), "{refused}");
        assert_eq!(store.summary().compaction.last_error.filter(|why| !why.contains("needs room")), None);
        store.flush().await.unwrap();
        merges += store.summary().compaction.merges;
    }
    assert!(merges > 2, "{merges}");
}
