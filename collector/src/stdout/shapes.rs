//! The fields of JSON loggers: which one is the time, the level, the message, the trace.
//!
//! pino, bunyan, zap, logstash-logback-encoder, tracing-subscriber, winston, structlog and ECS differ
//! in names only, and no name means one thing here and another there if its value is looked at; so
//! the shape need not be known, and mixed shapes are read too.

use super::json::Json;
use super::level::{self, Severity};
use super::record::Record;
use super::time;
use super::trace_context::{self, FLAGS, SPAN_ID, TRACE_ID, TRACEPARENT, TraceContext};

const TIME: [&str; 8] = ["@timestamp", "timestamp", "time", "ts", "T", "datetime", "asctime", "eventTime"];
const LEVEL: [&str; 7] = ["level", "log.level", "severity", "L", "levelname", "lvl", "loglevel"];
const MESSAGE: [&str; 6] = ["message", "msg", "event", "M", "short_message", "body"];

type Fields = Vec<(String, Json)>;

/// Reads the fields of a JSON line. `line` is the body when there is no message.
pub fn read(mut fields: Fields, line: &str, observed_ns: i64) -> Record {
    lift_event_fields(&mut fields);
    let time_ns = take(&mut fields, &TIME, time::of_json);
    let severity = take_severity(&mut fields);
    let body = take(&mut fields, &MESSAGE, |value| value.as_text().map(str::to_owned));
    let trace = take_trace(&mut fields);
    Record {
        time_ns,
        observed_ns,
        severity,
        body: body.unwrap_or_else(|| line.trim().to_owned()),
        attributes: fields,
        trace,
    }
}

/// Takes the first field by these names whose value fits. A name with dots is one key, or a path.
fn take<T>(fields: &mut Fields, names: &[&str], fit: impl Fn(&Json) -> Option<T>) -> Option<T> {
    names.iter().find_map(|name| {
        take_key(fields, name, &fit).or_else(|| {
            let (outer, inner) = name.split_once('.')?;
            let at = fields.iter().position(|(key, _)| key == outer)?;
            let Json::Map(nested) = &mut fields[at].1 else { return None };
            let found = take_key(nested, inner, &fit)?;
            if nested.is_empty() {
                fields.remove(at);
            }
            Some(found)
        })
    })
}

fn take_key<T>(fields: &mut Fields, name: &str, fit: &impl Fn(&Json) -> Option<T>) -> Option<T> {
    let (at, found) = fields
        .iter()
        .enumerate()
        .find_map(|(at, (key, value))| (key == name).then(|| fit(value).map(|it| (at, it)))?)?;
    fields.remove(at);
    Some(found)
}

/// tracing-subscriber puts the fields of an event under `fields`: they are lifted, unless that would
/// hide another field.
fn lift_event_fields(fields: &mut Fields) {
    let is_event = fields.iter().any(|(key, _)| key == "target" || key == "level");
    let Some(at) = fields.iter().position(|(key, value)| key == "fields" && matches!(value, Json::Map(_)))
    else {
        return;
    };
    if !is_event {
        return;
    }
    let (_, Json::Map(inner)) = fields.remove(at) else { return };
    for (offset, (key, value)) in inner.into_iter().enumerate() {
        let taken = fields.iter().any(|(other, _)| *other == key);
        let key = if taken { format!("fields.{key}") } else { key };
        fields.insert(at + offset, (key, value));
    }
}

/// An OTLP severity number as such, else a level.
fn take_severity(fields: &mut Fields) -> Option<Severity> {
    let level = take(fields, &LEVEL, level::of_json);
    let number =
        take(fields, &["severity_number", "severityNumber", "SeverityNumber"], |value| match value {
            Json::Int(n @ 1..=24) => Some(*n as i32),
            _ => None,
        });
    let text = take(fields, &["severity_text", "severityText", "SeverityText"], |value| {
        value.as_text().map(str::to_owned)
    });
    match (level, number, text) {
        (level, Some(number), text) => {
            let text = text.or(level.map(|level| level.text)).unwrap_or_default();
            Some(Severity { number, text })
        }
        (Some(level), None, text) => Some(Severity { text: text.unwrap_or(level.text), ..level }),
        (None, None, text) => text.map(|text| level::of_word(&text).unwrap_or(Severity { number: 0, text })),
    }
}

fn take_trace(fields: &mut Fields) -> TraceContext {
    let own = TraceContext {
        trace_id: take(fields, &TRACE_ID, |value| value.as_text().and_then(trace_context::id)),
        span_id: take(fields, &SPAN_ID, |value| value.as_text().and_then(trace_context::id)),
        flags: take(fields, &FLAGS, trace_context::flags),
    };
    let parent = take(fields, &TRACEPARENT, |value| value.as_text().and_then(trace_context::traceparent));
    own.or(parent.unwrap_or_default()).or(of_spans(fields))
}

/// tracing-subscriber's `span` and `spans`, innermost last, may hold the ids as fields.
fn of_spans(fields: &Fields) -> TraceContext {
    let mut context = TraceContext::default();
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("span", Json::Map(span)) => context = context.or(TraceContext::peek(span)),
            ("spans", Json::List(spans)) => {
                for span in spans.iter().rev() {
                    if let Json::Map(span) = span {
                        context = context.or(TraceContext::peek(span));
                    }
                }
            }
            _ => {}
        }
    }
    context
}
