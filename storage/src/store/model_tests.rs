//! Random lives of a store against a plain model of what it must hold.
//!
//! The model knows of each acknowledged row what it is and when it came. From that follows until
//! when it must be there, and from when on it must not be after an expiry; between the two lies that
//! segments expire as a whole.

use super::open::open_on;
use super::testing::{counted, options, small_sizes};
use super::*;
use crate::disk::memory::{Dice, MemoryDisk};
use crate::options::Clock;
use crate::retention::{Retention, Rules, ServiceRule, Verdict, judge};
use crate::segment::DAY_NS;
use crate::test_rows::{self, BASE_TIME};
use arrow::array::AsArray;
use arrow::datatypes::TimestampNanosecondType;
use ocelli_signal::Signal;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    /// Rows of a day before or after the clock's.
    Append {
        signal: Signal,
        rows: usize,
        day: i64,
    },
    Flush,
    Compact,
    /// Time passes, and what has expired by then is removed.
    Retain {
        hours: i64,
    },
    /// The power goes after so many further changes of the disk, whatever is being done then.
    Crash {
        after: u64,
        seed: u64,
    },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let signal = prop::sample::select(&Signal::ALL[..]);
    prop_oneof![
        8 => (signal, 1..25usize, -12..3i64).prop_map(|(signal, rows, day)| Step::Append { signal, rows, day }),
        4 => Just(Step::Flush),
        3 => Just(Step::Compact),
        2 => (0..80i64).prop_map(|hours| Step::Retain { hours }),
        1 => (0..60u64, any::<u64>()).prop_map(|(after, seed)| Step::Crash { after, seed }),
        1 => Just(Step::Reopen),
    ]
}

/// 10 days, logs 5, the service `shop-1` 2.
fn retention() -> Retention {
    let days = |days: u32| days * Duration::from_secs(86_400);
    Retention {
        all: Rules {
            default: Some(days(10)),
            signals: [(Signal::Logs, days(5))].into(),
            services: vec![ServiceRule { service: "shop-1".into(), signal: None, keep: days(2) }],
        },
        ..Retention::default()
    }
}

/// A row that was sent; times in nanoseconds since the Unix epoch.
struct Row {
    time: i64,
    came_at: i64,
    service: String,
    acknowledged: bool,
    /// By when it was in a segment.
    flushed_by: Option<i64>,
    /// An expiry has passed over it: it may be there or not.
    may_be_gone: bool,
}

struct Life {
    disk: MemoryDisk,
    catalog: Catalog,
    store: Store,
    now: Arc<AtomicI64>,
    rows: BTreeMap<(Signal, u64), Row>,
    next: usize,
}

async fn open(disk: &MemoryDisk, catalog: &Catalog, now: &Arc<AtomicI64>) -> Store {
    let now = now.clone();
    let options = Options {
        compaction: small_sizes(),
        retention: retention(),
        clock: Clock::new(move || now.load(Ordering::SeqCst)),
        ..options()
    };
    let store = open_on(options, None, Arc::new(disk.clone()), catalog.clone(), None).await.unwrap();
    // An expiry runs by itself at each start: from here on it does not any more.
    store.retain().await.unwrap();
    store
}

impl Life {
    async fn begin() -> Life {
        let (disk, catalog) = (MemoryDisk::default(), Catalog::in_memory().await.unwrap());
        let now = Arc::new(AtomicI64::new(BASE_TIME + 30 * DAY_NS));
        let store = open(&disk, &catalog, &now).await;
        Life { disk, catalog, store, now, rows: BTreeMap::new(), next: 0 }
    }

