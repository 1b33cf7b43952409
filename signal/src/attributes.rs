//! A list of OTLP `KeyValue`s, wherever it is: inside a message, or as the value of a column.

use crate::any_value::AnyValue;
use crate::error::WireError;
use crate::wire::{Field, Reader, Writer};

/// A view of the `KeyValue`s that are field `field` of a message. Order and duplicates are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Attributes<'a> {
    message: &'a [u8],
    field: u32,
}

impl<'a> Attributes<'a> {
    pub fn new(message: &'a [u8], field: u32) -> Attributes<'a> {
        Attributes { message, field }
    }

    /// The value of an `attributes` column: a `KeyValueList` message.
    pub fn of_column(list: &'a [u8]) -> Attributes<'a> {
        Attributes { message: list, field: 1 }
    }

    /// Pairs in the order sent; a pair that can't be read is an error.
    pub fn try_iter(self) -> impl Iterator<Item = Result<(&'a str, AnyValue<'a>), WireError>> {
        Reader::new(self.message).filter_map(move |field| match field {
            Ok((number, Field::Bytes(pair))) if number == self.field => Some(parse_pair(pair)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
    }

    /// Pairs in the order sent, for bytes that were validated at ingest.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, AnyValue<'a>)> {
        self.try_iter().filter_map(Result::ok)
    }

    /// The first value of a key.
    pub fn get(self, key: &str) -> Option<AnyValue<'a>> {
        self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The first value of a key, if it is a string.
    pub fn get_str(self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(|value| value.as_str())
    }

    pub fn is_empty(self) -> bool {
        self.try_iter().next().is_none()
    }
}

fn parse_pair(pair: &[u8]) -> Result<(&str, AnyValue<'_>), WireError> {
    let (mut key, mut value) = ("", AnyValue::Empty);
    for field in Reader::new(pair) {
        match field? {
            (1, field) => key = field.str()?,
            (2, field) => value = AnyValue::parse(field.bytes())?,
            _ => {}
        }
    }
    Ok((key, value))
}

/// The bytes of a `KeyValueList` message: what an `attributes` column holds.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, AnyValue<'a>)>) -> Vec<u8> {
    let mut writer = Writer::new();
    pairs.into_iter().for_each(|(key, value)| put_pair(&mut writer, 1, key, &value));
    writer.into_bytes()
}

/// Appends one `KeyValue` as field `field`.
pub fn put_pair(writer: &mut Writer, field: u32, key: &str, value: &AnyValue<'_>) {
    writer.put_message(field, |pair| {
        pair.put_bytes(1, key.as_bytes());
        pair.put_message(2, |inner| value.encode(inner));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_duplicates_are_kept() {
        let bytes = encode([("b", AnyValue::Int(1)), ("a", AnyValue::Empty), ("b", AnyValue::Bool(true))]);
        let pairs: Vec<_> = Attributes::of_column(&bytes).iter().collect();
        assert_eq!(pairs, [("b", AnyValue::Int(1)), ("a", AnyValue::Empty), ("b", AnyValue::Bool(true))]);
        assert_eq!(Attributes::of_column(&bytes).get("b"), Some(AnyValue::Int(1)));
    }
}
