//! `ExportTraceServiceRequest` → a batch of spans.

use super::check::{self, EVENT, ItemError, LINK};
use super::walk::{Items, settle, walk};
use crate::decode::{DecodeError, Decoded, Tally};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::wire::{Reader, Writer};
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

impl SpanItems<'_> {
    fn span(&mut self, message: &[u8]) -> Result<(), ItemError> {
        self.attributes.clear();
        self.events.clear();
        self.links.clear();
        let mut row = SpanRow::default();
        let (mut trace_id, mut span_id, mut parent) = (&[][..], &[][..], &[][..]);
        let (mut attributes, mut events, mut links) = (0, 0, 0);
        // A broken item must not hide that the body is broken: the first fault is kept until the end.
        let mut fault = None;
        for field in Reader::new(message) {
            let (number, field) = field?;
            let step = match number {
                1 => done(trace_id = field.bytes()),
                2 => done(span_id = field.bytes()),
                3 => field.str().map(|text| row.trace_state = text).map_err(ItemError::from),
                4 => done(parent = field.bytes()),
                5 => field.str().map(|text| row.name = text).map_err(ItemError::from),
                6 => done(row.kind = field.i32()),
                7 => check::time(field.u64()).map(|time| row.start_time = time).map_err(ItemError::from),
                8 => check::time(field.u64()).map(|time| row.end_time = time).map_err(ItemError::from),
                9 => {
                    attributes += 1;
                    check::copy_pair(field, &mut self.attributes).map_err(ItemError::from)
                }
                10 => done(row.dropped_attributes_count = field.u32()),
                11 => {
                    events += 1;
                    self.events.put_bytes_always(1, field.bytes());
                    check::message(field.bytes(), &EVENT, self.limits)
                }
                12 => done(row.dropped_events_count = field.u32()),
                13 => {
                    links += 1;
                    self.links.put_bytes_always(1, field.bytes());
                    check::message(field.bytes(), &LINK, self.limits)
                }
                14 => done(row.dropped_links_count = field.u32()),
                15 => status(field.bytes(), &mut row),
                16 => done(row.flags = field.u32()),
                _ => Ok(()),
            };
            match step {
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
        if events.max(links) > self.limits.parts {
            return Err(Rejection::TooManyParts.into());
        }
        row.trace_id = check::id(trace_id, Rejection::InvalidTraceId)?;
        row.span_id = check::id(span_id, Rejection::InvalidSpanId)?;
        row.parent_span_id = check::optional_id(parent, Rejection::InvalidParentSpanId)?;
        row.attributes = self.attributes.as_bytes();
        row.events = self.events.as_bytes();
        row.links = self.links.as_bytes();
        self.builder.push(&row);
        Ok(())
    }
}

/// A step that can't fail.
fn done(_: ()) -> Result<(), ItemError> {
    Ok(())
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
