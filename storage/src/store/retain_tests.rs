//! What expires, what does not, and what readers see of it.

use super::open::open_on;
use super::testing::{batch, counted, once, options, small_sizes, until};
use super::*;
use crate::disk::memory::MemoryDisk;
use crate::options::Clock;
use crate::retention::{Retention, Rules, ServiceRule};
use crate::segment::DAY_NS;
use crate::test_rows::{self, BASE_TIME};
use ocelli_signal::Signal;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

struct Rig {
    disk: MemoryDisk,
    store: Store,
    now: Arc<AtomicI64>,
}

impl Rig {
    async fn new(retention: Retention) -> Rig {
        let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
        let now = Arc::new(AtomicI64::new(BASE_TIME + DAY_NS / 2));
        let told = now.clone();
        let options = Options {
            compaction: small_sizes(),
            retention,
            clock: Clock::new(move || told.load(Ordering::SeqCst)),
            ..options()
        };
        let store = open_on(options, None, Arc::new(disk.clone()), catalog, None).await.unwrap();
        Rig { disk, store, now }
    }

    fn at_day(&self, day: i64) {
        self.now.store(BASE_TIME + day * DAY_NS + DAY_NS / 2, Ordering::SeqCst);
    }

    /// A flush of 20 rows of a day, numbered from `from`.
    async fn flush(&self, signal: Signal, from: usize, day: i64) {
        let rows = test_rows::shifted(signal, from, 20, day * DAY_NS);
        self.store.append("default", Batch { signal, rows }).await.unwrap();
        self.store.flush().await.unwrap();
    }

