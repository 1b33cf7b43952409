//! Events, links and exemplars: lists of messages inside one `Binary` value, each as field 1.

use crate::attributes::Attributes;
use crate::error::WireError;
use crate::wire::{Field, Reader};

/// A `Span.Event`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    pub time_ns: u64,
    pub name: &'a str,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
}

impl<'a> Event<'a> {
    pub fn parse(message: &'a [u8]) -> Result<Event<'a>, WireError> {
        let mut event = Event { attributes: Attributes::new(message, 3), ..Event::default() };
        for field in Reader::new(message) {
            match field? {
                (1, field) => event.time_ns = field.u64(),
                (2, field) => event.name = field.str()?,
                (4, field) => event.dropped_attributes_count = field.u32(),
                _ => {}
            }
        }
        Ok(event)
    }
}

/// A `Span.Link`. Ids are as long as they were sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Link<'a> {
    pub trace_id: &'a [u8],
    pub span_id: &'a [u8],
    pub trace_state: &'a str,
    pub attributes: Attributes<'a>,
    pub dropped_attributes_count: u32,
    pub flags: u32,
}

impl<'a> Link<'a> {
    pub fn parse(message: &'a [u8]) -> Result<Link<'a>, WireError> {
        let mut link = Link { attributes: Attributes::new(message, 4), ..Link::default() };
        for field in Reader::new(message) {
            match field? {
                (1, field) => link.trace_id = field.bytes(),
                (2, field) => link.span_id = field.bytes(),
                (3, field) => link.trace_state = field.str()?,
                (5, field) => link.dropped_attributes_count = field.u32(),
                (6, field) => link.flags = field.u32(),
                _ => {}
            }
        }
        Ok(link)
    }
}

/// A number that OTLP carries as one of two types.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Int(i64),
    Double(f64),
}

impl Number {
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Double(n) => n,
        }
    }
}

/// An `Exemplar`. Ids are empty when the measurement belongs to no trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exemplar<'a> {
    pub time_ns: u64,
    pub value: Option<Number>,
    pub trace_id: &'a [u8],
    pub span_id: &'a [u8],
    pub filtered_attributes: Attributes<'a>,
}

impl<'a> Exemplar<'a> {
    pub fn parse(message: &'a [u8]) -> Result<Exemplar<'a>, WireError> {
        let mut exemplar =
            Exemplar { filtered_attributes: Attributes::new(message, 7), ..Exemplar::default() };
        for field in Reader::new(message) {
            match field? {
                (2, field) => exemplar.time_ns = field.u64(),
                (3, field) => exemplar.value = Some(Number::Double(field.f64())),
                (4, field) => exemplar.span_id = field.bytes(),
                (5, field) => exemplar.trace_id = field.bytes(),
                (6, field) => exemplar.value = Some(Number::Int(field.i64())),
                _ => {}
            }
        }
        Ok(exemplar)
    }
}

/// The messages of a list column, in the order sent.
pub fn iter_messages(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    Reader::new(list).filter_map(|field| match field {
        Ok((1, Field::Bytes(message))) => Some(message),
        _ => None,
    })
}

/// The events of an `events` value, which was validated at ingest.
pub fn iter_events(list: &[u8]) -> impl Iterator<Item = Event<'_>> {
    iter_messages(list).filter_map(|message| Event::parse(message).ok())
}

/// The links of a `links` value, which was validated at ingest.
pub fn iter_links(list: &[u8]) -> impl Iterator<Item = Link<'_>> {
    iter_messages(list).filter_map(|message| Link::parse(message).ok())
}

/// The exemplars of an `exemplars` value, which was validated at ingest.
pub fn iter_exemplars(list: &[u8]) -> impl Iterator<Item = Exemplar<'_>> {
    iter_messages(list).filter_map(|message| Exemplar::parse(message).ok())
}
