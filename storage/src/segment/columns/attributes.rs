//! Attributes as `MAP<string, string>`: the value is the lossless JSON text of `ocelli_signal::value_text`,
//! so that any reader can take it apart and types survive. Order and duplicate keys are kept.

use super::{downcast, field};
use crate::error::Result;
use arrow::array::{ArrayBuilder, ArrayRef, MapArray, StringArray, StringBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef, Fields};
use ocelli_signal::attributes::put_pair;
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Attributes, value_text};
use std::ops::Range;
use std::sync::Arc;

/// The type of an attributes column; its inner fields have the ids after `id`.
pub fn map_type(id: i32) -> DataType {
    DataType::Map(entries(id), false)
}

fn entries(id: i32) -> FieldRef {
    Arc::new(field(id + 1, "key_value", DataType::Struct(pair(id)), false))
}

fn pair(id: i32) -> Fields {
    Fields::from(vec![
        field(id + 2, "key", DataType::Utf8, false),
        field(id + 3, "value", DataType::Utf8, false),
    ])
}

/// Makes an attributes column row by row.
pub struct AttributesBuilder {
    id: i32,
    offsets: Vec<i32>,
    keys: StringBuilder,
    values: StringBuilder,
    scratch: String,
}

impl AttributesBuilder {
    /// `id` is the field id of the column.
    pub fn new(id: i32) -> AttributesBuilder {
        AttributesBuilder {
            id,
            offsets: vec![0],
            keys: StringBuilder::new(),
            values: StringBuilder::new(),
            scratch: String::new(),
        }
    }

    /// The attributes of the next row.
    pub fn push(&mut self, attributes: Attributes<'_>) {
        attributes.iter().for_each(|(key, value)| self.push_pair(key, &value));
        self.end_row();
    }

    /// One more of a row that is not ended.
    pub fn push_pair(&mut self, key: &str, value: &AnyValue<'_>) {
        self.keys.append_value(key);
        self.scratch.clear();
        write_text(value, &mut self.scratch);
        self.values.append_value(&self.scratch);
    }

    pub fn end_row(&mut self) {
        self.offsets.push(self.keys.len() as i32);
    }

    pub fn finish(mut self) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![Arc::new(self.keys.finish()), Arc::new(self.values.finish())];
        let pairs = StructArray::try_new(pair(self.id), columns, None)?;
        let offsets = OffsetBuffer::new(self.offsets.into());
        Ok(Arc::new(MapArray::try_new(entries(self.id), offsets, pairs, None, false)?))
    }
}

/// `value_text::write_json_text`, with a short way for the strings that nearly all values are.
fn write_text(value: &AnyValue<'_>, out: &mut String) {
    match value {
        AnyValue::String(text) if text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') => {
            out.push('"');
            out.push_str(text);
            out.push('"');
        }
        other => value_text::write_json_text(other, out),
    }
}

/// An attributes column that was read.
pub struct AttributesReader<'a> {
    offsets: &'a [i32],
    keys: &'a StringArray,
    values: &'a StringArray,
}

impl<'a> AttributesReader<'a> {
    pub fn new(column: &'a ArrayRef) -> Result<AttributesReader<'a>> {
        let map: &MapArray = downcast(column, "attributes")?;
        Ok(AttributesReader {
            offsets: map.value_offsets(),
            keys: downcast(map.keys(), "attributes key")?,
            values: downcast(map.values(), "attributes value")?,
        })
    }

    /// Appends a row's pairs as `KeyValue`s in field `number`.
    pub fn put(&self, row: usize, number: u32, out: &mut Writer) {
        self.entries(row).for_each(|entry| self.put_entry(entry, number, out));
    }

    /// The entries of a row, for `put_entry`.
    pub fn entries(&self, row: usize) -> Range<usize> {
        self.offsets[row] as usize..self.offsets[row + 1] as usize
    }

    /// Appends one pair as a `KeyValue` in field `number`.
    pub fn put_entry(&self, entry: usize, number: u32, out: &mut Writer) {
        put_text(self.keys.value(entry), self.values.value(entry), number, out);
    }
}

fn put_text(key: &str, text: &str, number: u32, out: &mut Writer) {
    if let Some(value) = plain_value(text) {
        return put_pair(out, number, key, &value);
    }
    let bytes = value_text::from_json_text(text);
    // What is no JSON text was not written by us: it is kept as the text that it is.
    let value = bytes.as_deref().map(AnyValue::parse).and_then(Result::ok).unwrap_or(AnyValue::String(text));
    put_pair(out, number, key, &value);
}

/// The values that need no parser: strings without escapes, and integers.
fn plain_value(text: &str) -> Option<AnyValue<'_>> {
    if let Some(inner) = text.strip_prefix('"') {
        let inner = inner.strip_suffix('"')?;
        return (!inner.contains(['\\', '"'])).then_some(AnyValue::String(inner));
    }
    text.parse().ok().map(AnyValue::Int)
}

/// Attributes as one JSON text: a map, with order and duplicate keys.
pub fn to_json(attributes: Attributes<'_>) -> String {
    let list = ocelli_signal::attributes::encode(attributes.iter());
    value_text::to_json_text(&AnyValue::KvList(&list))
}

/// The `KeyValue`s of such a text, as field 1.
pub fn from_json(text: &str) -> Vec<u8> {
    let value = value_text::from_json_text(text).unwrap_or_default();
    match AnyValue::parse(&value) {
        Ok(AnyValue::KvList(list)) => list.to_vec(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;

    #[test]
    fn every_type_comes_back_bit_exact_with_order_and_duplicates() {
        let lists = [test_rows::every_attribute(), Vec::new(), test_rows::every_attribute()];
        let mut builder = AttributesBuilder::new(100);
        lists.iter().for_each(|list| builder.push(Attributes::of_column(list)));
        let column = builder.finish().unwrap();
        let reader = AttributesReader::new(&column).unwrap();
        for (row, list) in lists.iter().enumerate() {
            let mut writer = Writer::new();
            reader.put(row, 1, &mut writer);
            assert_eq!(&writer.into_bytes(), list);
        }
    }

    #[test]
    fn one_json_text_holds_them_all_too() {
        let list = test_rows::every_attribute();
        assert_eq!(from_json(&to_json(Attributes::of_column(&list))), list);
        assert_eq!(to_json(Attributes::of_column(&[])), "{}");
        assert_eq!(from_json("{}"), Vec::<u8>::new());
    }
}
