//! How long searches take on a store of this machine:
//! `cargo test -p ocelli-query traces::figures -- --ignored --nocapture`.

use super::fixture::Span;
use super::traceql::{TraceqlSearch, metrics, parse};
use super::{Sort, TraceSearch, compile, fixture, search, skeleton, traceql, window::Window};
use crate::http::run::Budget;
use crate::logs::filter::Filter;
use crate::logs::fixture::{Random, TENANT, store};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::{AnyValue, Batch, Signal, attributes};
use ocelli_storage::Snapshot;
use std::time::{Duration, Instant};

const TRACES: u64 = 125_000;
const SPANS_OF_TRACE: u64 = 8;
const START: i64 = 1_700_000_000_000_000_000;
/// 2,000 spans a second.
const BETWEEN_NS: i64 = 4_000_000;
const END: i64 = START + TRACES as i64 * BETWEEN_NS;
const SERVICES: [&str; 5] = ["gateway", "cart", "order", "payment", "inventory"];

fn budget() -> Budget {
    Budget::new(Duration::from_secs(60))
}

fn trace_id(number: u64) -> [u8; 16] {
    (u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number) | 1).to_be_bytes()
}

/// One in 2,000 spans is slow; each trace has a user of its own.
fn push(builder: &mut SpansBuilder, trace: u64, random: &mut Random) {
    let start = START + trace as i64 * BETWEEN_NS;
    for span in 0..SPANS_OF_TRACE {
        let service = SERVICES[(span % 5) as usize];
        builder.set_resource(&crate::logs::fixture::resource(service, "h"));
        let slow = if random.below(2_000) == 0 { 2_000_000_000 } else { 0 };
        let start = start + span as i64 * 1_000_000;
        let pairs = [
            ("http.route", AnyValue::String("/orders/{id}")),
            ("http.response.status_code", AnyValue::Int(if random.below(50) == 0 { 500 } else { 200 })),
            ("user.id", AnyValue::Int((trace % 50_000) as i64)),
            ("net.peer", AnyValue::String(["a", "b", "c"][random.below(3) as usize])),
        ];
        builder.push(&SpanRow {
            trace_id: trace_id(trace),
            span_id: (trace * 100 + span + 1).to_be_bytes(),
            parent_span_id: (span > 0).then(|| (trace * 100 + span).to_be_bytes()),
            name: ["GET /", "add", "pay"][(span % 3) as usize],
            kind: 2,
            start_time: start,
            end_time: start + slow + 1_000 * (1 + random.below(50_000)) as i64,
            status_code: if random.below(100) == 0 { 2 } else { 0 },
            attributes: &attributes::encode(pairs),
            ..SpanRow::default()
        });
    }
}

async fn filled() -> (ocelli_storage::Store, tempfile::TempDir) {
    let (store, directory) = store(true).await;
    let mut random = Random(1);
    let traces: Vec<u64> = (0..TRACES).collect();
    for (number, piece) in traces.chunks(1_250).enumerate() {
        let mut builder = SpansBuilder::new();
        piece.iter().for_each(|trace| push(&mut builder, *trace, &mut random));
        let batch = Batch { signal: Signal::Spans, rows: builder.finish() };
        while store.append(TENANT, batch.clone()).await.is_err() {
            store.flush().await.unwrap();
        }
        if number % 25 == 24 {
            store.flush().await.unwrap();
        }
    }
    store.flush().await.unwrap();
    (store, directory)
}

