//! Log events as JSON lines: the shape of tracing-subscriber's `json` format, with the trace at the
//! top level where log collectors look for it.
//!
//! ```json
//! {"timestamp":"2026-11-21T09:30:00.123456Z","level":"WARN","fields":{"message":"card declined","order_id":5001},
//!  "target":"payment","trace_id":"0af7…","span_id":"b7ad…","trace_flags":"01"}
//! ```
//!
//! The list of enclosing spans that the original writes into every line is left out: the span id leads
//! to them, with their times.

use std::{fmt, io::Write, sync::OnceLock};

use opentelemetry::{
    Context as OtelContext,
    trace::{SpanContext, TraceContextExt},
};
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{
    Dispatch, Event, Subscriber,
    dispatcher::WeakDispatch,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    fmt::{
        MakeWriter,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::Context,
    registry::LookupSpan,
};

/// Writes every event as one line, in one `write`.
pub(crate) struct LogLines<W> {
    writer: W,
    /// Needed to ask the OpenTelemetry layer for the ids of a span; known once the subscriber is built.
    dispatch: OnceLock<WeakDispatch>,
}

impl<W> LogLines<W> {
    pub(crate) fn new(writer: W) -> Self {
        LogLines { writer, dispatch: OnceLock::new() }
    }

    /// The span that an event belongs to: the tracing span around it, else one that code has made
    /// active through the OpenTelemetry API.
    fn span_context<S>(&self, event: &Event<'_>, context: &Context<'_, S>) -> SpanContext
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let of_span = context.event_span(event).and_then(|span| {
            let dispatch = self.dispatch.get()?.upgrade()?;
            tracing_opentelemetry::get_otel_context(&span.id(), &dispatch)
        });
        of_span.unwrap_or_else(OtelContext::current).span().span_context().clone()
    }
}

impl<S, W> Layer<S> for LogLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        // Set once: a layer belongs to one subscriber.
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let span = self.span_context(event, &context);
        let timestamp = now();
        let line = Line::new(&timestamp, event, fields.0, &span);
        let Ok(mut text) = serde_json::to_vec(&line) else { return };
        text.push(b'\n');
        // A log line that can't be written has nowhere to be reported.
        let _ = self.writer.make_writer_for(event.metadata()).write_all(&text);
    }
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: &'a str,
    level: &'a str,
    fields: Map<String, Value>,
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_flags: Option<String>,
}

impl<'a> Line<'a> {
    fn new(timestamp: &'a str, event: &'a Event<'_>, fields: Map<String, Value>, span: &SpanContext) -> Self {
        let in_trace = span.is_valid();
        Line {
            timestamp,
            level: event.metadata().level().as_str(),
            fields,
            target: event.metadata().target(),
            trace_id: in_trace.then(|| span.trace_id().to_string()),
            span_id: in_trace.then(|| span.span_id().to_string()),
            trace_flags: in_trace.then(|| format!("{:02x}", span.trace_flags().to_u8())),
        }
    }
}

/// RFC 3339 in UTC with microseconds; empty if the clock can't be formatted.
fn now() -> String {
    let mut text = String::with_capacity(27);
    match SystemTime.format_time(&mut Writer::new(&mut text)) {
        Ok(()) => text,
        Err(fmt::Error) => String::new(),
    }
}

/// The fields of an event with their types; what JSON can't hold becomes a string.
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        // `r#type` is how a Rust field named `type` is written.
        let name = field.name();
        self.0.insert(name.strip_prefix("r#").unwrap_or(name).to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() { self.put(field, value) } else { self.put(field, value.to_string()) }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, value.to_string());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, value.to_string());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::Recorder;

    #[test]
    fn a_line_keeps_types_and_names_its_span() {
        let recorder = Recorder::new();
        recorder.run(|| {
            let span = tracing::info_span!("checkout");
            span.in_scope(|| {
                tracing::warn!(target: "payment", order_id = 5001, retry = true, share = 0.5, r#type = "card", "card {}", "declined");
            });
        });
        let line = recorder.log_lines().remove(0);
        let expected = json!({"message": "card declined", "order_id": 5001, "retry": true, "share": 0.5, "type": "card"});
        assert_eq!(line["fields"], expected);
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["target"], "payment");
        let span = recorder.spans().remove(0);
        assert_eq!(line["trace_id"], span.span_context.trace_id().to_string());
        assert_eq!(line["span_id"], span.span_context.span_id().to_string());
        assert_eq!(line["trace_flags"], "01");
        let timestamp = line["timestamp"].as_str().unwrap();
        assert!(timestamp.len() == 27 && timestamp.ends_with('Z'), "RFC 3339 in UTC: {timestamp}");
    }

    #[test]
    fn a_line_outside_of_any_span_has_no_ids() {
        let recorder = Recorder::new();
        recorder.run(|| tracing::info!(ratio = f64::NAN, "started"));
        let line = recorder.log_lines().remove(0);
        assert_eq!(line["fields"], json!({"message": "started", "ratio": "NaN"}));
        assert!(line.get("trace_id").is_none() && line.get("span_id").is_none());
    }

    #[test]
    fn an_event_with_an_explicit_parent_belongs_to_it() {
        let recorder = Recorder::new();
        recorder.run(|| {
            let span = tracing::info_span!("worker");
            tracing::info!(parent: &span, "from elsewhere");
        });
        let span = recorder.spans().remove(0);
        assert_eq!(recorder.log_lines()[0]["span_id"], span.span_context.span_id().to_string());
    }

    #[test]
    fn a_filter_of_log_levels_takes_no_ids_away() {
        let recorder = Recorder::with_log_filter("warn");
        recorder.run(|| {
            tracing::info_span!("quiet").in_scope(|| {
                tracing::info!("not written");
                tracing::error!("written");
            });
        });
        let lines = recorder.log_lines();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["fields"]["message"], "written");
        assert!(lines[0]["span_id"].is_string());
    }
}
