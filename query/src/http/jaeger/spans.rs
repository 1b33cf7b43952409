//! From OTLP's spans to Jaeger's.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/>.

use super::model::{Log, Process, Reference, Span, Tag, Trace};
use crate::Error;
use crate::logs::filter::id::to_hex;
use crate::traces::KINDS;
use crate::traces::rows::{Row, distinct, spans_of};
use arrow::array::RecordBatch;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ocelli_signal::span_parts::{Event, iter_events, iter_links};
use ocelli_signal::spans::Spans;
use ocelli_signal::value_text::{display, double_json, to_json_text};
use ocelli_signal::{AnyValue, Attributes, origin};
use std::collections::{BTreeMap, HashMap};

/// Larger integers lose digits in JavaScript.
const SAFE_INTEGER: i64 = (1 << 53) - 1;

/// The spans of one trace, by start; the batches must have every column.
pub fn trace(trace_id: &[u8; 16], batches: &[RecordBatch]) -> Result<Trace, Error> {
    let views: Vec<Spans<'_>> = batches.iter().map(spans_of).collect::<Result<_, _>>()?;
    let (mut rows, _) = distinct(&views);
    rows.sort_by_key(|row| (row.start(), row.node().span_id));
    let trace_id = to_hex(trace_id);
    let mut processes = Processes::default();
    let spans = rows.iter().map(|row| span(row, &trace_id, processes.of(row))).collect();
    Ok(Trace { trace_id, spans, processes: processes.found, warnings: None })
}

fn span(row: &Row<'_>, trace_id: &str, process_id: String) -> Span {
    let of = row.view.row(row.at);
    let mut references = Vec::new();
    if let Some(parent) = &of.parent_span_id {
        let span_id = to_hex(parent);
        references.push(Reference { ref_type: "CHILD_OF", trace_id: trace_id.to_owned(), span_id });
    }
    references.extend(iter_links(of.links).map(|link| {
        let is_child = link.attributes.get_str("opentracing.ref_type") == Some("child_of");
        let ref_type = if is_child { "CHILD_OF" } else { "FOLLOWS_FROM" };
        Reference { ref_type, trace_id: to_hex(link.trace_id), span_id: to_hex(link.span_id) }
    }));
    let duration = row.duration();
    let backwards = (duration < 0).then(|| vec!["the span ends before it starts".to_owned()]);
    Span {
        trace_id: trace_id.to_owned(),
        span_id: to_hex(&of.span_id),
        // Of OTLP's flags Jaeger has the W3C ones.
        flags: of.flags & 0xff,
        operation_name: of.name.to_owned(),
        references,
        start_time: micros(of.start_time),
        duration: micros(duration),
        tags: tags_of_span(row),
        logs: iter_events(of.events).map(|event| log(&event)).collect(),
        process_id,
        warnings: backwards,
    }
}

fn micros(ns: i64) -> u64 {
    ns.max(0) as u64 / 1_000
}

fn tags_of_span(row: &Row<'_>) -> Vec<Tag> {
    let of = row.view.row(row.at);
    let mut tags = tags(Attributes::of_column(of.attributes));
    let kind = usize::try_from(of.kind).ok().filter(|kind| *kind > 0).and_then(|kind| KINDS.get(kind));
    tags.extend(kind.map(|kind| Tag::text("span.kind", kind)));
    match of.status_code {
        1 => tags.push(Tag::text("otel.status_code", "OK")),
        2 => {
            tags.push(Tag::text("otel.status_code", "ERROR"));
            if !tags.iter().any(|tag| tag.key == "error") {
                tags.push(Tag { key: "error".to_owned(), kind: "bool", value: true.into() });
            }
        }
        _ => {}
    }
    let scope = origin::Scope::parse(row.view.scope(row.at)).unwrap_or_default();
    let texts = [
        ("otel.status_description", of.status_message),
        ("w3c.tracestate", of.trace_state),
        ("otel.scope.name", scope.name),
        ("otel.scope.version", scope.version),
    ];
    tags.extend(texts.iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| Tag::text(key, text)));
    let dropped = [
        ("otel.dropped_attributes_count", of.dropped_attributes_count),
        ("otel.dropped_events_count", of.dropped_events_count),
        ("otel.dropped_links_count", of.dropped_links_count),
    ];
    let dropped = dropped.iter().filter(|(_, count)| *count > 0);
    tags.extend(dropped.map(|(key, count)| tag(key, &AnyValue::Int(i64::from(*count)))));
    tags
}

fn log(event: &Event<'_>) -> Log {
    let mut fields = Vec::new();
    // An event that was a log of OpenTracing has its name among its attributes.
    if !event.name.is_empty() && event.attributes.get("event").is_none() {
        fields.push(Tag::text("event", event.name));
    }
    fields.extend(tags(event.attributes));
    Log { timestamp: event.time_ns / 1_000, fields }
}

fn tags(attributes: Attributes<'_>) -> Vec<Tag> {
    attributes.iter().map(|(key, value)| tag(key, &value)).collect()
}

/// Arrays and maps are JSON in a text.
fn tag(key: &str, value: &AnyValue<'_>) -> Tag {
    let (kind, value) = match *value {
        AnyValue::Bool(flag) => ("bool", flag.into()),
        AnyValue::Int(n) if n.abs() > SAFE_INTEGER || n == i64::MIN => ("int64", n.to_string().into()),
        AnyValue::Int(n) => ("int64", n.into()),
        AnyValue::Double(n) => ("float64", double_json(n)),
        AnyValue::Bytes(bytes) => ("binary", BASE64.encode(bytes).into()),
        AnyValue::Array(_) | AnyValue::KvList(_) => ("string", to_json_text(value).into()),
        AnyValue::String(_) | AnyValue::Empty => ("string", display(value).into()),
    };
    Tag { key: key.to_owned(), kind, value }
}

/// `p1`, `p2`, … in the order in which they come up.
#[derive(Default)]
struct Processes<'a> {
    found: BTreeMap<String, Process>,
    /// By the bytes of the resource, which need not be looked into twice.
    known: HashMap<&'a [u8], String>,
}

impl<'a> Processes<'a> {
    fn of(&mut self, row: &Row<'a>) -> String {
        let bytes = row.view.resource(row.at);
        if let Some(id) = self.known.get(bytes) {
            return id.clone();
        }
        let process = process(row.service(), bytes);
        let same = self.found.iter().find(|(_, known)| **known == process).map(|(id, _)| id.clone());
        let id = same.unwrap_or_else(|| {
            let id = format!("p{}", self.found.len() + 1);
            self.found.insert(id.clone(), process);
            id
        });
        self.known.insert(bytes, id.clone());
        id
    }
}

fn process(service: &str, resource: &[u8]) -> Process {
    let resource = origin::Resource::parse(resource).unwrap_or_default();
    let mut tags = tags(resource.attributes());
    tags.retain(|tag| tag.key != "service.name");
    tags.sort_by(|a, b| a.key.cmp(&b.key));
    Process { service_name: service.to_owned(), tags }
}
