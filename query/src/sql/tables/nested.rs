//! What rows have nested, as SQL can ask for it: attributes as maps of texts, events and links as JSON.

use crate::logs::filter::id::to_hex;
use arrow::array::{MapArray, MapBuilder, MapFieldNames, StringBuilder};
use arrow::datatypes::{DataType, Field, Fields};
use ocelli_api::UnixNano;
use ocelli_signal::span_parts::{Event, Link, iter_events, iter_links};
use ocelli_signal::value_text::{display, to_json_text};
use ocelli_signal::{AnyValue, Attributes};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// From keys to texts.
pub fn map_type() -> DataType {
    let fields = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(fields), false)), false)
}

/// Lists of attributes as maps: of a key that comes more than once, the first value. Of `keys` alone, if
/// these are given.
pub fn map_of<'a>(lists: impl Iterator<Item = Attributes<'a>>, keys: Option<&[String]>) -> MapArray {
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let mut map = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    let mut seen: Vec<&str> = Vec::new();
    for list in lists {
        seen.clear();
        for (key, value) in list.iter() {
            let wanted = keys.is_none_or(|keys| keys.iter().any(|wanted| wanted == key));
            if !wanted || seen.contains(&key) {
                continue;
            }
            seen.push(key);
            map.keys().append_value(key);
            match value {
                AnyValue::String(text) => map.values().append_value(text),
                other => map.values().append_value(display(&other)),
            }
        }
        // Keys and values are as many, which is the only error.
        let _ = map.append(true);
    }
    map.finish()
}

/// Events of a span: `[{"time": …, "name": …, "attributes": {…}}]`.
pub fn events_json(events: &[u8]) -> String {
    let event = |event: Event<'_>| {
        let time = UnixNano(i64::try_from(event.time_ns).unwrap_or(i64::MAX)).to_rfc3339();
        json!({"time": time, "name": event.name, "attributes": attributes_json(event.attributes)})
    };
    Value::Array(iter_events(events).map(event).collect()).to_string()
}

/// Links of a span: `[{"trace_id": …, "span_id": …, "attributes": {…}}]`.
pub fn links_json(links: &[u8]) -> String {
    let link = |link: Link<'_>| {
        let (trace_id, span_id) = (to_hex(link.trace_id), to_hex(link.span_id));
        json!({"trace_id": trace_id, "span_id": span_id, "attributes": attributes_json(link.attributes)})
    };
    Value::Array(iter_links(links).map(link).collect()).to_string()
}

fn attributes_json(attributes: Attributes<'_>) -> Value {
    let mut object = Map::new();
    for (key, value) in attributes.iter() {
        let value = serde_json::from_str(&to_json_text(&value)).unwrap_or_else(|_| display(&value).into());
        object.entry(key).or_insert(value);
    }
    Value::Object(object)
}
