//! `kill -9`, twenty times, at random moments under load. What was acknowledged is there, once; and
//! the RED counters add up over all restarts.
//!
//! What was sent and not acknowledged may be there or not, but never twice: the writers don't repeat
//! themselves, since OTLP could not tell a repetition from news.

use crate::harness::api::Api;
use crate::harness::now_ns;
use crate::harness::otlp::{self, attribute, int, trace_hex};
use crate::harness::sender::{Export, Sender};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::metrics::MetricPointsResponse;
use ocelli_api::traces::TraceResponse;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

const KILLS: usize = 20;
const SEED: u64 = 20_261_121;
const SETTLED: Duration = Duration::from_secs(60);
/// Small and often, so that kills hit flushes and emissions too.
const CONFIG: &str = "storage:\n  flush_bytes: 100000\n  flush_age_s: 1\nred:\n  interval_s: 1\n";
const SPANS_A_BATCH: u64 = 20;
const ITEMS_A_BATCH: u64 = 25;

/// What was sent, outside of the server: acknowledged or not.
#[derive(Default)]
struct Ledger {
    next: AtomicU64,
    spans: Mutex<BTreeMap<u64, bool>>,
    logs: Mutex<BTreeMap<u64, bool>>,
    points: Mutex<BTreeMap<u64, bool>>,
}

