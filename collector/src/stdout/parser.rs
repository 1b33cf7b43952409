//! Lines in, OTLP requests out.

use super::json::Json;
use super::record::Record;
use super::stack::Stack;
use super::{plain, shapes, text};
use crate::limits::LineLimits;
use ocelli_signal::AnyValue;
use ocelli_signal::attributes;
use ocelli_signal::wire::Writer;

/// Where a line was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    fn as_str(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// Makes log records out of what one process prints. Times are nanoseconds since the Unix epoch.
pub struct LineParser {
    limits: LineLimits,
    /// The fields of the `Resource` message.
    resource: Writer,
    stdout: Reading,
    stderr: Reading,
    /// `LogRecord`s as field 2: those of a `ScopeLogs` message.
    ready: Writer,
    ready_records: usize,
}

/// What is unfinished on one stream.
#[derive(Default)]
struct Reading {
    /// A line whose end has not come.
    line: Vec<u8>,
    /// Parts of that line that were taken already, because it is too long for one record.
    parts: i64,
    pending: Option<Pending>,
}

/// A record that may get more lines.
struct Pending {
    record: Record,
    stack: Stack,
    until_ns: i64,
}

impl LineParser {
    /// `service` becomes `service.name`.
    pub fn new(service: &str) -> LineParser {
        LineParser {
            limits: LineLimits::default(),
            resource: Writer::new(),
            stdout: Reading::default(),
            stderr: Reading::default(),
            ready: Writer::new(),
            ready_records: 0,
        }
        .with_resource("service.name", AnyValue::String(service))
    }

    /// One more attribute of the resource, such as `host.name` or `process.pid`.
    pub fn with_resource(mut self, key: &str, value: AnyValue<'_>) -> LineParser {
        attributes::put_pair(&mut self.resource, 1, key, &value);
        self
    }

    pub fn with_limits(self, limits: LineLimits) -> LineParser {
        LineParser { limits, ..self }
    }

