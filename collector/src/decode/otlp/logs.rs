//! `ExportLogsServiceRequest` → a batch of log records.

use super::check::{self, ItemError};
use super::walk::{Items, settle, walk};
use crate::decode::{DecodeError, Decoded, Tally};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::logs::{BodyKind, LogRow, LogsBuilder};
use ocelli_signal::value_text::write_json_text;
use ocelli_signal::wire::{Field, Writer};
use ocelli_signal::{AnyValue, Batch, Signal, WireError};

/// Decodes a request. `now_ns` is the time of a record that has none.
pub fn decode(body: &[u8], now_ns: i64, limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let mut items = LogItems {
        builder: LogsBuilder::new(),
        limits,
        now_ns,
        attributes: Writer::new(),
        body_text: String::new(),
    };
    let tally = walk(body, &mut items, limits)?;
    Ok(Decoded { batch: Batch { signal: Signal::Logs, rows: items.builder.finish() }, tally })
}

struct LogItems<'a> {
    builder: LogsBuilder,
    limits: &'a DecodeLimits,
    now_ns: i64,
    // Buffers that every record uses again.
    attributes: Writer,
    body_text: String,
}

impl Items for LogItems<'_> {
    const SIGNAL: Signal = Signal::Logs;

    fn set_resource(&mut self, resource: &[u8]) {
        self.builder.set_resource(resource);
    }

    fn set_scope(&mut self, scope: &[u8]) {
        self.builder.set_scope(scope);
    }

    fn push(&mut self, message: &[u8], tally: &mut Tally) -> Result<(), DecodeError> {
        tally.receive(1);
        let result = self.record(message, tally);
        settle(result, tally)
    }

    fn count(_: &[u8]) -> Result<u64, WireError> {
        Ok(1)
    }
}

/// A record while it is read.
struct Draft<'m> {
    row: LogRow<'m>,
    body: AnyValue<'m>,
    trace_id: &'m [u8],
    span_id: &'m [u8],
    attributes: usize,
}

impl LogItems<'_> {
    fn record(&mut self, message: &[u8], tally: &mut Tally) -> Result<(), ItemError> {
        self.attributes.clear();
        self.body_text.clear();
        let mut draft = Draft {
            row: LogRow::default(),
            body: AnyValue::Empty,
            trace_id: &[],
            span_id: &[],
            attributes: 0,
        };
        check::each_field(message, |number, field, _| self.field(number, field, &mut draft))?;
        if draft.attributes > self.limits.attributes {
            return Err(Rejection::TooManyAttributes.into());
        }
        let time_given = draft.row.time != 0;
        let times = [draft.row.time, draft.row.observed_time, self.now_ns];
        let (body_kind, body) = match draft.body {
            AnyValue::Empty => (BodyKind::Empty, ""),
            AnyValue::String(text) => (BodyKind::String, text),
            other => {
                write_json_text(&other, &mut self.body_text);
                (BodyKind::Other, self.body_text.as_str())
            }
        };
        self.builder.push(&LogRow {
            time: times.into_iter().find(|time| *time != 0).unwrap_or(0),
            time_given,
            body,
            body_kind,
            attributes: self.attributes.as_bytes(),
            trace_id: id_or_none(draft.trace_id, tally),
            span_id: id_or_none(draft.span_id, tally),
            ..draft.row
        });
        Ok(())
    }

    fn field<'m>(&mut self, number: u32, field: Field<'m>, draft: &mut Draft<'m>) -> Result<(), ItemError> {
        match number {
            1 => draft.row.time = check::time(field.u64())?,
            2 => draft.row.severity_number = field.i32(),
            3 => draft.row.severity_text = field.str()?,
            5 => draft.body = read_body(field)?,
            6 => {
                draft.attributes += 1;
                check::copy_pair(field, &mut self.attributes)?;
            }
            7 => draft.row.dropped_attributes_count = field.u32(),
            8 => draft.row.flags = field.u32(),
            9 => draft.trace_id = field.bytes(),
            10 => draft.span_id = field.bytes(),
            11 => draft.row.observed_time = check::time(field.u64())?,
            12 => draft.row.event_name = field.str()?,
            _ => {}
        }
        Ok(())
    }
}

fn read_body(field: Field<'_>) -> Result<AnyValue<'_>, WireError> {
    let value = AnyValue::parse(field.bytes())?;
    value.validate()?;
    Ok(value)
}

/// An id that is none means, says `logs.proto`, that the record belongs to no trace; the sender is told.
fn id_or_none<const N: usize>(bytes: &[u8], tally: &mut Tally) -> Option<[u8; N]> {
    check::optional_id(bytes, Rejection::InvalidTraceId).unwrap_or_else(|_| {
        tally.clear_id();
        None
    })
}