impl Ledger {
    /// The first of `count` numbers that nobody else uses.
    fn take(&self, count: u64) -> u64 {
        self.next.fetch_add(count, Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_twenty_kills() {
    let mut random = StdRng::seed_from_u64(SEED);
    let ledger = Arc::new(Ledger::default());
    let mut ready_ms = Vec::new();
    let mut server = Settings::serve().config(CONFIG).start().await;
    for round in 0..KILLS {
        let load = Load::start(&server, &ledger);
        // Some rounds are long enough for an emission or two, some for hardly one request.
        let longest = if round % 4 == 0 { 1_800 } else { 200 };
        tokio::time::sleep(Duration::from_millis(random.random_range(5..longest))).await;
        let mut stopped = server.kill();
        load.stop().await;
        if round % 5 == 4 {
            stopped = stopped.start_and_kill_after(Duration::from_millis(random.random_range(0..60)));
        }
        server = stopped.start().await;
        ready_ms.push(server.ready_after.as_millis());
    }
    println!("ready after each kill, in ms: {ready_ms:?}");
    let found = check_spans(&server.api, &ledger).await;
    check_logs(&server.api, &ledger).await;
    check_points(&server.api, &ledger).await;
    check_calls(&server.api, found).await;

    let storage = server.api.system().await.storage;
    assert_eq!(storage.quarantined, Vec::<String>::new(), "a kill damages nothing");
    assert!(storage.segments > 0, "the load was to reach the flush: {storage:?}");
    let server = server.stop().start().await;
    assert_eq!(check_spans(&server.api, &ledger).await, found, "and after a clean restart");
    check_calls(&server.api, found).await;
}

/// Writers that go on until they are stopped.
struct Load {
    stop: Arc<AtomicBool>,
    writers: JoinSet<()>,
}

impl Load {
    fn start(server: &Server, ledger: &Arc<Ledger>) -> Load {
        let (stop, mut writers) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        for writer in 0..6 {
            let (stop, sender, ledger) = (stop.clone(), server.sender(), ledger.clone());
            writers.spawn(async move {
                // The first request that fails is the one that the kill has hit.
                let mut acknowledged = true;
                while acknowledged && !stop.load(Ordering::Relaxed) {
                    acknowledged = match writer % 3 {
                        0 => write_spans(&sender, &ledger).await,
                        1 => write_logs(&sender, &ledger).await,
                        _ => write_points(&sender, &ledger).await,
                    };
                }
            });
        }
        Load { stop, writers }
    }

    async fn stop(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(writer) = self.writers.join_next().await {
            writer.expect("a writer does not panic");
        }
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
    let request = otlp::traces("crash", spans.collect());
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
    let request = otlp::logs("crash", numbers.clone().map(record).collect());
    let acknowledged = is_acknowledged(sender, &request).await;
    ledger.logs.lock().unwrap().extend(numbers.map(|number| (number, acknowledged)));
    acknowledged
}

async fn write_points(sender: &Sender, ledger: &Ledger) -> bool {
    let first = ledger.take(ITEMS_A_BATCH);
    let numbers = first..first + ITEMS_A_BATCH;
    // No two points of a series have one time.
    let time = |number: u64| now_ns() / otlp::MS * otlp::MS + number % otlp::MS;
    let points = numbers.clone().map(|number| otlp::int_point(time(number), number as i64)).collect();
    let acknowledged = is_acknowledged(sender, &otlp::gauge("crash", "crash.points", points)).await;
    ledger.points.lock().unwrap().extend(numbers.map(|number| (number, acknowledged)));
    acknowledged
}

/// Every acknowledged number once, every other one at most once, and nothing that was never sent.
fn check(what: &str, sent: &BTreeMap<u64, bool>, found: &[u64]) {
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for number in found {
        *times.entry(*number).or_default() += 1;
    }
    let acknowledged = sent.iter().filter(|(_, acknowledged)| **acknowledged).map(|(number, _)| number);
    let lost: Vec<&u64> = acknowledged.clone().filter(|number| !times.contains_key(number)).collect();
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
    let invented: Vec<_> = times.keys().filter(|number| !sent.contains_key(number)).collect();
    let (count, unsure) =
        (acknowledged.count(), sent.values().filter(|acknowledged| !**acknowledged).count());
    println!("{what}: {count} acknowledged, {unsure} not, {} found", found.len());
    assert!(count > 100, "the load was too small: {count} {what}");
    let head = |all: &dyn std::fmt::Debug| format!("{all:?}").chars().take(300).collect::<String>();
    assert!(lost.is_empty(), "{} of {count} acknowledged {what} are lost: {}", lost.len(), head(&lost));
    assert!(twice.is_empty(), "{} {what} are there more than once: {}", twice.len(), head(&twice));
    assert!(invented.is_empty(), "{what} that nobody sent: {}", head(&invented));
}

/// The number of spans that are there.
async fn check_spans(api: &Api, ledger: &Ledger) -> u64 {
    let sent = ledger.spans.lock().unwrap().clone();
    let (mut found, mut spans) = (Vec::new(), 0);
    for trace in sent.keys() {
        let (status, body) = api.answer(&format!("/api/traces/{}", trace_hex((*trace).into())), &[]).await;
        if status.as_u16() == 404 {
            continue;
        }
        let answer: TraceResponse = serde_json::from_value(body).unwrap();
        let ids: BTreeSet<&String> = answer.spans.span_id.iter().collect();
        assert_eq!(ids.len() as u64, SPANS_A_BATCH, "a request is kept whole: trace {trace}");
        assert_eq!(answer.spans.span_id.len() as u64, SPANS_A_BATCH, "trace {trace} has spans twice");
        assert_eq!(answer.warnings, Vec::<String>::new(), "trace {trace}");
        found.push(*trace);
        spans += SPANS_A_BATCH;
    }
    check("traces", &sent, &found);
    spans
}

async fn check_logs(api: &Api, ledger: &Ledger) {
    let records = api.all_logs("service:crash", 10_000).await;
    let number = |attributes: &[ocelli_api::KeyValue]| -> u64 {
        let number = attributes.iter().find(|attribute| attribute.key == "number").unwrap();
        number.value.0["intValue"].as_str().unwrap().parse().unwrap()
    };
    let found: Vec<u64> = records.iter().map(|record| number(&record.attributes)).collect();
    check("log records", &ledger.logs.lock().unwrap(), &found);
}

async fn check_points(api: &Api, ledger: &Ledger) {
    let answer: MetricPointsResponse = api.find("/api/metrics/points", &[("name", "crash.points")]).await;
    assert!(answer.stats.partial.is_none(), "{:?}", answer.stats);
    let points = answer.series.iter().flat_map(|series| &series.points);
    let found: Vec<u64> =
        points.map(|point| point.value["asInt"].as_str().unwrap().parse().unwrap()).collect();
    check("points", &ledger.points.lock().unwrap(), &found);
}

/// The increases of the counters over all lives of the server are the spans that are there.
async fn check_calls(api: &Api, spans: u64) {
    until("the counters add up to the spans", SETTLED, async || {
        let parameters = [("name", "traces.span.metrics.calls")];
        let answer: MetricPointsResponse = api.find("/api/metrics/points", &parameters).await;
        let calls: u64 = answer.series.iter().map(|series| increase(&series.points)).sum();
        ensure(calls == spans, || format!("{calls} calls are counted and {spans} spans are there"))
    })
    .await;
}

/// Each life counts from its own start: its last value is what it counted.
fn increase(points: &[ocelli_api::metrics::MetricPoint]) -> u64 {
    let mut lives: BTreeMap<i64, u64> = BTreeMap::new();
    for point in points {
        let value = point.value["asInt"].as_str().map_or_else(
            || point.value["asDouble"].as_f64().unwrap_or(0.0) as u64,
            |text| text.parse().unwrap(),
        );
        let last = lives.entry(point.start.0).or_default();
        *last = (*last).max(value);
    }
    lives.values().sum()
}
