//! Seeded OTLP requests that look like a shop's: few services, many ids, repeating texts. A span is
//! about 407 bytes on the wire, a log record about 335; points are 10,000 series every 15 s.
//!
//! Times begin at noon of yesterday (UTC), because every store of telemetry deletes what is old and
//! refuses what is from the future. On one day the same number gives the same bytes.
#![allow(dead_code, reason = "every bench uses its part")]

mod logs;
pub mod monitored;
mod points;
mod spans;

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Items of one request.
pub const BATCH: usize = 1000;
pub const NANOS_PER_S: u64 = 1_000_000_000;
const SERVICES: [&str; 8] =
    ["frontend", "cart", "checkout", "currency", "email", "payment", "recommendation", "shipping"];
const ROUTES: [&str; 6] =
    ["/api/cart", "/api/checkout", "/api/products", "/api/product/{id}", "/api/ship", "/"];

/// Nanoseconds since the Unix epoch of the first item.
pub static FIRST_NS: LazyLock<u64> = LazyLock::new(|| {
    const DAY_S: u64 = 24 * 3600;
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    (now_s / DAY_S * DAY_S - DAY_S / 2) * NANOS_PER_S
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Spans,
    Logs,
    Points,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Spans, Kind::Logs, Kind::Points];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Spans => "spans",
            Kind::Logs => "logs",
            Kind::Points => "points",
        }
    }

    /// OTLP's path over HTTP.
    pub fn path(self) -> &'static str {
        match self {
            Kind::Spans => "/v1/traces",
            Kind::Logs => "/v1/logs",
            Kind::Points => "/v1/metrics",
        }
    }
}

/// The request number `batch`; the same number gives the same bytes.
pub fn body(kind: Kind, batch: usize) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(batch as u64);
    match kind {
        Kind::Spans => spans::request(&mut rng, service(batch), batch).encode_to_vec(),
        Kind::Logs => logs::request(&mut rng, service(batch), batch).encode_to_vec(),
        Kind::Points => points::request(batch).encode_to_vec(),
    }
}

/// The first trace id of a request of spans or logs.
pub fn first_trace_id(batch: usize) -> [u8; 16] {
    StdRng::seed_from_u64(batch as u64).random()
}

/// Who sends the request of spans or logs.
pub fn service(batch: usize) -> &'static str {
    SERVICES[batch % SERVICES.len()]
}

/// Nanoseconds since the Unix epoch by which all items of so many requests have happened.
pub fn end_ns(kind: Kind, batches: usize) -> u64 {
    let length = match kind {
        Kind::Spans | Kind::Logs => (batches * BATCH) as u64 * 1_000_000,
        Kind::Points => (batches.div_ceil(points::REQUESTS_OF_A_SCRAPE) as u64) * points::INTERVAL_NS,
    };
    *FIRST_NS + length + NANOS_PER_S
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

fn resource(service: &str) -> Option<Resource> {
    let attributes = vec![
        text("service.name", service),
        text("service.version", "1.4.0"),
        text("host.name", format!("{service}-7d9f")),
        text("deployment.environment.name", "production"),
    ];
    Some(Resource { attributes, ..Default::default() })
}

fn scope() -> Option<InstrumentationScope> {
    Some(InstrumentationScope { name: "bench".into(), version: "1".into(), ..Default::default() })
}

fn pick<'a>(rng: &mut StdRng, from: &[&'a str]) -> &'a str {
    from[rng.random_range(0..from.len())]
}
