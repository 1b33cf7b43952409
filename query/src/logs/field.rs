//! A field of a record as a value: what is counted, grouped by and exported.

use super::filter::attribute::Own;
use super::filter::column;
use super::filter::id::to_hex;
use super::filter::value::Number;
use crate::Error;
use arrow::array::types::Int32Type;
use arrow::array::{Array, AsArray, BinaryArray, FixedSizeBinaryArray, Int32Array, RecordBatch, StringArray};
use ocelli_api::logs::severity_class;
use ocelli_signal::AnyValue;
use ocelli_signal::origin::{Resource, Scope};
use ocelli_signal::value_text::display;
use std::borrow::Cow;

/// What a name of the language is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    Body,
    Level,
    EventName,
    Service,
    ScopeName,
    TraceId,
    SpanId,
    /// An attribute of the resource.
    Resource(String),
    /// An attribute of the record; where it has none, that of its resource.
    Attribute {
        key: String,
        or_resource: bool,
    },
}

impl Field {
    /// Every name is one: what is no field of its own is an attribute.
    pub fn parse(name: &str) -> Field {
        match name {
            "body" => Field::Body,
            "level" | "severity" => Field::Level,
            "event_name" => Field::EventName,
            "service" => Field::Service,
            "scope" => Field::ScopeName,
            "trace_id" => Field::TraceId,
            "span_id" => Field::SpanId,
            name => match (name.strip_prefix("resource."), name.strip_prefix("attributes.")) {
                (Some(key), _) => Field::Resource(key.to_owned()),
                (_, Some(key)) => Field::Attribute { key: key.to_owned(), or_resource: false },
                _ => Field::Attribute { key: name.to_owned(), or_resource: true },
            },
        }
    }

    /// The columns that it is read from.
    pub fn columns(&self) -> &'static [&'static str] {
        match self {
            Field::Body => &["body"],
            Field::Level => &["severity_number", "severity_text"],
            Field::EventName => &["event_name"],
            Field::Service => &["service"],
            Field::ScopeName => &["scope"],
            Field::TraceId => &["trace_id"],
            Field::SpanId => &["span_id"],
            Field::Resource(_) => &["resource"],
            Field::Attribute { or_resource: false, .. } => &["attributes"],
            Field::Attribute { .. } => &["attributes", "resource"],
        }
    }

    /// The attribute of a record that it is read from.
    pub fn attribute(&self) -> Option<&str> {
        if let Field::Attribute { key, .. } = self { Some(key) } else { None }
    }

    pub fn reader<'a>(&'a self, batch: &'a RecordBatch) -> Result<Reader<'a>, Error> {
        Ok(match self {
            Field::Body => Reader::Text(column(batch, "body")?),
            Field::EventName => Reader::Text(column(batch, "event_name")?),
            Field::Level => Reader::Level(column(batch, "severity_number")?, column(batch, "severity_text")?),
            Field::TraceId => Reader::Id(column(batch, "trace_id")?),
            Field::SpanId => Reader::Id(column(batch, "span_id")?),
            Field::Service => Reader::Distinct(Distinct::services(batch)?),
            Field::ScopeName => Reader::Distinct(Distinct::scopes(batch)?),
            Field::Resource(key) => Reader::Distinct(Distinct::resources(batch, key)?),
            Field::Attribute { key, or_resource } => Reader::Attribute {
                own: Own::of(batch, key)?,
                of_resource: or_resource.then(|| Distinct::resources(batch, key)).transpose()?,
            },
        })
    }
}

