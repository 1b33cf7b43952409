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

/// Nearly all pairs are a short key and a short value, in this order: that needs no walk.
#[inline]
fn parse_pair(pair: &[u8]) -> Result<(&str, AnyValue<'_>), WireError> {
    let short = |bytes: &'_ [u8], tag: u8| match bytes {
        [found, length @ 0..=0x7f, ..] if *found == tag => Some(usize::from(*length)),
        _ => None,
    };
    if let Some(length) = short(pair, 0x0a)
        && let Some((key, rest)) = pair[2..].split_at_checked(length)
        && short(rest, 0x12) == Some(rest.len().saturating_sub(2))
    {
        let key = std::str::from_utf8(key).map_err(|_| WireError::NotUtf8)?;
        return Ok((key, AnyValue::parse(&rest[2..])?));
    }
    walk_pair(pair)
}

fn walk_pair(pair: &[u8]) -> Result<(&str, AnyValue<'_>), WireError> {
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
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_short_way_reads_what_the_walk_reads(
            key in "\\PC{0,200}",
            text in "\\PC{0,200}",
            cut in any::<prop::sample::Index>(),
            changed in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            for value in [AnyValue::String(&text), AnyValue::Int(-1), AnyValue::Empty, AnyValue::Bool(true)] {
                let mut writer = Writer::new();
                put_pair(&mut writer, 1, &key, &value);
                let Some(Ok((1, pair))) = Reader::new(writer.as_bytes()).next() else { panic!("a pair") };
                let mut pair = pair.bytes().to_vec();
                prop_assert_eq!(parse_pair(&pair), Ok((key.as_str(), value)));
                prop_assert_eq!(parse_pair(&pair[..cut.index(pair.len())]), walk_pair(&pair[..cut.index(pair.len())]));
                let at = changed.index(pair.len());
                pair[at] = byte;
                let (short, walked) = (parse_pair(&pair), walk_pair(&pair));
                // Doubles that are not numbers differ from themselves.
                prop_assert_eq!(format!("{short:?}"), format!("{walked:?}"));
            }
        }
    }

    #[test]
    fn order_and_duplicates_are_kept() {
        let bytes = encode([("b", AnyValue::Int(1)), ("a", AnyValue::Empty), ("b", AnyValue::Bool(true))]);
        let pairs: Vec<_> = Attributes::of_column(&bytes).iter().collect();
        assert_eq!(pairs, [("b", AnyValue::Int(1)), ("a", AnyValue::Empty), ("b", AnyValue::Bool(true))]);
        assert_eq!(Attributes::of_column(&bytes).get("b"), Some(AnyValue::Int(1)));
    }
}
