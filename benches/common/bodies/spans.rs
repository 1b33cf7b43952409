//! Traces of eight spans, of which each is the child of the one before and starts a millisecond after it.

use super::{BATCH, FIRST_NS, ROUTES, attribute, pick, resource, scope, text};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use rand::Rng;
use rand::rngs::StdRng;

pub fn request(rng: &mut StdRng, service: &str, batch: usize) -> ExportTraceServiceRequest {
    let (mut trace_id, mut session, mut parent) = ([0u8; 16], 0u64, Vec::new());
    let spans = (0..BATCH).map(|at| {
        if at % 8 == 0 {
            trace_id = rng.random();
            session = rng.random();
            parent = Vec::new();
        }
        let made = span(rng, service, batch * BATCH + at, &trace_id, session);
        let parent_span_id = std::mem::replace(&mut parent, made.span_id.clone());
        Span { parent_span_id, ..made }
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

fn span(rng: &mut StdRng, service: &str, number: usize, trace_id: &[u8; 16], session: u64) -> Span {
    let start = *FIRST_NS + number as u64 * 1_000_000;
    let route = pick(rng, &ROUTES);
    let failed = rng.random_ratio(1, 50);
    Span {
        trace_id: trace_id.to_vec(),
        span_id: rng.random::<[u8; 8]>().to_vec(),
        name: format!("GET {route}"),
        kind: 2 + (number % 2) as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: start + rng.random_range(100_000..250_000_000),
        attributes: vec![
            text("http.request.method", "GET"),
            text("http.route", route),
            attribute("http.response.status_code", Value::IntValue(if failed { 500 } else { 200 })),
            text("url.path", format!("{route}/{}", rng.random_range(0..100_000))),
            text("server.address", service),
            attribute("server.port", Value::IntValue(8080)),
            text("client.address", format!("10.0.{}.{}", rng.random_range(0..8), rng.random_range(0..250))),
            text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"),
            attribute("app.user.id", Value::IntValue(rng.random_range(0..1_000_000))),
            text("app.user.session.id", format!("{session:016x}")),
        ],
        status: Some(Status { code: if failed { 2 } else { 0 }, ..Default::default() }),
        ..Default::default()
    }
}
