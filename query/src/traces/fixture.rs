//! Spans for tests, and stores that hold them.

use crate::logs::fixture::{TENANT, resource};
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Batch, Signal, attributes, origin};
use ocelli_storage::Store;

/// What tests vary of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    pub trace: u8,
    pub id: u64,
    pub parent: Option<u64>,
    pub service: String,
    pub name: String,
    pub start: i64,
    pub duration: i64,
    pub status: i32,
    pub user: Option<i64>,
}

impl Span {
    pub fn new(trace: u8, id: u64, parent: u64, service: &str, start: i64, duration: i64) -> Span {
        let parent = (parent != 0).then_some(parent);
        let (service, name) = (service.to_owned(), format!("{service}.call"));
        Span { trace, id, parent, service, name, start, duration, ..Span::default() }
    }
}

pub fn trace_id(trace: u8) -> [u8; 16] {
    let mut id = [trace; 16];
    id[0] = 1;
    id
}

pub fn batch(spans: &[Span]) -> Batch {
    let mut builder = SpansBuilder::new();
    for span in spans {
        builder.set_resource(&resource(&span.service, "h"));
        let pairs = span.user.map(|user| ("user", AnyValue::Int(user)));
        builder.push(&SpanRow {
            trace_id: trace_id(span.trace),
            span_id: span.id.to_be_bytes(),
            parent_span_id: span.parent.map(u64::to_be_bytes),
            name: &span.name,
            kind: 2,
            start_time: span.start,
            end_time: span.start + span.duration,
            status_code: span.status,
            attributes: &attributes::encode(pairs),
            ..SpanRow::default()
        });
    }
    Batch { signal: Signal::Spans, rows: builder.finish() }
}

/// A span of the trace 5 with something of everything that a span can have.
pub fn whole_span(start: i64) -> Batch {
    let mut resource = Writer::new();
    for (key, value) in [("service.name", "shop"), ("host.name", "h1")] {
        attributes::put_pair(&mut resource, 1, key, &AnyValue::String(value));
    }
    let mut scope = Writer::new();
    scope.put_bytes(1, b"http");
    scope.put_bytes(2, b"1.2");
    let mut list = Writer::new();
    list.put_message(1, |event| {
        event.put_fixed64(1, (start + 5_000) as u64);
        event.put_bytes(2, b"retry");
        attributes::put_pair(event, 3, "attempt", &AnyValue::Int(2));
    });
    let events = list.into_bytes();
    let mut list = Writer::new();
    list.put_message(1, |link| {
        link.put_bytes(1, &trace_id(9));
        link.put_bytes(2, &7u64.to_be_bytes());
    });
    let links = list.into_bytes();
    let mut array = Writer::new();
    array.put_message(1, |element| AnyValue::String("a").encode(element));
    let array = array.into_bytes();
    let pairs = attributes::encode([
        ("http.route", AnyValue::String("/cart")),
        ("http.response.status_code", AnyValue::Int(500)),
        ("large", AnyValue::Int(i64::MAX)),
        ("share", AnyValue::Double(0.5)),
        ("cached", AnyValue::Bool(false)),
        ("raw", AnyValue::Bytes(&[0, 1])),
        ("list", AnyValue::Array(&array)),
    ]);
    let mut builder = SpansBuilder::new();
    builder.set_resource(&origin::encode(resource.as_bytes(), ""));
    builder.set_scope(&origin::encode(scope.as_bytes(), ""));
    builder.push(&SpanRow {
        trace_id: trace_id(5),
        span_id: 2u64.to_be_bytes(),
        parent_span_id: Some(1u64.to_be_bytes()),
        trace_state: "k=v",
        flags: 0x101,
        name: "GET /cart",
        kind: 3,
        start_time: start,
        end_time: start + 1_500_000,
        status_code: 2,
        status_message: "timeout",
        attributes: &pairs,
        events: &events,
        links: &links,
        ..SpanRow::default()
    });
    Batch { signal: Signal::Spans, rows: builder.finish() }
}

/// Two thirds of the spans in segments, the rest in memory.
pub async fn filled(spans: &[Span]) -> (Store, tempfile::TempDir) {
    let (store, directory) = crate::logs::fixture::store(true).await;
    let third = spans.len().div_ceil(3).max(1);
    for (number, part) in spans.chunks(third).enumerate() {
        store.append(TENANT, batch(part)).await.expect("a span is kept");
        if number < 2 {
            store.flush().await.expect("a segment is written");
        }
    }
    (store, directory)
}
