//! A server with a small memory budget: load and questions that go beyond it are refused with the name
//! of the limit, and neither ends the process nor harms the other.

use crate::harness::api::ALL_TIME;
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, attribute, int, text};
use crate::harness::sender::Export;
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::logs::LogHistogramResponse;
use ocelli_api::storage::MemorySummary;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const BUDGET_MIB: u64 = 64;
/// What the process takes at most: its budget; program, stacks and what the allocator keeps.
const PEAK_MIB: u64 = BUDGET_MIB + 136;
const WITHIN: Duration = Duration::from_secs(60);
const BATCHES: u64 = 240;
const ITEMS: u64 = 1_000;
/// All points of all time, so many times that they are more than a query may hold.
const TIMES: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn load_and_questions_beyond_the_budget_are_refused_by_name() {
    let budget = format!("{BUDGET_MIB}MiB");
    let server = Arc::new(Settings::serve().with(&["--memory-budget", &budget]).start().await);
    let memory = server.api.system().await.memory;
    assert_eq!((memory.total_bytes, &*memory.origin), (BUDGET_MIB << 20, "setting"));
    let limits: u64 = memory.parts.iter().map(|part| part.limit_bytes).sum();
    assert_eq!(limits, memory.total_bytes, "the parts are all of it: {memory:?}");

    let stop = Arc::new(AtomicBool::new(false));
    let questions = tokio::spawn(ask_on(server.clone(), stop.clone()));
    let begin = now_ns() - BATCHES * ITEMS * MS;
    let write = |first| write(&server, first, begin);
    tokio::join!(write(0), write(1), write(2), write(3));
    stop.store(true, Ordering::Relaxed);
    let (answered, refused) = questions.await.unwrap();
    println!("{answered} heavy questions answered, {refused} refused; peak {} MiB", peak_mib(&server));
    let why = ask_for_all(&server).await.expect_err("all points are more than a query may hold");
    assert!(why.contains("memory budget"), "{why}");

    let found: LogHistogramResponse =
        server.api.find("/api/logs/histogram", &[("q", "service:memory")]).await;
    assert_eq!(found.total, BATCHES * ITEMS, "no record is lost or double");
    taken(&server.sender(), &otlp::gauge("memory", "small", vec![otlp::int_point(now_ns(), 8)])).await;
    assert_eq!(server.api.prometheus("small").await[0]["value"][1], "8", "a small question is answered");
    until("queries have given back what they held", WITHIN, async || {
        let memory = server.api.system().await.memory;
        ensure(used(&memory, "queries") == 0, || format!("{memory:?}"))
    })
    .await;
    let metrics = server.api.answer("/metrics", &[]).await.1;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("ocelli_memory_limit_bytes{part=\"memtables\"}"), "{metrics}");
    assert!(peak_mib(&server) <= PEAK_MIB, "{} MiB at the peak", peak_mib(&server));
}

fn used(memory: &MemorySummary, part: &str) -> u64 {
    memory.parts.iter().find(|found| found.part == part).map_or(u64::MAX, |found| found.used_bytes)
}

/// Every fourth batch.
async fn write(server: &Server, first: u64, begin: u64) {
    for batch in (first..BATCHES).step_by(4) {
        send_all(server, batch, begin).await;
    }
}

/// Logs, points and spans; what is refused for now is sent again.
async fn send_all(server: &Server, batch: u64, begin: u64) {
    let now = now_ns();
    let number = |item: u64| batch * ITEMS + item;
    let record = |item: u64| {
        let mut record = otlp::log(now + item, 9, "a record beside questions that are too large");
        record.attributes = vec![
            attribute("number", int(number(item) as i64)),
            attribute("path", text(&format!("/orders/{}/items/{}", number(item) * 7919, item))),
        ];
        record
    };
    let point = |item: u64| {
        // Each has a millisecond of its own, however fast they are sent: of equal ones a query holds one.
        let mut point = otlp::int_point(begin + number(item) * MS, number(item) as i64);
        point.attributes = vec![attribute("shard", int((item % 8) as i64))];
        point
    };
    let span = |item: u64| {
        otlp::span(u128::from(batch + 1), item + 1, u64::from(item > 0), "work", now, 1_000 * item)
    };
    let sender = server.sender();
    taken(&sender, &otlp::logs("memory", (0..ITEMS).map(record).collect())).await;
    taken(&sender, &otlp::gauge("memory", "memory_test", (0..ITEMS).map(point).collect())).await;
    taken(&sender, &otlp::traces("memory", (0..ITEMS).map(span).collect())).await;
}

async fn taken<R: Export>(sender: &crate::harness::sender::Sender, request: &R) {
    until("a request is taken in", WITHIN, async || {
        let outcome = sender.attempt(request).await;
        let retryable = [429, 503].contains(&outcome.status) && outcome.retry_after.is_some();
        assert!(outcome.status == 200 || retryable, "refused for good: {outcome:?}");
        ensure(outcome.status == 200, || format!("{outcome:?}"))
    })
    .await;
}

/// Asks for everything, over and over; how often it was answered and refused.
async fn ask_on(server: Arc<Server>, stop: Arc<AtomicBool>) -> (u64, u64) {
    let (answered, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let ask = async || {
        while !stop.load(Ordering::Relaxed) {
            let count = if ask_for_all(&server).await.is_ok() { &answered } else { &refused };
            count.fetch_add(1, Ordering::Relaxed);
            let asked = [&ALL_TIME[..], &[("q", "orders"), ("limit", "100")]].concat();
            let (status, body) = server.api.answer("/api/logs", &asked).await;
            assert!([200, 422, 503].contains(&status.as_u16()), "{status}: {body}");
        }
    };
    tokio::join!(ask(), ask(), ask());
    (answered.into_inner(), refused.into_inner())
}

/// Why it was refused, if it was.
async fn ask_for_all(server: &Server) -> Result<(), String> {
    let all = |n: usize| format!(r#"count(count_over_time({{__name__=~".+"}}[10y] offset -{n}s))"#);
    let query = (0..TIMES).map(all).collect::<Vec<_>>().join(" + ");
    let (status, body) = server.api.answer("/prometheus/api/v1/query", &[("query", &query)]).await;
    let said = body["error"].as_str().unwrap_or_default();
    match status.as_u16() {
        200 => Ok(()),
        422 | 503 if said.contains("memory") || said.contains("queries are running") => Err(said.to_owned()),
        _ => panic!("{status}: {body}"),
    }
}

/// The most that the process ever had in memory.
fn peak_mib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
}
