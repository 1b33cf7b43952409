//! A JSON value that keeps the order of its keys and the type of its numbers.

use ocelli_signal::any_value::MAX_DEPTH;
use ocelli_signal::wire::Writer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Int(i64),
    /// Above the range of `Int`.
    UInt(u64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Parses a line that is one object, not nested deeper than OTLP values may be.
    pub fn parse_object(line: &str) -> Option<Vec<(String, Json)>> {
        let line = line.trim();
        if !(line.starts_with('{') && line.ends_with('}')) {
            return None;
        }
        match serde_json::from_str(line).ok()? {
            Json::Map(fields) if fields.iter().all(|(_, value)| value.depth() < MAX_DEPTH) => Some(fields),
            _ => None,
        }
    }

    fn depth(&self) -> usize {
        match self {
            Json::List(elements) => 1 + elements.iter().map(Json::depth).max().unwrap_or(0),
            Json::Map(fields) => 1 + fields.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    /// Appends the fields of an `AnyValue`.
    pub fn encode(&self, out: &mut Writer) {
        match self {
            Json::Null => {}
            Json::Bool(flag) => out.put_varint_always(2, u64::from(*flag)),
            Json::Int(n) => out.put_varint_always(3, *n as u64),
            // OTLP has no such integer; its digits lose nothing.
            Json::UInt(n) => out.put_bytes_always(1, n.to_string().as_bytes()),
            Json::Float(n) => out.put_double_always(4, *n),
            Json::Text(text) => out.put_bytes_always(1, text.as_bytes()),
            Json::List(elements) => out.put_message(5, |list| {
                elements.iter().for_each(|element| list.put_message(1, |value| element.encode(value)));
            }),
            Json::Map(fields) => out.put_message(6, |map| {
                fields.iter().for_each(|(key, value)| put_pair(map, 1, key, value));
            }),
        }
    }
}

/// Appends a `KeyValue`.
pub fn put_pair(out: &mut Writer, field: u32, key: &str, value: &Json) {
    out.put_message(field, |pair| {
        pair.put_bytes(1, key.as_bytes());
        pair.put_message(2, |inner| value.encode(inner));
    });
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Bool(flag))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Json, E> {
        Ok(Json::Int(n))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Json, E> {
        Ok(i64::try_from(n).map_or(Json::UInt(n), Json::Int))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Json, E> {
        Ok(Json::Float(n))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Json::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Map(fields))
    }
}
