//! What is checked of every item, and what a failed check means.

use crate::decode::DecodeError;
use crate::limits::DecodeLimits;
use crate::reason::Rejection;
use ocelli_signal::wire::{Field, Reader, Writer};
use ocelli_signal::{AnyValue, WireError};

/// A failed check: of the item alone, or of the whole body.
#[derive(Debug)]
pub enum ItemError {
    Rejected(Rejection),
    Fatal(DecodeError),
}

impl From<Rejection> for ItemError {
    fn from(reason: Rejection) -> ItemError {
        ItemError::Rejected(reason)
    }
}

impl From<DecodeError> for ItemError {
    fn from(error: DecodeError) -> ItemError {
        ItemError::Fatal(error)
    }
}

/// Bad text and deep nesting concern one item; broken framing makes all that follows doubtful.
impl From<WireError> for ItemError {
    fn from(error: WireError) -> ItemError {
        match error {
            WireError::NotUtf8 => ItemError::Rejected(Rejection::InvalidUtf8),
            WireError::TooDeep { .. } => ItemError::Rejected(Rejection::ValueTooDeep),
            framing => ItemError::Fatal(framing.into()),
        }
    }
}

/// Reads every field of an item, with its raw bytes. The first rejection is kept until the end: a bad
/// item must not hide that the body after it is broken.
pub fn each_field<'m>(
    message: &'m [u8],
    mut read: impl FnMut(u32, Field<'m>, &'m [u8]) -> Result<(), ItemError>,
) -> Result<(), ItemError> {
    let mut rejection = None;
    let mut fields = Reader::new(message);
    let mut rest = message;
    while let Some(field) = fields.next() {
        let (number, field) = field?;
        let raw = &rest[..rest.len() - fields.rest().len()];
        rest = fields.rest();
        match read(number, field, raw) {
            Ok(()) => {}
            Err(ItemError::Rejected(reason)) => rejection = rejection.or(Some(reason)),
            Err(fatal) => return Err(fatal),
        }
    }
    rejection.map_or(Ok(()), |reason| Err(reason.into()))
}

/// Nanoseconds as the batches carry them.
pub fn time(nanos: u64) -> Result<i64, Rejection> {
    i64::try_from(nanos).map_err(|_| Rejection::InvalidTime)
}

/// An id that must be there.
pub fn id<const N: usize>(bytes: &[u8], reason: Rejection) -> Result<[u8; N], Rejection> {
    let id: [u8; N] = bytes.try_into().map_err(|_| reason)?;
    if id == [0; N] { Err(reason) } else { Ok(id) }
}

/// An id that may be absent, which is empty or all zero.
pub fn optional_id<const N: usize>(bytes: &[u8], reason: Rejection) -> Result<Option<[u8; N]>, Rejection> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let id: [u8; N] = bytes.try_into().map_err(|_| reason)?;
    Ok((id != [0; N]).then_some(id))
}

/// Checks one `KeyValue` and returns its key.
pub fn key_value(pair: &[u8]) -> Result<&str, WireError> {
    let mut key = "";
    for field in Reader::new(pair) {
        match field? {
            (1, field) => key = field.str()?,
            (2, field) => AnyValue::parse(field.bytes())?.validate()?,
            _ => {}
        }
    }
    Ok(key)
}

/// Checks a `KeyValue` and appends it as field 1: the form of an `attributes` column.
pub fn copy_pair(pair: Field<'_>, out: &mut Writer) -> Result<(), WireError> {
    key_value(pair.bytes())?;
    out.put_bytes_always(1, pair.bytes());
    Ok(())
}

/// Which fields of a message are text, and which one is a list of attributes.
pub struct Shape {
    pub texts: &'static [u32],
    pub attributes: u32,
}

pub const RESOURCE: Shape = Shape { texts: &[], attributes: 1 };
pub const SCOPE: Shape = Shape { texts: &[1, 2], attributes: 3 };
pub const EVENT: Shape = Shape { texts: &[2], attributes: 3 };
pub const LINK: Shape = Shape { texts: &[3], attributes: 4 };
pub const EXEMPLAR: Shape = Shape { texts: &[], attributes: 7 };

/// Checks the texts and attributes of a message that is kept as it is.
pub fn message(bytes: &[u8], shape: &Shape, limits: &DecodeLimits) -> Result<(), ItemError> {
    let mut attributes = 0;
    for field in Reader::new(bytes) {
        let (number, field) = field?;
        if number == shape.attributes {
            key_value(field.bytes())?;
            attributes += 1;
        } else if shape.texts.contains(&number) {
            field.str()?;
        }
    }
    if attributes > limits.attributes { Err(Rejection::TooManyAttributes.into()) } else { Ok(()) }
}
