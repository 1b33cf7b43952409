//! A store with the traces of a case.

use crate::script::{Span, Trace, duration};
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Batch, Signal, attributes, origin};
use ocelli_storage::{Options, Retention, Store};
use serde_json::Value;
use std::collections::HashMap;

/// Names by the ids that the answers have.
#[derive(Default)]
pub struct Names {
    traces: HashMap<String, String>,
    spans: HashMap<String, String>,
}

impl Names {
    pub fn of(traces: &[Trace]) -> Names {
        let mut names = Names::default();
        for (trace, of_trace) in traces.iter().enumerate() {
            let id = trace_id(trace).map(|byte| format!("{byte:02x}")).concat();
            names.traces.insert(id, of_trace.name.clone());
            for (span, of_span) in of_trace.spans.iter().enumerate() {
                names.spans.insert(format!("{:016x}", span_number(trace, span)), of_span.name.clone());
            }
        }
        names
    }

    pub fn trace(&self, id: &str) -> &str {
        &self.traces[id]
    }

    pub fn span(&self, id: &str) -> &str {
        &self.spans[id]
    }
}

fn trace_id(trace: usize) -> [u8; 16] {
    (trace as u128 + 1).to_be_bytes()
}

fn span_number(trace: usize, span: usize) -> u64 {
    (trace as u64 + 1) * 1_000 + span as u64
}

/// Half of the traces in a segment, the rest in memory.
pub async fn filled(traces: &[Trace]) -> (Store, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut options = Options::new(directory.path());
    options.retention = Retention::forever();
    let store = Store::open(options, None).await.expect("a new store opens");
    let numbered: Vec<(usize, &Trace)> = traces.iter().enumerate().collect();
    for (part, flush) in [(&numbered[..traces.len() / 2], true), (&numbered[traces.len() / 2..], false)] {
        let mut builder = SpansBuilder::new();
        for (number, trace) in part {
            let at = |name: &String| trace.spans.iter().position(|span| span.name == *name);
            for (span, of_span) in trace.spans.iter().enumerate() {
                let parent = of_span.parent.as_ref().map(|name| match at(name) {
                    Some(parent) => span_number(*number, parent).to_be_bytes(),
                    None => [0xee; 8],
                });
                push(&mut builder, *number, span, of_span, parent);
            }
        }
        if !builder.is_empty() {
            let batch = Batch { signal: Signal::Spans, rows: builder.finish() };
            store.append("default", batch).await.expect("a span is kept");
        }
        if flush {
            store.flush().await.expect("a segment is written");
        }
    }
    (store, directory)
}

fn push(builder: &mut SpansBuilder, trace: usize, number: usize, span: &Span, parent: Option<[u8; 8]>) {
    let field = |name: &str| span.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let text = |name: &str| field(name).and_then(Value::as_str).unwrap_or_default();
    let time = |name: &str| match field(name) {
        Some(Value::Number(n)) => n.as_i64().expect("a whole number"),
        Some(value) => duration(value.as_str().expect("a time")).expect("a time"),
        None => 0,
    };
    let number_of = |name: &str| field(name).and_then(Value::as_i64).unwrap_or_default() as i32;
    let mut resource = Writer::new();
    if let Some(service) = field("service") {
        put(&mut resource, 1, "service.name", service);
    }
    pairs(span, "resource.").for_each(|(key, value)| put(&mut resource, 1, key, value));
    builder.set_resource(&origin::encode(resource.as_bytes(), ""));
    let mut scope = Writer::new();
    scope.put_bytes(1, text("library").as_bytes());
    scope.put_bytes(2, text("version").as_bytes());
    pairs(span, "instrumentation.").for_each(|(key, value)| put(&mut scope, 3, key, value));
    builder.set_scope(&origin::encode(scope.as_bytes(), ""));
    let (mut own, mut events, mut links) = (Writer::new(), Writer::new(), Writer::new());
    pairs(span, "span.").for_each(|(key, value)| put(&mut own, 1, key, value));
    for (_, name) in span.fields.iter().filter(|(key, _)| key == "event") {
        events.put_message(1, |event| {
            event.put_fixed64(1, (time("start") + 5_000_000) as u64);
            event.put_bytes(2, name.as_str().expect("a name").as_bytes());
            pairs(span, "event.").for_each(|(key, value)| put(event, 3, key, value));
        });
    }
    if field("link").is_some() {
        links.put_message(1, |link| {
            link.put_bytes(1, &[0xab; 16]);
            link.put_bytes(2, &[0xcd; 8]);
            pairs(span, "link.").for_each(|(key, value)| put(link, 4, key, value));
        });
    }
    let name = if field("name").is_some() { text("name") } else { &span.name };
    builder.push(&SpanRow {
        trace_id: trace_id(trace),
        span_id: span_number(trace, number).to_be_bytes(),
        parent_span_id: parent,
        name,
        kind: number_of("kind"),
        start_time: time("start"),
        end_time: time("start") + time("duration"),
        status_code: number_of("status"),
        status_message: text("message"),
        attributes: own.as_bytes(),
        events: events.as_bytes(),
        links: links.as_bytes(),
        ..SpanRow::default()
    });
}

fn pairs<'a>(span: &'a Span, scope: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    span.fields.iter().filter_map(move |(key, value)| Some((key.strip_prefix(scope)?, value)))
}

fn put(writer: &mut Writer, field: u32, key: &str, value: &Value) {
    let mut array = Writer::new();
    let value = match value {
        Value::String(text) => AnyValue::String(text),
        Value::Bool(flag) => AnyValue::Bool(*flag),
        Value::Number(n) => {
            n.as_i64().map_or(AnyValue::Double(n.as_f64().unwrap_or_default()), AnyValue::Int)
        }
        Value::Array(values) => {
            for value in values {
                let text = AnyValue::String(value.as_str().expect("arrays of text"));
                array.put_message(1, |element| text.encode(element));
            }
            AnyValue::Array(array.as_bytes())
        }
        other => panic!("{other} is no value of an attribute"),
    };
    attributes::put_pair(writer, field, key, &value);
}
