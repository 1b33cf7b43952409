//! Traces by id out of many files: `cargo bench -p ocelli-storage --bench trace_by_id -- [FILES [SPANS]]`,
//! by default 100 files of 100,000 spans. The data is the same each time.
//!
//! Prints the time of the first search after the start (files are checked and their footers read)
//! and, after that, of traces that are there and of some that are not.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use ocelli_signal::attributes::encode;
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Batch, Signal, attributes, origin};
use ocelli_storage::{Options, Retention, SegmentSizes, Store};
use std::error::Error;
use std::time::{Duration, Instant};

const SPANS_PER_TRACE: u64 = 8;
const BATCH: u64 = 10_000;
/// 2026-01-01, in nanoseconds.
const START: i64 = 1_767_225_600_000_000_000;
const ROUTES: [&str; 6] = ["/", "/api/cart", "/api/checkout", "/api/products/{id}", "/api/ads", "/api/quote"];

/// The n-th number of a fixed series (splitmix64).
fn random(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn trace_id(trace: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&random(2 * trace).to_be_bytes());
    id[8..].copy_from_slice(&random(2 * trace + 1).to_be_bytes());
    id
}

fn resource(service: u64) -> Vec<u8> {
    let mut message = Writer::new();
    let name = format!("service-{service}");
    attributes::put_pair(&mut message, 1, "service.name", &AnyValue::String(&name));
    attributes::put_pair(&mut message, 1, "service.version", &AnyValue::String("2.1.0"));
    attributes::put_pair(&mut message, 1, "host.name", &AnyValue::String("node-3"));
    origin::encode(message.as_bytes(), "")
}

fn batch(from: u64) -> Batch {
    let mut builder = SpansBuilder::new();
    for n in from..from + BATCH {
        let (trace, part) = (n / SPANS_PER_TRACE, n % SPANS_PER_TRACE);
        let noise = random(n + (1 << 40));
        builder.set_resource(&resource(part));
        builder.set_scope(&[]);
        let (route, peer) = (ROUTES[noise as usize % ROUTES.len()], format!("10.0.{}.{}", part, noise % 32));
        let (order, url) = (format!("{:08x}", noise >> 32), format!("{route}?id={}", noise % 5_000));
        // A thousand spans a second; a span begins somewhat after its parent.
        let start = START + trace as i64 * 8_000_000 + part as i64 * 700_000 + (noise % 600_000) as i64;
        builder.push(&SpanRow {
            trace_id: trace_id(trace),
            span_id: random(n + (1 << 50)).to_be_bytes(),
            parent_span_id: (part > 0).then(|| random(n - 1 + (1 << 50)).to_be_bytes()),
            flags: 0x101,
            name: route,
            kind: 2 + part as i32 % 2,
            start_time: start,
            end_time: start + (noise % 90_000_000) as i64,
            status_code: i32::from(noise.is_multiple_of(50)) * 2,
            attributes: &encode([
                ("http.request.method", AnyValue::String("GET")),
                ("http.route", AnyValue::String(route)),
                ("url.path", AnyValue::String(&url)),
                ("http.response.status_code", AnyValue::Int(200 + (noise % 5) as i64 * 50)),
                ("network.peer.address", AnyValue::String(&peer)),
                ("network.peer.port", AnyValue::Int((noise % 30_000) as i64)),
                ("app.order.id", AnyValue::String(&order)),
            ]),
            ..SpanRow::default()
        });
    }
    Batch { signal: Signal::Spans, rows: builder.finish() }
}

/// Searches traces, and shows how long that took.
fn search(
    store: &Store,
    what: &str,
    traces: impl Iterator<Item = u64>,
    spans: u64,
) -> Result<(), Box<dyn Error>> {
    let (mut times, cpu) = (Vec::new(), cpu_ms());
    for trace in traces {
        let begin = Instant::now();
        let found: usize =
            store.snapshot("default").trace(&trace_id(trace))?.iter().map(|rows| rows.num_rows()).sum();
        times.push(begin.elapsed());
        assert_eq!(found as u64, spans, "spans of trace {trace}");
    }
    let cpu = (cpu_ms() - cpu) / times.len() as f64;
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    let (n, mid, high, worst) = (times.len(), at(0.5), at(0.99), at(1.0));
    println!("{what:22} {n:5} searches, ms: CPU {cpu:.3}, median {mid:.3}, 99 % {high:.3}, worst {worst:.3}");
    Ok(())
}

/// What this thread has used; 0 where Linux's file for it is not.
fn cpu_ms() -> f64 {
    let used = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    used.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e6
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let files = numbers.first().copied().unwrap_or(100);
    let spans = numbers.get(1).copied().unwrap_or(100_000) / BATCH * BATCH;
    let dir = tempfile::tempdir()?;
    // Each flush is a file, and stays one.
    let mut compaction = SegmentSizes::default();
    compaction.spans.full_rows = 1;
    let whole = |dir: &std::path::Path| Options {
        compaction,
        flush_bytes: usize::MAX,
        flush_age: Duration::from_secs(86_400),
        memtable_budget_bytes: usize::MAX,
        retention: Retention::forever(),
        ..Options::new(dir)
    };
    let store = Store::open(whole(dir.path()), None).await?;
    let begin = Instant::now();
    for from in (0..files * spans).step_by(BATCH as usize) {
        store.append("default", batch(from)).await?;
        if (from + BATCH).is_multiple_of(spans) {
            store.flush().await?;
        }
    }
    let summary = store.summary();
    let (bytes, seconds) = (summary.segment_bytes, begin.elapsed().as_secs_f64());
    println!(
        "{} spans in {} files: {:.1} bytes a span, written in {seconds:.0} s",
        summary.segment_rows,
        summary.segments,
        bytes as f64 / summary.segment_rows as f64
    );
    store.close().await?;
    // The directory is locked until the last task has let go of it.
    drop(store);
    let store = loop {
        match Store::open(whole(dir.path()), None).await {
            Err(ocelli_storage::Error::Locked { .. }) => tokio::time::sleep(Duration::from_millis(5)).await,
            opened => break opened?,
        }
    };
    let traces = files * spans / SPANS_PER_TRACE;
    let some = |seed: u64, count: u64| (0..count).map(move |n| random(n + seed) % traces);
    search(&store, "first after the start", some(1, 1), SPANS_PER_TRACE)?;
    search(&store, "first of each file", (0..files).map(|n| n * spans / SPANS_PER_TRACE), SPANS_PER_TRACE)?;
    search(&store, "warm", some(5_000, 1_000), SPANS_PER_TRACE)?;
    search(&store, "absent", (0..1_000).map(|n| traces + n), 0)?;
    store.close().await?;
    Ok(())
}
