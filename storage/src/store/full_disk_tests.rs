//! A disk that fills up: nothing is lost, queries go on, and it recovers by itself.

use super::open::open_on;
use super::testing::{batch, counted, once, options, until, until_taken};
use super::*;
use crate::disk::memory::MemoryDisk;
use ocelli_signal::Signal;

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