    /// Takes in what was read from a stream, wherever it is cut.
    pub fn push_bytes(&mut self, mut bytes: &[u8], stream: Stream, now_ns: i64) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend_line(&bytes[..end], stream, now_ns);
            self.end_line(stream, now_ns);
            bytes = &bytes[end + 1..];
        }
        self.extend_line(bytes, stream, now_ns);
    }

    /// Takes in one line, with or without its line feed.
    pub fn push_line(&mut self, line: &[u8], stream: Stream, now_ns: i64) {
        self.extend_line(line.strip_suffix(b"\n").unwrap_or(line), stream, now_ns);
        self.end_line(stream, now_ns);
    }

    fn extend_line(&mut self, mut bytes: &[u8], stream: Stream, now_ns: i64) {
        let limit = self.limits.line_bytes;
        loop {
            let room = limit - self.reading(stream).line.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.reading(stream).line.extend_from_slice(now);
            if later.is_empty() {
                return;
            }
            self.take_part(stream, now_ns);
            bytes = later;
        }
    }

    /// A piece of a line that is too long; the cut is moved to the start of a character.
    fn take_part(&mut self, stream: Stream, now_ns: i64) {
        let reading = self.reading(stream);
        let mut part = std::mem::take(&mut reading.line);
        let whole = match std::str::from_utf8(&part) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => part.len(),
        };
        reading.line = part.split_off(whole);
        reading.parts += 1;
        let number = reading.parts;
        self.plain_record(text::visible(&part), Some(number), stream, now_ns);
        self.finish_pending(stream);
    }

    fn end_line(&mut self, stream: Stream, now_ns: i64) {
        let reading = self.reading(stream);
        let line = std::mem::take(&mut reading.line);
        let parts = std::mem::take(&mut reading.parts);
        let line = text::visible(line.strip_suffix(b"\r").unwrap_or(&line));
        if parts > 0 {
            self.plain_record(line, Some(parts + 1), stream, now_ns);
            self.finish_pending(stream);
            return;
        }
        if let Some(fields) = Json::parse_object(&line) {
            self.finish_pending(stream);
            self.wait(shapes::read(fields, &line, now_ns), Stack::default(), stream, now_ns);
            return;
        }
        let line = text::unpainted(line);
        if !self.join(&line, stream, now_ns) && !line.trim().is_empty() {
            self.plain_record(line, None, stream, now_ns);
        }
    }

    fn plain_record(&mut self, line: String, part: Option<i64>, stream: Stream, now_ns: i64) {
        self.finish_pending(stream);
        let stack = Stack::begin(&line);
        let mut record = plain::read(line, now_ns);
        if let Some(part) = part {
            record.attributes.push(("log.record.part".into(), Json::Int(part)));
        }
        self.wait(record, stack, stream, now_ns);
    }

    fn wait(&mut self, mut record: Record, stack: Stack, stream: Stream, now_ns: i64) {
        record.attributes.push(("log.iostream".into(), Json::Text(stream.as_str().into())));
        let until_ns = self.patience_until(now_ns);
        self.reading(stream).pending = Some(Pending { record, stack, until_ns });
    }

    /// Adds the line to the record before it, if it is part of its stack trace.
    fn join(&mut self, line: &str, stream: Stream, now_ns: i64) -> bool {
        let until_ns = self.patience_until(now_ns);
        let limit = self.limits.joined_bytes;
        let Some(pending) = &mut self.reading(stream).pending else { return false };
        let body = &mut pending.record.body;
        let joins = pending.stack.joins(line) && body.len() + 1 + line.len() <= limit;
        if joins {
            body.push('\n');
            body.push_str(line);
            pending.until_ns = until_ns;
        }
        joins
    }

    fn patience_until(&self, now_ns: i64) -> i64 {
        now_ns.saturating_add(i64::try_from(self.limits.join_within.as_nanos()).unwrap_or(i64::MAX))
    }

    fn reading(&mut self, stream: Stream) -> &mut Reading {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }

    fn finish_pending(&mut self, stream: Stream) {
        if let Some(Pending { mut record, .. }) = self.reading(stream).pending.take() {
            let body = record.body.trim_end().len();
            record.body.truncate(body);
            self.ready.put_message(2, |message| record.encode(message));
            self.ready_records += 1;
        }
    }

    /// When to call [`LineParser::finish_due`]: the time until which a record waits for more lines.
    pub fn deadline(&self) -> Option<i64> {
        let pending = [&self.stdout.pending, &self.stderr.pending];
        pending.into_iter().flatten().map(|pending| pending.until_ns).min()
    }

    /// Ends the records that have waited long enough.
    pub fn finish_due(&mut self, now_ns: i64) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            if self.reading(stream).pending.as_ref().is_some_and(|pending| pending.until_ns <= now_ns) {
                self.finish_pending(stream);
            }
        }
    }

    /// The streams have ended: so have the last line and the last record.
    pub fn finish(&mut self, now_ns: i64) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            if !self.reading(stream).line.is_empty() {
                self.end_line(stream, now_ns);
            }
            self.finish_pending(stream);
        }
    }

    /// Records that the next request will hold.
    pub fn ready_records(&self) -> usize {
        self.ready_records
    }

    /// About how large the next request will be.
    pub fn ready_bytes(&self) -> usize {
        self.ready.as_bytes().len()
    }

    /// The finished records as the bytes of an `ExportLogsServiceRequest`; `None` when there are none.
    pub fn take_request(&mut self) -> Option<Vec<u8>> {
        if self.ready.is_empty() {
            return None;
        }
        let records = std::mem::take(&mut self.ready);
        self.ready_records = 0;
        let mut request = Writer::new();
        request.put_message(1, |resource_logs| {
            resource_logs.put_bytes_always(1, self.resource.as_bytes());
            resource_logs.put_message(2, |scope_logs| {
                scope_logs.put_message(1, |scope| scope.put_bytes(1, b"ocelli.stdout"));
                scope_logs.put_raw(records.as_bytes());
            });
        });
        Some(request.into_bytes())
    }
}
