//! The spans of a trace as OTLP's `ResourceSpans`, in protobuf and in Tempo's JSON.

use crate::Error;
use crate::traces::rows::{Row, distinct, spans_of};
use arrow::array::RecordBatch;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ocelli_signal::span_parts::{iter_events, iter_links, iter_messages};
use ocelli_signal::spans::{SpanRow, Spans};
use ocelli_signal::value_text::to_otlp_json;
use ocelli_signal::wire::Writer;
use ocelli_signal::{Attributes, origin};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

const KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];
const STATUSES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];

/// The spans that have the same resource and scope, whose bytes are those of the columns.
struct Group<'a> {
    resource: &'a [u8],
    scopes: Vec<(&'a [u8], Vec<SpanRow<'a>>)>,
}

/// By resource, then by scope, each in the order of its earliest span.
fn groups<'a>(rows: &[Row<'a>]) -> Vec<Group<'a>> {
    let (mut groups, mut places) = (Vec::<Group<'a>>::new(), HashMap::new());
    for row in rows {
        let (resource, scope) = (row.view.resource(row.at), row.view.scope(row.at));
        let group = *places.entry((resource, None)).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Group { resource, scopes: Vec::new() });
        }
        let scopes = &mut groups[group].scopes;
        let at = *places.entry((resource, Some(scope))).or_insert(scopes.len());
        if at == scopes.len() {
            scopes.push((scope, Vec::new()));
        }
        scopes[at].1.push(row.view.row(row.at));
    }
    groups
}