fn best_of(name: &str, mut work: impl FnMut() -> usize) {
    let mut times: Vec<f64> = Vec::new();
    let mut found = 0;
    for _ in 0..7 {
        let started = Instant::now();
        found = work();
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("{name}: {found} in {:.2} ms (median {:.2})", times[0], times[3]);
}

fn of_filter(snapshot: &Snapshot, filter: &Filter, range: TimeRange) -> usize {
    let memory_bytes = u64::MAX;
    let wanted = TraceSearch { filter, range, sort: Sort::Newest, limit: 20, cursor: None, memory_bytes };
    search(snapshot, &wanted, &budget()).unwrap().traces.len()
}

fn of_traceql(snapshot: &Snapshot, query: &str, range: TimeRange) -> usize {
    let query = &parse(query).unwrap();
    let (sort, memory_bytes) = (Sort::Newest, u64::MAX);
    let wanted = TraceqlSearch { query, range, sort, limit: 20, cursor: None, spans: 3, memory_bytes };
    traceql::search(snapshot, &wanted, &budget()).unwrap().traces.len()
}

#[tokio::test]
#[ignore = "takes minutes and prints figures"]
async fn figures() {
    let (store, _directory) = filled().await;
    let snapshot = store.snapshot(TENANT);
    let range = TimeRange { from: UnixNano(START), to: UnixNano(END) };
    println!("{} spans, {:?}", TRACES * SPANS_OF_TRACE, store.summary());
    best_of("trace by id", || {
        let read = super::columns_of(&snapshot, &trace_id(TRACES / 3), &budget()).unwrap();
        let found = skeleton(&trace_id(TRACES / 3), &read.batches, &Window::default()).unwrap().unwrap();
        found.span_count as usize
    });
    for query in [
        "service:cart",
        "duration:>1s",
        "user.id:4711",
        "net.peer:b",
        "http.response.status_code:500 service:payment",
        "status:error",
        "absent:1",
        "",
    ] {
        let filter = compile(query).unwrap();
        best_of(&format!("newest 20 of [{query}]"), || of_filter(&snapshot, &filter, range));
    }
    for query in [
        "{ resource.service.name = \"cart\" }",
        "{ duration > 1s }",
        "{ .user.id = 4711 }",
        "{ resource.service.name = \"cart\" } >> { status = error }",
        "{ duration > 1s } && { status = error }",
        "{ .user.id = 4711 } >> { duration > 1s }",
        "{ resource.service.name = \"cart\" } | count() > 1",
        "{ resource.service.name = \"cart\" } | count() > 100",
    ] {
        best_of(&format!("newest 20 of {query}"), || of_traceql(&snapshot, query, range));
    }
    for query in [
        "{} | rate()",
        "{ status = error } | rate() by (resource.service.name)",
        "{} | quantile_over_time(duration, .99) by (name)",
    ] {
        let query_ = parse(query).unwrap();
        best_of(query, || {
            let search = metrics::MetricsSearch {
                query: &query_,
                range,
                step_ns: 10_000_000_000,
                most_steps: 11_000,
                exemplars: 0,
                memory_bytes: u64::MAX,
            };
            metrics::metrics(&snapshot, &search, &budget()).unwrap().series.len()
        });
    }
    large_trace().await;
}

/// A trace of 100,000 spans, laid out with its critical path.
async fn large_trace() {
    let mut spans: Vec<Span> = vec![Span::new(1, 1, 0, "gateway", START, 1_000_000_000)];
    for id in 2..=100_000u64 {
        let start = START + (id as i64 * 7_919) % 900_000_000;
        spans.push(Span::new(1, id, id / 3 + u64::from(id < 3), SERVICES[(id % 5) as usize], start, 50_000));
    }
    let (store, _directory) = fixture::filled(&spans).await;
    store.flush().await.unwrap();
    let snapshot = store.snapshot(TENANT);
    best_of("skeleton of 100,000 spans", || {
        let read = super::columns_of(&snapshot, &fixture::trace_id(1), &budget()).unwrap();
        let found = skeleton(&fixture::trace_id(1), &read.batches, &Window::default()).unwrap().unwrap();
        serde_json::to_vec(&found).unwrap().len()
    });
    let read = super::columns_of(&snapshot, &fixture::trace_id(1), &budget()).unwrap();
    let views: Vec<_> = read.batches.iter().map(traceql::eval::View::new).collect::<Result<_, _>>().unwrap();
    let trace = traceql::eval::Trace::new(&views, super::rows_of(&views, &fixture::trace_id(1)));
    best_of("critical path and self times of 100,000 spans", || {
        super::statistics::of_trace(&trace).segments.len()
    });
}