    fn now(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    async fn append(&mut self, signal: Signal, count: usize, day: i64) {
        let shift = ((self.now() - BASE_TIME) / DAY_NS + day) * DAY_NS;
        let rows = test_rows::shifted(signal, self.next, count, shift);
        let name = if signal == Signal::Spans { "start_time" } else { "time" };
        let times = rows.column_by_name(name).unwrap().as_primitive::<TimestampNanosecondType>();
        let times = times.values().to_vec();
        let acknowledged = self.store.append("default", Batch { signal, rows }).await.is_ok();
        for (n, time) in (self.next..).zip(times) {
            // As `counted` knows them.
            let number = match signal {
                Signal::Points => ((time - BASE_TIME) / 1_000_000_000) as u64,
                Signal::Logs if n % 5 == 0 => continue,
                _ => n as u64,
            };
            let service = format!("shop-{}", n % if signal == Signal::Spans { 3 } else { 2 });
            let row = Row {
                time,
                came_at: self.now(),
                service,
                acknowledged,
                flushed_by: None,
                may_be_gone: false,
            };
            self.rows.insert((signal, number), row);
        }
        self.next += count;
    }

    fn keep_ns(&self, signal: Signal, row: &Row) -> i64 {
        retention().keep("default", signal, &row.service).as_nanos() as i64
    }

    /// An expiry has run.
    fn expire(&mut self) {
        let now = self.now();
        let keeps: Vec<i64> = self.rows.iter().map(|((signal, _), row)| self.keep_ns(*signal, row)).collect();
        for (row, keep) in self.rows.values_mut().zip(keeps) {
            row.may_be_gone |= row.time.min(row.came_at) + keep <= now;
        }
    }

    fn flushed(&mut self) {
        let now = self.now();
        for row in self.rows.values_mut() {
            row.flushed_by.get_or_insert(now);
        }
    }

    async fn restart(&mut self) {
        self.store = open(&self.disk, &self.catalog, &self.now).await;
        self.expire();
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Append { signal, rows, day } => self.append(signal, rows, day).await,
            Step::Flush => {
                self.store.flush().await.unwrap();
                self.flushed();
            }
            Step::Compact => self.store.compact().await.unwrap(),
            Step::Retain { hours } => {
                self.now.fetch_add(hours * DAY_NS / 24, Ordering::SeqCst);
                self.store.retain().await.unwrap();
                self.expire();
                self.check_expired();
            }
            Step::Crash { after, seed } => {
                self.disk.fail_from(self.disk.changes() + after);
                self.append(Signal::Spans, 3, 0).await;
                let _ = self.store.flush().await;
                let _ = self.store.compact().await;
                let store = self.store.clone();
                self.store =
                    open(&MemoryDisk::default(), &Catalog::in_memory().await.unwrap(), &self.now).await;
                let _ = store.close_without_catalog().await;
                self.disk = self.disk.crash(&mut Dice::new(seed));
                self.restart().await;
            }
            Step::Reopen => {
                let store = self.store.clone();
                self.store =
                    open(&MemoryDisk::default(), &Catalog::in_memory().await.unwrap(), &self.now).await;
                store.close_without_catalog().await.unwrap();
                self.flushed();
                self.restart().await;
            }
        }
        self.check();
    }

    /// What is acknowledged and not expired is there; nothing is there twice, or was never sent.
    fn check(&mut self) {
        for signal in Signal::ALL {
            let found = counted(&self.store, signal);
            for (number, count) in &found {
                assert_eq!(*count, 1, "{signal:?} {number} is there more than once");
                assert!(self.rows.contains_key(&(signal, *number)), "{signal:?} {number} was never sent");
            }
            self.rows.retain(|(of, number), row| {
                let is_there = *of != signal || found.contains_key(number);
                let may_be_missing = !row.acknowledged || row.may_be_gone;
                assert!(is_there || may_be_missing, "{signal:?} {number} is lost");
                // Unanswered rows are there for good, once they are there, or never.
                row.acknowledged |= *of == signal && is_there;
                is_there
            });
        }
        assert_eq!(self.store.summary().quarantined, [] as [String; 0]);
    }

    /// After an expiry nothing is left that the policy would remove, and nothing that has been expired
    /// for a day longer than rows of one segment lie apart.
    fn check_expired(&self) {
        let now = self.now();
        for segment in self.store.inner.shared.tables.segments() {
            assert_eq!(judge(&retention(), &[], &segment.entry, now), Verdict::Keep, "{:?}", segment.entry);
        }
        let day_end = |time: i64| (time.div_euclid(DAY_NS) + 1) * DAY_NS;
        let found = Signal::ALL.map(|signal| (signal, counted(&self.store, signal)));
        let found: BTreeMap<Signal, BTreeMap<u64, usize>> = found.into_iter().collect();
        for ((signal, number), row) in &self.rows {
            // Rows that are mixed, or from the future, expire by the day of their flush.
            let Some(flushed_by) = row.flushed_by else { continue };
            let youngest = day_end(row.time).max(day_end(flushed_by));
            let must_be_gone = youngest + self.keep_ns(*signal, row) + DAY_NS <= now;
            assert!(!must_be_gone || !found[signal].contains_key(number), "{signal:?} {number} has expired");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_store_holds_what_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut life = Life::begin().await;
            for step in steps {
                life.take(step).await;
            }
        });
    }
}
