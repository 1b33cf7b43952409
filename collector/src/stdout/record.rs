//! One log record on its way from a line to OTLP.

use super::json::{Json, put_pair};
use super::level::Severity;
use super::trace_context::TraceContext;
use ocelli_signal::wire::Writer;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The record's own time, in nanoseconds since the Unix epoch.
    pub time_ns: Option<i64>,
    /// When the line was read.
    pub observed_ns: i64,
    pub severity: Option<Severity>,
    pub body: String,
    pub attributes: Vec<(String, Json)>,
    pub trace: TraceContext,
}

impl Record {
    /// Appends the fields of a `LogRecord`.
    pub fn encode(&self, out: &mut Writer) {
        out.put_fixed64(1, self.time_ns.unwrap_or(0) as u64);
        if let Some(severity) = &self.severity {
            out.put_int(2, i64::from(severity.number));
            out.put_bytes(3, severity.text.as_bytes());
        }
        out.put_message(5, |body| body.put_bytes_always(1, self.body.as_bytes()));
        self.attributes.iter().for_each(|(key, value)| put_pair(out, 6, key, value));
        out.put_fixed32(8, self.trace.flags.unwrap_or(0));
        out.put_bytes(9, self.trace.trace_id.as_ref().map_or(&[], |id| &id[..]));
        out.put_bytes(10, self.trace.span_id.as_ref().map_or(&[], |id| &id[..]));
        out.put_fixed64(11, self.observed_ns as u64);
    }
}
