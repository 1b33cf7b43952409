//! The envelope that all three signals share: a request holds resources, a resource holds scopes, a
//! scope holds items. The field numbers are the same in all three.

use super::check::{self, ItemError, RESOURCE, SCOPE, Shape};
use crate::decode::{DecodeError, Tally};
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::wire::{Field, Reader, Writer};
use ocelli_signal::{Signal, WireError};

/// What takes in the items of one signal.
pub trait Items {
    const SIGNAL: Signal;

    /// The resource of the items to come, in the form of its column.
    fn set_resource(&mut self, resource: &[u8]);

    /// The scope of the items to come, in the form of its column.
    fn set_scope(&mut self, scope: &[u8]);

    /// Takes in one element of a scope, and counts what it holds.
    fn push(&mut self, message: &[u8], tally: &mut Tally) -> Result<(), DecodeError>;

    /// How many items an element holds, to count those that fall with their envelope.
    fn count(message: &[u8]) -> Result<u64, WireError>;
}

/// Where a request's inner messages are; the numbers of `Resource…` and `Scope…` messages.
const ENVELOPE: u32 = 1;
const INNER: u32 = 2;
const SCHEMA_URL: u32 = 3;

/// Walks a whole request.
pub fn walk<I: Items>(body: &[u8], items: &mut I, limits: &DecodeLimits) -> Result<Tally, DecodeError> {
    let mut walker = Walker { items, limits, tally: Tally::default(), wrapper: Writer::new() };
    for field in Reader::new(body) {
        if let (1, Field::Bytes(resource)) = field? {
            walker.resource(resource)?;
        }
    }
    Ok(walker.tally)
}

struct Walker<'a, I> {
    items: &'a mut I,
    limits: &'a DecodeLimits,
    tally: Tally,
    wrapper: Writer,
}

impl<I: Items> Walker<'_, I> {
    fn resource(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        let fault = self.wrap(message, &RESOURCE)?;
        if fault.is_none() {
            self.items.set_resource(self.wrapper.as_bytes());
        }
        for field in Reader::new(message) {
            if let (INNER, Field::Bytes(scope)) = field? {
                self.scope(scope, fault)?;
            }
        }
        Ok(())
    }

    fn scope(&mut self, message: &[u8], resource_fault: Option<Rejection>) -> Result<(), DecodeError> {
        let fault = match resource_fault {
            Some(fault) => Some(fault),
            None => self.wrap(message, &SCOPE)?,
        };
        if fault.is_none() {
            self.items.set_scope(self.wrapper.as_bytes());
        }
        for field in Reader::new(message) {
            let (INNER, Field::Bytes(item)) = field? else { continue };
            match fault {
                Some(reason) => {
                    let count = I::count(item)?;
                    self.tally.receive(count);
                    self.tally.reject(reason, count);
                }
                None => self.items.push(item, &mut self.tally)?,
            }
            if self.tally.received() > self.limits.items {
                return Err(DecodeError::TooMany { limit: self.limits.items, what: I::SIGNAL.as_str() });
            }
        }
        Ok(())
    }

    /// Makes the column's value out of what is around the items. The schema URL comes after them on
    /// the wire. Tells why the items below can't be kept, if so.
    fn wrap(&mut self, message: &[u8], shape: &Shape) -> Result<Option<Rejection>, DecodeError> {
        let (mut inner, mut schema_url) = (&[][..], "");
        let mut fault = None;
        for field in Reader::new(message) {
            match field? {
                (ENVELOPE, field) => inner = field.bytes(),
                (SCHEMA_URL, field) => match field.str() {
                    Ok(url) => schema_url = url,
                    Err(_) => fault = Some(Rejection::InvalidUtf8),
                },
                _ => {}
            }
        }
        match check::message(inner, shape, self.limits) {
            Ok(()) => {}
            Err(ItemError::Rejected(reason)) => fault = Some(reason),
            Err(ItemError::Fatal(error)) => return Err(error),
        }
        self.wrapper.clear();
        self.wrapper.put_bytes(ENVELOPE, inner);
        self.wrapper.put_bytes(SCHEMA_URL, schema_url.as_bytes());
        Ok(fault)
    }
}

/// Enters what became of one item.
pub fn settle(result: Result<(), ItemError>, tally: &mut Tally) -> Result<(), DecodeError> {
    match result {
        Ok(()) => Ok(()),
        Err(ItemError::Rejected(reason)) => {
            tally.reject(reason, 1);
            Ok(())
        }
        Err(ItemError::Fatal(error)) => Err(error),
    }
}