fn with_groups<T>(batches: &[RecordBatch], write: impl FnOnce(&[Group<'_>]) -> T) -> Result<T, Error> {
    let views: Vec<Spans<'_>> = batches.iter().map(spans_of).collect::<Result<_, _>>()?;
    let (mut rows, _) = distinct(&views);
    rows.sort_by_key(|row| (row.start(), row.node().span_id));
    Ok(write(&groups(&rows)))
}

/// A message whose field 1 are the `ResourceSpans`: `TracesData`, which is Tempo's `Trace`.
pub fn protobuf(batches: &[RecordBatch]) -> Result<Vec<u8>, Error> {
    with_groups(batches, |groups| {
        let mut trace = Writer::new();
        for group in groups {
            trace.put_message(1, |spans| {
                // What is stored has OTLP's own numbers: 1 is the resource, 3 its schema.
                spans.put_raw(group.resource);
                for (scope, rows) in &group.scopes {
                    spans.put_message(2, |spans| {
                        spans.put_raw(scope);
                        rows.iter().for_each(|row| spans.put_message(2, |span| put_span(span, row)));
                    });
                }
            });
        }
        trace.into_bytes()
    })
}

/// A `Span`.
fn put_span(out: &mut Writer, row: &SpanRow<'_>) {
    out.put_bytes(1, &row.trace_id);
    out.put_bytes(2, &row.span_id);
    out.put_bytes(3, row.trace_state.as_bytes());
    out.put_bytes(4, row.parent_span_id.as_ref().map_or(&[], |id| id.as_slice()));
    out.put_bytes(5, row.name.as_bytes());
    out.put_int(6, i64::from(row.kind));
    out.put_fixed64(7, row.start_time as u64);
    out.put_fixed64(8, row.end_time as u64);
    for (field, list) in [(9, row.attributes), (11, row.events), (13, row.links)] {
        iter_messages(list).for_each(|message| out.put_bytes_always(field, message));
    }
    out.put_varint(10, u64::from(row.dropped_attributes_count));
    out.put_varint(12, u64::from(row.dropped_events_count));
    out.put_varint(14, u64::from(row.dropped_links_count));
    if row.status_code != 0 || !row.status_message.is_empty() {
        out.put_message(15, |status| {
            status.put_bytes(2, row.status_message.as_bytes());
            status.put_int(3, i64::from(row.status_code));
        });
    }
    out.put_fixed32(16, row.flags);
}

/// The list of `ResourceSpans`.
pub fn json(batches: &[RecordBatch]) -> Result<Value, Error> {
    with_groups(batches, |groups| groups.iter().map(json_of_group).collect())
}

fn json_of_group(group: &Group<'_>) -> Value {
    let resource = origin::Resource::parse(group.resource).unwrap_or_default();
    let mut of_resource = Object::default();
    of_resource.list("attributes", attributes(resource.attributes()));
    of_resource.number("droppedAttributesCount", resource.dropped_attributes_count);
    let mut spans = Object::default();
    spans.put("resource", Value::Object(of_resource.0));
    spans.list("scopeSpans", group.scopes.iter().map(|(scope, rows)| json_of_scope(scope, rows)).collect());
    spans.text("schemaUrl", resource.schema_url);
    Value::Object(spans.0)
}

fn json_of_scope(scope: &[u8], rows: &[SpanRow<'_>]) -> Value {
    let scope = origin::Scope::parse(scope).unwrap_or_default();
    let mut of_scope = Object::default();
    of_scope.text("name", scope.name);
    of_scope.text("version", scope.version);
    of_scope.list("attributes", attributes(scope.attributes()));
    of_scope.number("droppedAttributesCount", scope.dropped_attributes_count);
    let mut spans = Object::default();
    spans.put("scope", Value::Object(of_scope.0));
    spans.list("spans", rows.iter().map(json_of_span).collect());
    spans.text("schemaUrl", scope.schema_url);
    Value::Object(spans.0)
}

fn json_of_span(row: &SpanRow<'_>) -> Value {
    let mut span = Object::default();
    span.bytes("traceId", &row.trace_id);
    span.bytes("spanId", &row.span_id);
    span.text("traceState", row.trace_state);
    span.bytes("parentSpanId", row.parent_span_id.as_ref().map_or(&[], |id| id.as_slice()));
    span.number("flags", row.flags);
    span.text("name", row.name);
    span.named("kind", &KINDS, row.kind);
    span.put("startTimeUnixNano", row.start_time.to_string().into());
    span.put("endTimeUnixNano", row.end_time.to_string().into());
    span.list("attributes", attributes(Attributes::of_column(row.attributes)));
    span.number("droppedAttributesCount", row.dropped_attributes_count);
    span.list("events", iter_events(row.events).map(json_of_event).collect());
    span.number("droppedEventsCount", row.dropped_events_count);
    span.list("links", iter_links(row.links).map(json_of_link).collect());
    span.number("droppedLinksCount", row.dropped_links_count);
    let mut status = Object::default();
    status.text("message", row.status_message);
    status.named("code", &STATUSES, row.status_code);
    span.put("status", Value::Object(status.0));
    Value::Object(span.0)
}

fn json_of_event(event: ocelli_signal::span_parts::Event<'_>) -> Value {
    let mut out = Object::default();
    out.put("timeUnixNano", event.time_ns.to_string().into());
    out.text("name", event.name);
    out.list("attributes", attributes(event.attributes));
    out.number("droppedAttributesCount", event.dropped_attributes_count);
    Value::Object(out.0)
}

fn json_of_link(link: ocelli_signal::span_parts::Link<'_>) -> Value {
    let mut out = Object::default();
    out.bytes("traceId", link.trace_id);
    out.bytes("spanId", link.span_id);
    out.text("traceState", link.trace_state);
    out.list("attributes", attributes(link.attributes));
    out.number("droppedAttributesCount", link.dropped_attributes_count);
    out.number("flags", link.flags);
    Value::Object(out.0)
}

fn attributes(attributes: Attributes<'_>) -> Vec<Value> {
    attributes.iter().map(|(key, value)| json!({ "key": key, "value": to_otlp_json(&value) })).collect()
}

/// A message in JSON, without what is zero or empty.
#[derive(Default)]
struct Object(Map<String, Value>);

impl Object {
    fn put(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    fn text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.put(name, text.into());
        }
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.text(name, &BASE64.encode(bytes));
    }

    fn number(&mut self, name: &str, number: u32) {
        if number > 0 {
            self.put(name, number.into());
        }
    }

    /// A number that has no name is given as it is.
    fn named(&mut self, name: &str, names: &[&str], number: i32) {
        let known = usize::try_from(number).ok().and_then(|number| names.get(number));
        if number != 0 {
            self.put(name, known.map_or_else(|| number.into(), |known| (*known).into()));
        }
    }

    fn list(&mut self, name: &str, list: Vec<Value>) {
        if !list.is_empty() {
            self.put(name, list.into());
        }
    }
}
