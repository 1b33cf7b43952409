//! How fast bodies become batches, in CPU time of one thread (Linux):
//! `cargo test -p ocelli-collector --test collector rate -- --ignored --nocapture`.

use crate::samples;
use crate::support::NOW_NS;
use ocelli_collector::decode::{Format, decode};
use ocelli_collector::limits::{DecodeLimits, RedLimits};
use ocelli_collector::processors::Red;
use ocelli_signal::Signal;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

const BATCH: u64 = 1000;

/// About 400 bytes: what an HTTP server's span has.
fn server_span(number: u64) -> Span {
    let mut trace_id = vec![0x5b; 16];
    trace_id[..8].copy_from_slice(&number.to_be_bytes());
    Span {
        trace_id,
        span_id: (number + 1).to_be_bytes().to_vec(),
        parent_span_id: (number + 2).to_be_bytes().to_vec(),
        name: format!("GET /cart/{}", number % 20),
        kind: 2 + (number % 2) as i32,
        start_time_unix_nano: 1_700_000_000_000_000_000 + number,
        end_time_unix_nano: 1_700_000_000_000_000_000 + number * 1000,
        attributes: vec![
            samples::text("http.request.method", "GET"),
            samples::text("http.route", "/cart/{id}"),
            samples::text("url.path", "/cart/5001"),
            samples::text("server.address", "cart.shop.example"),
            samples::text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"),
            samples::pair("http.response.status_code", Value::IntValue(200)),
            samples::pair("server.port", Value::IntValue(8080)),
        ],
        ..Default::default()
    }
}

/// CPU time of this thread: other work on the machine does not count.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn rate(what: &str, items: u64, mut work: impl FnMut()) {
    let begin = cpu_seconds();
    let mut rounds = 0;
    while cpu_seconds() - begin < 0.5 {
        work();
        rounds += 1;
    }
    println!("{what}: {:.2} M per core-second", (rounds * items) as f64 / (cpu_seconds() - begin) / 1e6);
}

#[test]
#[ignore = "a measurement"]
fn rates() {
    let limits = DecodeLimits::default();
    let spans = samples::spans((0..BATCH).map(server_span).collect()).encode_to_vec();
    println!("{} bytes a span", spans.len() as u64 / BATCH);
    let take = |signal, bytes: &[u8]| decode(signal, Format::Protobuf, bytes, NOW_NS, &limits).unwrap();
    rate("spans decoded", BATCH, || drop(take(Signal::Spans, &spans)));
    let red = Red::new(RedLimits::default(), NOW_NS);
    let batch = take(Signal::Spans, &spans).batch;
    rate("spans observed", BATCH, || red.observe("default", 1, &batch.rows));
    let record =
        samples::record(Some(Value::StringValue("payment of order 5001 was declined by the bank".into())));
    let logs = samples::logs(vec![record; BATCH as usize]).encode_to_vec();
    rate("log records decoded", BATCH, || drop(take(Signal::Logs, &logs)));
}
