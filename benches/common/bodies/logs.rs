//! Log records a millisecond apart: eight words, two numbers, seven attributes, an id of a trace.

use super::{BATCH, FIRST_NS, ROUTES, attribute, pick, resource, scope, text};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use rand::Rng;
use rand::rngs::StdRng;

const WORDS: [&str; 16] = [
    "request",
    "completed",
    "card",
    "declined",
    "order",
    "placed",
    "cache",
    "miss",
    "timeout",
    "retry",
    "upstream",
    "connected",
    "queue",
    "drained",
    "user",
    "session",
];

pub fn request(rng: &mut StdRng, service: &str, batch: usize) -> ExportLogsServiceRequest {
    let log_records = (0..BATCH).map(|at| record(rng, batch * BATCH + at)).collect();
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..Default::default() }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: resource(service), scope_logs, ..Default::default() }],
    }
}

fn record(rng: &mut StdRng, number: usize) -> LogRecord {
    let trace_id: [u8; 16] = rng.random();
    let time = *FIRST_NS + number as u64 * 1_000_000;
    let words: Vec<&str> = (0..8).map(|_| pick(rng, &WORDS)).collect();
    let (id, took) = (rng.random_range(0..100_000), rng.random_range(0..900));
    let body = format!("{} id={id} took {took} ms", words.join(" "));
    let failed = number.is_multiple_of(40);
    LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: time + 5_000,
        severity_number: if failed { 17 } else { 9 },
        severity_text: if failed { "ERROR" } else { "INFO" }.into(),
        body: Some(AnyValue { value: Some(Value::StringValue(body)) }),
        attributes: vec![
            text("code.namespace", "shop.handlers"),
            text("thread.name", format!("worker-{}", rng.random_range(0..16))),
            attribute("app.user.id", Value::IntValue(rng.random_range(0..1_000_000))),
            text("http.route", pick(rng, &ROUTES)),
            text("url.path", format!("/api/cart/{}", rng.random_range(0..100_000))),
            text("app.order.id", format!("order-{:06}", rng.random_range(0..1_000_000))),
            attribute("app.retry", Value::BoolValue(number.is_multiple_of(9))),
        ],
        trace_id: trace_id.to_vec(),
        span_id: rng.random::<[u8; 8]>().to_vec(),
        ..Default::default()
    }
}
