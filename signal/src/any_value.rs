//! One OTLP attribute value as a view of its bytes.

use crate::attributes::Attributes;
use crate::error::WireError;
use crate::wire::{Field, Reader, Writer};

/// How deep arrays and maps may nest. OTLP sets no bound; protobuf's own default is 100.
pub const MAX_DEPTH: usize = 64;

/// The `AnyValue` message. `Array` and `KvList` hold the bytes of the inner message, whose
/// elements are in field 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnyValue<'a> {
    Empty,
    String(&'a str),
    Bool(bool),
    Int(i64),
    Double(f64),
    Array(&'a [u8]),
    KvList(&'a [u8]),
    Bytes(&'a [u8]),
}

impl<'a> AnyValue<'a> {
    /// Reads the message; the last member of the `oneof` wins, as protobuf says. Elements of
    /// arrays and maps are not looked at: see [`AnyValue::validate`].
    #[inline]
    pub fn parse(message: &'a [u8]) -> Result<AnyValue<'a>, WireError> {
        match message {
            // A short string alone, as nearly all values are.
            [0x0a, length @ 0..=0x7f, text @ ..] if text.len() == usize::from(*length) => {
                std::str::from_utf8(text).map(AnyValue::String).map_err(|_| WireError::NotUtf8)
            }
            _ => AnyValue::walk(message),
        }
    }

    fn walk(message: &'a [u8]) -> Result<AnyValue<'a>, WireError> {
        let mut value = AnyValue::Empty;
        for field in Reader::new(message) {
            value = match field? {
                (1, field @ Field::Bytes(_)) => AnyValue::String(field.str()?),
                (2, field) => AnyValue::Bool(field.bool()),
                (3, field) => AnyValue::Int(field.i64()),
                (4, field) => AnyValue::Double(field.f64()),
                (5, Field::Bytes(bytes)) => AnyValue::Array(bytes),
                (6, Field::Bytes(bytes)) => AnyValue::KvList(bytes),
                (7, Field::Bytes(bytes)) => AnyValue::Bytes(bytes),
                _ => value,
            };
        }
        Ok(value)
    }

    /// Walks the whole value, so that later readers need not expect errors.
    pub fn validate(&self) -> Result<(), WireError> {
        self.validate_below(MAX_DEPTH)
    }

    fn validate_below(&self, depth: usize) -> Result<(), WireError> {
        if depth == 0 {
            return Err(WireError::TooDeep { limit: MAX_DEPTH });
        }
        match self {
            AnyValue::Array(message) => Reader::new(message).try_for_each(|field| match field? {
                (1, field) => AnyValue::parse(field.bytes())?.validate_below(depth - 1),
                _ => Ok(()),
            }),
            AnyValue::KvList(message) => Attributes::of_column(message)
                .try_iter()
                .try_for_each(|pair| pair.and_then(|(_, value)| value.validate_below(depth - 1))),
            _ => Ok(()),
        }
    }

    /// The elements of an array; none for any other value. Bytes were validated at ingest; an
    /// element that can't be read is empty.
    pub fn elements(&self) -> impl Iterator<Item = AnyValue<'a>> + use<'a> {
        let message = if let AnyValue::Array(message) = self { message } else { &[][..] };
        Reader::new(message)
            .filter_map(|field| field.ok().filter(|(number, _)| *number == 1))
            .map(|(_, field)| AnyValue::parse(field.bytes()).unwrap_or(AnyValue::Empty))
    }

    /// The pairs of a map; none for any other value.
    pub fn pairs(&self) -> Attributes<'a> {
        Attributes::of_column(if let AnyValue::KvList(message) = self { message } else { &[] })
    }

    /// Appends the fields of the message.
    pub fn encode(&self, out: &mut Writer) {
        match *self {
            AnyValue::Empty => {}
            AnyValue::String(text) => out.put_bytes_always(1, text.as_bytes()),
            AnyValue::Bool(flag) => out.put_varint_always(2, u64::from(flag)),
            AnyValue::Int(n) => out.put_varint_always(3, n as u64),
            AnyValue::Double(n) => out.put_double_always(4, n),
            AnyValue::Array(message) => out.put_bytes_always(5, message),
            AnyValue::KvList(message) => out.put_bytes_always(6, message),
            AnyValue::Bytes(bytes) => out.put_bytes_always(7, bytes),
        }
    }

    pub fn as_str(&self) -> Option<&'a str> {
        if let AnyValue::String(text) = self { Some(text) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_values_keep_their_type() {
        for value in [
            AnyValue::String(""),
            AnyValue::Bool(false),
            AnyValue::Int(0),
            AnyValue::Double(0.0),
            AnyValue::Array(&[]),
            AnyValue::KvList(&[]),
            AnyValue::Bytes(&[]),
            AnyValue::Empty,
        ] {
            let mut writer = Writer::new();
            value.encode(&mut writer);
            assert_eq!(AnyValue::parse(writer.as_bytes()), Ok(value));
        }
    }

    #[test]
    fn a_bomb_of_nested_arrays_is_refused() {
        let mut bytes = Vec::new();
        for _ in 0..MAX_DEPTH + 1 {
            let mut array = Writer::new();
            array.put_bytes_always(1, &bytes);
            let mut value = Writer::new();
            value.put_bytes_always(5, array.as_bytes());
            bytes = value.into_bytes();
        }
        let value = AnyValue::parse(&bytes).unwrap();
        assert_eq!(value.validate(), Err(WireError::TooDeep { limit: MAX_DEPTH }));
    }
}
