//! `ExportLogsServiceRequest` → a batch of log records.

use super::check::{self, ItemError};
use super::walk::{Items, settle, walk};
use crate::decode::{DecodeError, Decoded, Tally};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::logs::{BodyKind, LogRow, LogsBuilder};
use ocelli_signal::value_text::write_json_text;
use ocelli_signal::wire::{Field, Reader, Writer};
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

impl LogItems<'_> {
    fn record(&mut self, message: &[u8], tally: &mut Tally) -> Result<(), ItemError> {
        self.attributes.clear();
        self.body_text.clear();
        let mut row = LogRow::default();
        let mut body = AnyValue::Empty;
        let (mut time, mut observed) = (0, 0);
        let (mut trace_id, mut span_id) = (&[][..], &[][..]);
        let mut attributes = 0;
        // A broken item must not hide that the body is broken: the first fault is kept until the end.
        let mut fault = None;
        for field in Reader::new(message) {
            let (number, field) = field?;
            let step = match number {
                1 => done(time = field.u64()),
                2 => done(row.severity_number = field.i32()),
                3 => field.str().map(|text| row.severity_text = text),
                5 => read_body(field).map(|value| body = value),
                6 => {
                    attributes += 1;
                    check::copy_pair(field, &mut self.attributes)
                }
                7 => done(row.dropped_attributes_count = field.u32()),
                8 => done(row.flags = field.u32()),
                9 => done(trace_id = field.bytes()),
                10 => done(span_id = field.bytes()),
                11 => done(observed = field.u64()),
                12 => field.str().map(|text| row.event_name = text),
                _ => Ok(()),
            };
            match step.map_err(ItemError::from) {
                Ok(()) => {}
                Err(ItemError::Rejected(reason)) => fault = fault.or(Some(reason)),
                Err(fatal) => return Err(fatal),
            }
        }
        if let Some(reason) = fault {
            return Err(reason.into());
        }
        if attributes > self.limits.attributes {
            return Err(Rejection::TooManyAttributes.into());
        }
        row.observed_time = check::time(observed)?;
        row.time_given = time != 0;
        row.time = match (check::time(time)?, row.observed_time) {
            (0, 0) => self.now_ns,
            (0, observed) => observed,
            (time, _) => time,
        };
        (row.trace_id, row.span_id) = (id_or_none(trace_id, tally), id_or_none(span_id, tally));
        (row.body_kind, row.body) = match body {
            AnyValue::Empty => (BodyKind::Empty, ""),
            AnyValue::String(text) => (BodyKind::String, text),
            other => {
                write_json_text(&other, &mut self.body_text);
                (BodyKind::Other, self.body_text.as_str())
            }
        };
        row.attributes = self.attributes.as_bytes();
        self.builder.push(&row);
        Ok(())
    }
}

/// A step that can't fail.
fn done(_: ()) -> Result<(), WireError> {
    Ok(())
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
