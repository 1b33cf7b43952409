//! Writers of all signals, and their own book about what was acknowledged.

use crate::harness::now_ns;
use crate::harness::otlp::{self, attribute, int};
use crate::harness::sender::{Export, Sender};
use crate::harness::server::Server;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// The service of everything that has to be there at the end.
pub const SERVICE: &str = "crash";
/// The service whose items have expired when they come.
pub const SHORT_LIVED: &str = "short-lived";
pub const SHORT_LIVED_POINTS: &str = "short-lived.points";
pub const SPANS_A_BATCH: u64 = 20;
const ITEMS_A_BATCH: u64 = 25;
const SHORT_LIVED_A_BATCH: u64 = 50;
const HOUR: u64 = 3_600 * otlp::SECOND;
/// Two of each kind for the ledger, one of each for what expires.
const WRITERS: usize = 9;
/// Of a writer between two requests: 200 rounds at full speed would be millions of items to read back.
const PAUSE: Duration = Duration::from_millis(8);

/// What was sent, outside of the server: acknowledged or not.
#[derive(Default)]
pub struct Ledger {
    next: AtomicU64,
    pub spans: Mutex<BTreeMap<u64, bool>>,
    pub logs: Mutex<BTreeMap<u64, bool>>,
    pub points: Mutex<BTreeMap<u64, bool>>,
    /// Items that expire.
    pub short_lived: AtomicU64,
}

impl Ledger {
    /// The first of `count` numbers that nobody else uses.
    fn take(&self, count: u64) -> u64 {
        self.next.fetch_add(count, Ordering::Relaxed)
    }

    /// Items that were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        let count = |book: &Mutex<BTreeMap<u64, bool>>| {
            book.lock().unwrap().values().filter(|acknowledged| **acknowledged).count() as u64
        };
        count(&self.spans) * SPANS_A_BATCH + count(&self.logs) + count(&self.points)
    }
}

/// Writers that go on until they are stopped.
pub struct Load {
    stop: Arc<AtomicBool>,
    writers: JoinSet<()>,
}

impl Load {
    pub fn start(server: &Server, ledger: &Arc<Ledger>) -> Load {
        let (stop, mut writers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for writer in 0..WRITERS {
            let (stop, sender, ledger) = (stop.clone(), server.sender(), ledger.clone());
            writers.spawn(async move {
                // The first request that fails is the one that the kill has hit.
                while write(writer, &sender, &ledger).await && !stop.load(Ordering::Relaxed) {
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        Load { stop, writers }
    }

    pub async fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(writer) = self.writers.join_next().await {
            writer.expect("a writer does not panic");
        }
    }
}

/// Whether it was acknowledged.
async fn write(writer: usize, sender: &Sender, ledger: &Ledger) -> bool {
    match writer {
        0 | 1 => write_spans(sender, ledger).await,
        2 | 3 => write_logs(sender, ledger).await,
        4 | 5 => write_points(sender, ledger).await,
        short_lived => write_short_lived(short_lived, sender, ledger).await,
    }
}

async fn is_acknowledged<R: Export>(sender: &Sender, request: &R) -> bool {
    match sender.try_send(request).await {
        Ok(answer) => {
            assert!(answer == R::Answer::default(), "taken in part: {answer:?}");
            true
        }
        Err(_) => false,
    }
}

/// One trace; its number is noted.
async fn write_spans(sender: &Sender, ledger: &Ledger) -> bool {
    let trace = ledger.take(1) + 1;
    let now = now_ns();
    let spans =
        (1..=SPANS_A_BATCH).map(|id| otlp::span(trace.into(), id, u64::from(id > 1), "work", now, 1000 * id));
    let request = otlp::traces(SERVICE, spans.collect());
    let acknowledged = is_acknowledged(sender, &request).await;
    ledger.spans.lock().unwrap().insert(trace, acknowledged);
    acknowledged
}

async fn write_logs(sender: &Sender, ledger: &Ledger) -> bool {
    let first = ledger.take(ITEMS_A_BATCH);
    let numbers = first..first + ITEMS_A_BATCH;
    let record = |number: u64| {
        let mut record = otlp::log(now_ns(), 9, "a record that has to survive the crash");
        record.attributes = vec![attribute("number", int(number as i64))];
        record
    };
    let request = otlp::logs(SERVICE, numbers.clone().map(record).collect());
    let acknowledged = is_acknowledged(sender, &request).await;
    ledger.logs.lock().unwrap().extend(numbers.map(|number| (number, acknowledged)));
    acknowledged
}

async fn write_points(sender: &Sender, ledger: &Ledger) -> bool {
    let first = ledger.take(ITEMS_A_BATCH);
    let numbers = first..first + ITEMS_A_BATCH;
    let points = numbers.clone().map(|number| point(now_ns(), number)).collect();
    let acknowledged = is_acknowledged(sender, &otlp::gauge(SERVICE, "crash.points", points)).await;
    ledger.points.lock().unwrap().extend(numbers.map(|number| (number, acknowledged)));
    acknowledged
}

/// No two points of a series have one time.
fn point(now: u64, number: u64) -> otlp::NumberDataPoint {
    otlp::int_point(now / otlp::MS * otlp::MS + number % otlp::MS, number as i64)
}

/// Most of it lies in segments with the ledger's items, from which it is to be taken; the rest is of another
/// day, whose segments go as a whole.
async fn write_short_lived(kind: usize, sender: &Sender, ledger: &Ledger) -> bool {
    let first = ledger.take(SHORT_LIVED_A_BATCH);
    let times = (first..first + SHORT_LIVED_A_BATCH).map(|number| {
        let hours_old = if number % 5 == 0 { 50 } else { 2 };
        (number, now_ns() - hours_old * HOUR)
    });
    let acknowledged = match kind % 3 {
        0 => {
            let spans = times.map(|(number, time)| {
                otlp::span(u128::from(number) << 64, number + 1, 0, "short work", time, 1_000)
            });
            is_acknowledged(sender, &otlp::traces(SHORT_LIVED, spans.collect())).await
        }
        1 => {
            let records = times.map(|(_, time)| otlp::log(time, 9, "a record that is not kept"));
            is_acknowledged(sender, &otlp::logs(SHORT_LIVED, records.collect())).await
        }
        _ => {
            let points = times.map(|(number, time)| point(time, number)).collect();
            is_acknowledged(sender, &otlp::gauge(SHORT_LIVED, SHORT_LIVED_POINTS, points)).await
        }
    };
    ledger.short_lived.fetch_add(SHORT_LIVED_A_BATCH * u64::from(acknowledged), Ordering::Relaxed);
    acknowledged
}
