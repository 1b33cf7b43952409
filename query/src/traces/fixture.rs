//! Spans for tests, and stores that hold them.

use crate::logs::fixture::{TENANT, resource};
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::{AnyValue, Batch, Signal, attributes};
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
