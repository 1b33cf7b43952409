//! Reads JSON text guided by a message table and writes protobuf.

use super::messages::{FieldOf, Message, Type};
use super::scalars::{self, Json, Scalar};
use ocelli_signal::wire::{Writer, write_varint};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// Transcodes one message. The error is a sentence with path, line and column.
pub fn transcode(message: &'static Message, json: &[u8]) -> Result<Vec<u8>, String> {
    let path = Path::default();
    let mut out = Writer::new();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let result = MessageSeed { message, out: &mut out, path: &path }
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end());
    match result {
        Ok(()) => Ok(out.into_bytes()),
        Err(error) => Err(path.explain(&error)),
    }
}

/// Where in the text the reader is. A step is left standing when an error passes through it.
#[derive(Default)]
struct Path(RefCell<Vec<Step>>);

enum Step {
    Field(&'static str),
    Index(usize),
}

impl Path {
    fn within<T, E>(&self, step: Step, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.0.borrow_mut().push(step);
        let value = read()?;
        self.0.borrow_mut().pop();
        Ok(value)
    }

    fn explain(&self, error: &serde_json::Error) -> String {
        let mut text = String::new();
        for step in self.0.borrow().iter() {
            match step {
                Step::Field(name) if text.is_empty() => text.push_str(name),
                Step::Field(name) => drop(fmt::write(&mut text, format_args!(".{name}"))),
                Step::Index(at) => drop(fmt::write(&mut text, format_args!("[{at}]"))),
            }
        }
        if text.is_empty() { error.to_string() } else { format!("{text}: {error}") }
    }
}

/// Reads an object and appends the fields of the message.
struct MessageSeed<'a> {
    message: &'static Message,
    out: &'a mut Writer,
    path: &'a Path,
}

impl<'de> DeserializeSeed<'de> for MessageSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(FieldName(self.message))? {
            match name {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(field) => {
                    let seed = FieldSeed { field, out: self.out, path: self.path };
                    self.path.within(Step::Field(field.json), || map.next_value_seed(seed))?;
                }
            }
        }
        Ok(())
    }
}

/// Reads a key; `None` for one that the message does not have.
struct FieldName(&'static Message);

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Option<&'static FieldOf>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<&'static FieldOf>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.field(name))
    }
}

/// Reads the value of a field and appends it, with its key.
struct FieldSeed<'a> {
    field: &'static FieldOf,
    out: &'a mut Writer,
    path: &'a Path,
}

impl<'de> DeserializeSeed<'de> for FieldSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl FieldSeed<'_> {
    fn scalar<E: Error>(self, value: Json<'_>) -> Result<(), E> {
        let FieldOf { kind, number, repeated, presence, .. } = *self.field;
        if repeated {
            return Err(E::invalid_type(unexpected(value), &"a list"));
        }
        let Some(scalar) = scalars::convert(kind, value) else {
            return Err(E::invalid_value(unexpected(value), &scalars::expected(kind)));
        };
        match scalar {
            Scalar::Varint(n) if presence => self.out.put_varint_always(number, n),
            Scalar::Varint(n) => self.out.put_varint(number, n),
            Scalar::Fixed64(n) if presence => self.out.put_fixed64_always(number, n),
            Scalar::Fixed64(n) => self.out.put_fixed64(number, n),
            Scalar::Fixed32(n) => self.out.put_fixed32(number, n),
            Scalar::Text(text) if presence => self.out.put_bytes_always(number, text.as_bytes()),
            Scalar::Text(text) => self.out.put_bytes(number, text.as_bytes()),
            Scalar::Bytes(bytes) if presence => self.out.put_bytes_always(number, &bytes),
            Scalar::Bytes(bytes) => self.out.put_bytes(number, &bytes),
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for FieldSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.field.repeated { "a list" } else { scalars::expected(self.field.kind) })
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(Json::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.scalar(Json::UInt(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.scalar(Json::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.scalar(Json::Text(value))
    }

    /// `null` is the default, which is an absence.
    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let (Type::Message(message), false) = (self.field.kind, self.field.repeated) else {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        };
        let path = self.path;
        let mut result = Ok(());
        self.out.put_message(self.field.number, |out| {
            result = MessageSeed { message, out, path }.visit_map(map);
        });
        result
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.field.repeated {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let mut packed = Vec::new();
        for at in 0.. {
            let seed = ElementSeed { field: self.field, out: self.out, packed: &mut packed, path: self.path };
            if self.path.within(Step::Index(at), || list.next_element_seed(seed))?.is_none() {
                break;
            }
        }
        self.out.put_bytes(self.field.number, &packed);
        Ok(())
    }
}

/// Reads one element of a list: appends a message or text, collects a number.
struct ElementSeed<'a> {
    field: &'static FieldOf,
    out: &'a mut Writer,
    packed: &'a mut Vec<u8>,
    path: &'a Path,
}

impl<'de> DeserializeSeed<'de> for ElementSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl ElementSeed<'_> {
    fn scalar<E: Error>(self, value: Json<'_>) -> Result<(), E> {
        match scalars::convert(self.field.kind, value) {
            Some(Scalar::Varint(n)) => write_varint(self.packed, n),
            Some(Scalar::Fixed64(n)) => self.packed.extend_from_slice(&n.to_le_bytes()),
            Some(Scalar::Fixed32(n)) => self.packed.extend_from_slice(&n.to_le_bytes()),
            Some(Scalar::Text(text)) => self.out.put_bytes_always(self.field.number, text.as_bytes()),
            Some(Scalar::Bytes(bytes)) => self.out.put_bytes_always(self.field.number, &bytes),
            None => return Err(E::invalid_value(unexpected(value), &scalars::expected(self.field.kind))),
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for ElementSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(scalars::expected(self.field.kind))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.scalar(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.scalar(Json::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.scalar(Json::UInt(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.scalar(Json::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.scalar(Json::Text(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Type::Message(message) = self.field.kind else {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        };
        let path = self.path;
        let mut result = Ok(());
        self.out.put_message(self.field.number, |out| {
            result = MessageSeed { message, out, path }.visit_map(map);
        });
        result
    }
}

fn unexpected(value: Json<'_>) -> serde::de::Unexpected<'_> {
    match value {
        Json::Bool(flag) => serde::de::Unexpected::Bool(flag),
        Json::Int(n) => serde::de::Unexpected::Signed(n),
        Json::UInt(n) => serde::de::Unexpected::Unsigned(n),
        Json::Float(n) => serde::de::Unexpected::Float(n),
        Json::Text(text) => serde::de::Unexpected::Str(text),
    }
}
