//! `ExportTraceServiceRequest` → a batch of spans.

use super::check::{self, EVENT, ItemError, LINK};
use super::walk::{Items, settle, walk};
use crate::decode::{DecodeError, Decoded, Tally};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::wire::{Field, Reader, Writer};
use ocelli_signal::{Batch, Signal, WireError};

/// Decodes a request.
pub fn decode(body: &[u8], limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    let mut items = SpanItems {
        builder: SpansBuilder::new(),
        limits,
        attributes: Writer::new(),
        events: Writer::new(),
        links: Writer::new(),
    };
    let tally = walk(body, &mut items, limits)?;
    Ok(Decoded { batch: Batch { signal: Signal::Spans, rows: items.builder.finish() }, tally })
}

struct SpanItems<'a> {
    builder: SpansBuilder,
    limits: &'a DecodeLimits,
    // Buffers that every span uses again.
    attributes: Writer,
    events: Writer,
    links: Writer,
}

impl Items for SpanItems<'_> {
    const SIGNAL: Signal = Signal::Spans;

    fn set_resource(&mut self, resource: &[u8]) {
        self.builder.set_resource(resource);
    }

    fn set_scope(&mut self, scope: &[u8]) {
        self.builder.set_scope(scope);
    }

    fn push(&mut self, message: &[u8], tally: &mut Tally) -> Result<(), DecodeError> {
        tally.receive(1);
        settle(self.span(message), tally)
    }

    fn count(_: &[u8]) -> Result<u64, WireError> {
        Ok(1)
    }
}

/// A span while it is read.
#[derive(Default)]
struct Draft<'m> {
    row: SpanRow<'m>,
    trace_id: &'m [u8],
    span_id: &'m [u8],
    parent_span_id: &'m [u8],
    attributes: usize,
    events: usize,
    links: usize,
}

impl SpanItems<'_> {
    fn span(&mut self, message: &[u8]) -> Result<(), ItemError> {
        self.attributes.clear();
        self.events.clear();
        self.links.clear();
        let mut draft = Draft::default();
        check::each_field(message, |number, field, _| self.field(number, field, &mut draft))?;
        if draft.attributes > self.limits.attributes {
            return Err(Rejection::TooManyAttributes.into());
        }
        if draft.events.max(draft.links) > self.limits.parts {
            return Err(Rejection::TooManyParts.into());
        }
        self.builder.push(&SpanRow {
            trace_id: check::id(draft.trace_id, Rejection::InvalidTraceId)?,
            span_id: check::id(draft.span_id, Rejection::InvalidSpanId)?,
            parent_span_id: check::optional_id(draft.parent_span_id, Rejection::InvalidParentSpanId)?,
            attributes: self.attributes.as_bytes(),
            events: self.events.as_bytes(),
            links: self.links.as_bytes(),
            ..draft.row
        });
        Ok(())
    }

    fn field<'m>(&mut self, number: u32, field: Field<'m>, draft: &mut Draft<'m>) -> Result<(), ItemError> {
        match number {
            1 => draft.trace_id = field.bytes(),
            2 => draft.span_id = field.bytes(),
            3 => draft.row.trace_state = field.str()?,
            4 => draft.parent_span_id = field.bytes(),
            5 => draft.row.name = field.str()?,
            6 => draft.row.kind = field.i32(),
            7 => draft.row.start_time = check::time(field.u64())?,
            8 => draft.row.end_time = check::time(field.u64())?,
            9 => {
                draft.attributes += 1;
                check::copy_pair(field, &mut self.attributes)?;
            }
            10 => draft.row.dropped_attributes_count = field.u32(),
            11 => {
                draft.events += 1;
                check::message(field.bytes(), &EVENT, self.limits)?;
                self.events.put_bytes_always(1, field.bytes());
            }
            12 => draft.row.dropped_events_count = field.u32(),
            13 => {
                draft.links += 1;
                check::message(field.bytes(), &LINK, self.limits)?;
                self.links.put_bytes_always(1, field.bytes());
            }
            14 => draft.row.dropped_links_count = field.u32(),
            15 => status(field.bytes(), &mut draft.row)?,
            16 => draft.row.flags = field.u32(),
            _ => {}
        }
        Ok(())
    }
}

/// The `Status` message of a span.
fn status<'a>(message: &'a [u8], row: &mut SpanRow<'a>) -> Result<(), ItemError> {
    for field in Reader::new(message) {
        match field? {
            (2, field) => row.status_message = field.str()?,
            (3, field) => row.status_code = field.i32(),
            _ => {}
        }
    }
    Ok(())
}