    fn spans(&self) -> BTreeSet<u64> {
        let found = counted(&self.store, Signal::Spans);
        assert!(found.values().all(|count| *count == 1));
        found.into_keys().collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_days_go_when_they_have_expired_and_it_is_said() {
    let rig = Rig::new(Retention::default()).await;
    for day in 0..4 {
        rig.at_day(day);
        rig.flush(Signal::Spans, day as usize * 20, day).await;
    }
    rig.at_day(31);
    let reader = rig.store.snapshot("default");
    rig.store.retain().await.unwrap();
    assert_eq!(rig.spans(), (40..80).collect());
    let retention = rig.store.summary().retention;
    assert_eq!((retention.removed[&Reason::Time].segments, retention.removed[&Reason::Time].rows), (2, 40));
    assert_eq!(retention.last[0].reason, Reason::Time);
    let rows: usize = reader
        .sources(Signal::Spans, i64::MIN, i64::MAX)
        .iter()
        .flat_map(|source| source.read(None, None).unwrap())
        .map(|rows| rows.num_rows())
        .sum();
    assert_eq!(rows, 80, "whoever reads them reads on");
    drop(reader);
    let files = || {
        let paths = rig.disk.paths();
        paths.iter().filter(|path| path.extension().is_some_and(|suffix| suffix == "parquet")).count()
    };
    until("the files of the two days go", || files() == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_may_be_kept_shorter_or_longer_than_the_others() {
    let rule = |service: &str, days: u32| ServiceRule {
        service: service.into(),
        signal: Some(Signal::Spans),
        keep: days * DAY,
    };
    let services = vec![rule("shop-0", 7), rule("shop-1", 90)];
    let rig =
        Rig::new(Retention { all: Rules { services, ..Retention::default().all }, ..Retention::default() })
            .await;
    rig.flush(Signal::Spans, 0, 0).await;
    let of = |service: u64| (0..20).filter(move |n| n % 3 == service);
    rig.at_day(6);
    rig.store.retain().await.unwrap();
    assert_eq!(rig.spans().len(), 20);
    rig.at_day(8);
    rig.store.retain().await.unwrap();
    assert_eq!(rig.spans(), of(1).chain(of(2)).collect());
    assert_eq!(rig.store.summary().compaction.levels[&1].segments, 1, "it was written anew");
    rig.at_day(31);
    rig.store.retain().await.unwrap();
    assert_eq!(rig.spans(), of(1).collect());
    rig.at_day(91);
    rig.store.retain().await.unwrap();
    assert_eq!(rig.spans(), BTreeSet::new());
    assert_eq!(rig.store.summary().segments, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_wrong_clocks_expire_by_the_time_of_their_flush() {
    let rig = Rig::new(Retention::default()).await;
    rig.flush(Signal::Logs, 0, 4_000).await;
    rig.flush(Signal::Logs, 20, 0).await;
    rig.at_day(29);
    rig.store.retain().await.unwrap();
    assert_eq!(counted(&rig.store, Signal::Logs), once(Signal::Logs, 0..40));
    rig.at_day(31);
    rig.store.retain().await.unwrap();
    assert_eq!(rig.store.summary().segments, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_its_share_of_the_disk_the_oldest_go_and_never_what_is_only_in_the_wal() {
    let rig = Rig::new(Retention::default()).await;
    for day in 0..6 {
        rig.at_day(day);
        rig.flush(Signal::Spans, day as usize * 20, day).await;
    }
    rig.store.append("default", batch(Signal::Spans, 120, 20)).await.unwrap();
    let bytes = rig.store.summary().segment_bytes;
    // Segments may have 80 of 100: less than four of the six.
    rig.disk.set_capacity(Some(bytes * 4 / 6 * 100 / 80 - 100));
    rig.store.retain().await.unwrap();
    assert_eq!(rig.spans(), (60..140).collect());
    let summary = rig.store.summary();
    assert_eq!(summary.retention.removed[&Reason::Disk].segments, 3);
    assert!(summary.retention.last.iter().all(|removal| removal.reason == Reason::Disk));
    rig.store.retain().await.unwrap();
    assert_eq!(rig.spans().len(), 80, "now it fits");
    assert!(summary.segment_bytes * 10 > bytes * 4, "no more than needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_that_fails_anywhere_is_made_up_for() {
    for failing in 1.. {
        let services = vec![ServiceRule { service: "shop-1".into(), signal: None, keep: DAY }];
        let all = Rules { services, ..Retention::default().all };
        let rig = Rig::new(Retention { all, ..Retention::default() }).await;
        rig.flush(Signal::Spans, 0, 0).await;
        rig.at_day(3);
        let at = rig.disk.changes() + failing;
        rig.disk.fail_once_at(at);
        let outcome = rig.store.retain().await;
        if rig.disk.changes() < at {
            assert!(outcome.is_ok() && failing > 5, "{failing}");
            return;
        }
        rig.store.retain().await.unwrap();
        assert_eq!(rig.spans(), (0..20).filter(|n| n % 3 != 1).collect(), "change {failing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pinned_outlives_the_rest() {
    let rig = Rig::new(Retention::default()).await;
    rig.flush(Signal::Spans, 0, 0).await;
    rig.flush(Signal::Spans, 20, 1).await;
    // As `test_rows` makes them.
    let time_ns = |n: i64| BASE_TIME + n * 100_000_000;
    let until_ns = BASE_TIME + 60 * DAY_NS;
    let pin = |from: i64, to: i64| Pin {
        tenant: "default".into(),
        from_ns: time_ns(from),
        to_ns: time_ns(to),
        until_ns,
    };
    rig.store.pin("a", pin(3, 4)).await.unwrap();
    rig.store.pin("b", pin(6, 7)).await.unwrap();
    rig.at_day(40);
    rig.store.retain().await.unwrap();
    assert_eq!(rig.spans().len(), 5, "and what is between two pins");
    let written = rig.store.summary().compaction.levels[&1].segments;
    rig.store.retain().await.unwrap();
    assert_eq!(rig.store.summary().compaction.levels[&1].segments, written, "once");
    rig.at_day(61);
    rig.store.retain().await.unwrap();
    assert_eq!((rig.spans().len(), rig.store.pins().len()), (0, 2));
    rig.store.pin("c", Pin { until_ns: until_ns + 9 * DAY_NS, ..pin(0, 1) }).await.unwrap();
    let names: Vec<String> = rig.store.pins().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["c"], "those that are over are forgotten");
}