/// The values of one field in one batch.
pub enum Reader<'a> {
    Text(&'a StringArray),
    Level(&'a Int32Array, &'a StringArray),
    Id(&'a FixedSizeBinaryArray),
    Distinct(Distinct<'a>),
    Attribute { own: Own<'a>, of_resource: Option<Distinct<'a>> },
}

impl<'a> Reader<'a> {
    /// The value as one reads it; `None` where the row has none. A level is its class.
    pub fn text(&self, row: usize) -> Option<Cow<'a, str>> {
        match self {
            Reader::Text(texts) => Some(texts.value(row)).filter(|text| !text.is_empty()).map(Cow::Borrowed),
            Reader::Level(numbers, texts) => match numbers.value(row) {
                0 if !texts.value(row).is_empty() => Some(Cow::Borrowed(texts.value(row))),
                number => Some(Cow::Borrowed(severity_class(number))),
            },
            Reader::Id(ids) => ids.is_valid(row).then(|| Cow::Owned(to_hex(ids.value(row)))),
            Reader::Distinct(of) => of.value(row).map(text_of),
            Reader::Attribute { .. } => self.attribute(row).map(text_of),
        }
    }

    /// The value as a number: numbers, and texts that are one; of a level its number.
    pub fn number(&self, row: usize) -> Option<f64> {
        let number_of = |text: &str| Number::parse(text.trim()).map(Number::as_f64);
        match self {
            Reader::Text(texts) => number_of(texts.value(row)),
            Reader::Level(numbers, _) => Some(numbers.value(row)).filter(|n| *n != 0).map(f64::from),
            Reader::Id(_) => None,
            Reader::Distinct(_) | Reader::Attribute { .. } => match self.value(row)? {
                AnyValue::Int(n) => Some(n as f64),
                AnyValue::Double(n) => Some(n),
                AnyValue::String(text) => number_of(text),
                _ => None,
            },
        }
    }

    /// Numbers that stand for the values of the batch, row by row, and how many there are.
    pub fn codes(&self) -> Option<(&'a [i32], usize)> {
        if let Reader::Distinct(of) = self { Some((of.keys, of.values.len())) } else { None }
    }

    /// Whether the row has a value.
    pub fn exists(&self, row: usize) -> bool {
        match self {
            Reader::Distinct(_) | Reader::Attribute { .. } => self.value(row).is_some(),
            Reader::Id(ids) => ids.is_valid(row),
            Reader::Text(texts) => !texts.value(row).is_empty(),
            Reader::Level(numbers, texts) => numbers.value(row) != 0 || !texts.value(row).is_empty(),
        }
    }

    fn value(&self, row: usize) -> Option<AnyValue<'a>> {
        match self {
            Reader::Distinct(of) => of.value(row),
            _ => self.attribute(row),
        }
    }

    fn attribute(&self, row: usize) -> Option<AnyValue<'a>> {
        let Reader::Attribute { own, of_resource } = self else { return None };
        own.get(row).or_else(|| of_resource.as_ref()?.value(row))
    }
}

fn text_of(value: AnyValue<'_>) -> Cow<'_, str> {
    match value {
        AnyValue::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(display(&other)),
    }
}

/// Values of a dictionary column, each read once.
pub struct Distinct<'a> {
    keys: &'a [i32],
    values: Vec<Option<AnyValue<'a>>>,
}

impl<'a> Distinct<'a> {
    fn value(&self, row: usize) -> Option<AnyValue<'a>> {
        self.values[self.keys[row] as usize]
    }

    fn services(batch: &'a RecordBatch) -> Result<Distinct<'a>, Error> {
        let (keys, values) = dictionary::<StringArray>(batch, "service")?;
        let text = |name: &'a str| Some(AnyValue::String(name)).filter(|_| !name.is_empty());
        Ok(Distinct { keys, values: values.iter().map(|name| text(name.unwrap_or_default())).collect() })
    }

    fn scopes(batch: &'a RecordBatch) -> Result<Distinct<'a>, Error> {
        let (keys, values) = dictionary::<BinaryArray>(batch, "scope")?;
        let name = |bytes: Option<&'a [u8]>| {
            let name = Scope::parse(bytes.unwrap_or_default()).unwrap_or_default().name;
            Some(AnyValue::String(name)).filter(|_| !name.is_empty())
        };
        Ok(Distinct { keys, values: values.iter().map(name).collect() })
    }

    fn resources(batch: &'a RecordBatch, key: &str) -> Result<Distinct<'a>, Error> {
        let (keys, values) = dictionary::<BinaryArray>(batch, "resource")?;
        let value = |bytes: Option<&'a [u8]>| {
            Resource::parse(bytes.unwrap_or_default()).unwrap_or_default().attributes().get(key)
        };
        Ok(Distinct { keys, values: values.iter().map(value).collect() })
    }
}

fn dictionary<'a, V: Array + 'static>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<(&'a [i32], &'a V), Error> {
    let missing = || Error::Internal(format!("column '{name}' is missing or of another type"));
    let array = batch.column_by_name(name).and_then(|array| array.as_dictionary_opt::<Int32Type>());
    let array = array.ok_or_else(missing)?;
    let values = array.values().as_any().downcast_ref().ok_or_else(missing)?;
    Ok((array.keys().values(), values))
}
