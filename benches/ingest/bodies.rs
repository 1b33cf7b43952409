//! Seeded OTLP requests that look like a shop's: few services, many ids, repeating texts.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
    number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Items of one request.
pub const BATCH: usize = 1000;
/// 2026-01-01T00:00:00Z.
const EPOCH_NS: u64 = 1_767_225_600_000_000_000;
const SERVICES: [&str; 8] =
    ["frontend", "cart", "checkout", "currency", "email", "payment", "recommendation", "shipping"];
const ROUTES: [&str; 6] =
    ["/api/cart", "/api/checkout", "/api/products", "/api/product/{id}", "/api/ship", "/"];
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Spans,
    Logs,
    Points,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Spans => "spans",
            Kind::Logs => "logs",
            Kind::Points => "points",
        }
    }

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
    let service = SERVICES[batch % SERVICES.len()];
    match kind {
        Kind::Spans => spans(&mut rng, service, batch).encode_to_vec(),
        Kind::Logs => logs(&mut rng, service, batch).encode_to_vec(),
        Kind::Points => points(batch).encode_to_vec(),
    }
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

fn spans(rng: &mut StdRng, service: &str, batch: usize) -> ExportTraceServiceRequest {
    let mut trace_id = [0u8; 16];
    let spans = (0..BATCH).map(|at| {
        if at % 8 == 0 {
            rng.fill(&mut trace_id);
        }
        let start = EPOCH_NS + (batch * BATCH + at) as u64 * 1_000_000;
        let route = pick(rng, &ROUTES);
        let failed = rng.random_ratio(1, 50);
        Span {
            trace_id: trace_id.to_vec(),
            span_id: rng.random::<[u8; 8]>().to_vec(),
            parent_span_id: if at % 8 == 0 { vec![] } else { rng.random::<[u8; 8]>().to_vec() },
            name: format!("GET {route}"),
            kind: 2 + (at % 2) as i32,
            start_time_unix_nano: start,
            end_time_unix_nano: start + rng.random_range(100_000..250_000_000),
            attributes: vec![
                text("http.request.method", "GET"),
                text("http.route", route),
                attribute("http.response.status_code", Value::IntValue(if failed { 500 } else { 200 })),
                text("url.path", format!("{route}/{}", rng.random_range(0..100_000))),
                text("server.address", service),
                attribute("server.port", Value::IntValue(8080)),
                text(
                    "client.address",
                    format!("10.0.{}.{}", rng.random_range(0..8), rng.random_range(0..250)),
                ),
                text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
                attribute("app.user.id", Value::IntValue(rng.random_range(0..1_000_000))),
            ],
            status: Some(Status { code: if failed { 2 } else { 0 }, ..Default::default() }),
            ..Default::default()
        }
    });
    let spans = spans.collect();
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..Default::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(service),
            scope_spans,
            ..Default::default()
        }],
    }
}

fn logs(rng: &mut StdRng, service: &str, batch: usize) -> ExportLogsServiceRequest {
    let records = (0..BATCH).map(|at| {
        let time = EPOCH_NS + (batch * BATCH + at) as u64 * 1_000_000;
        let words: Vec<&str> = (0..8).map(|_| pick(rng, &WORDS)).collect();
        let body = format!(
            "{} id={} took {} ms",
            words.join(" "),
            rng.random_range(0..100_000),
            rng.random_range(0..900)
        );
        LogRecord {
            time_unix_nano: time,
            observed_time_unix_nano: time + 5_000,
            severity_number: if at % 40 == 0 { 17 } else { 9 },
            severity_text: if at % 40 == 0 { "ERROR" } else { "INFO" }.into(),
            body: Some(AnyValue { value: Some(Value::StringValue(body)) }),
            attributes: vec![
                text("code.namespace", "shop.handlers"),
                text("thread.name", format!("worker-{}", rng.random_range(0..16))),
                attribute("app.user.id", Value::IntValue(rng.random_range(0..1_000_000))),
                text("http.route", pick(rng, &ROUTES)),
                attribute("app.retry", Value::BoolValue(at % 9 == 0)),
            ],
            trace_id: rng.random::<[u8; 16]>().to_vec(),
            span_id: rng.random::<[u8; 8]>().to_vec(),
            ..Default::default()
        }
    });
    let log_records = records.collect();
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..Default::default() }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: resource(service), scope_logs, ..Default::default() }],
    }
}

/// 10,000 counters, each every 15 s: ten requests are one scrape of all.
fn points(batch: usize) -> ExportMetricsServiceRequest {
    let time = EPOCH_NS + (batch / 10) as u64 * 15_000_000_000;
    let metrics = (0..10).map(|metric| {
        let points = (0..BATCH / 10).map(|series| NumberDataPoint {
            attributes: vec![
                text("http.route", ROUTES[series % ROUTES.len()]),
                text("instance", format!("pod-{}-{}", batch % 10, series)),
            ],
            start_time_unix_nano: EPOCH_NS,
            time_unix_nano: time,
            value: Some(number_data_point::Value::AsInt((batch / 10 * (series + 7)) as i64)),
            ..Default::default()
        });
        let sum = Sum {
            data_points: points.collect(),
            aggregation_temporality: AggregationTemporality::Cumulative as i32,
            is_monotonic: true,
        };
        Metric {
            name: format!("bench.requests.{metric}"),
            data: Some(metric::Data::Sum(sum)),
            ..Default::default()
        }
    });
    let metrics = metrics.collect();
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..Default::default() }];
    let service = SERVICES[batch % 10 % SERVICES.len()];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(service),
            scope_metrics,
            ..Default::default()
        }],
    }
}
