//! Events and links as `LIST<STRUCT>`.

use super::attributes::{AttributesBuilder, AttributesReader, map_type};
use super::{child, downcast, element, field, numbers, timestamp};
use crate::error::Result;
use arrow::array::{
    ArrayRef, AsArray, BinaryArray, BinaryBuilder, ListArray, StringArray, StringBuilder, StructArray,
    TimestampNanosecondArray, UInt32Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Fields, TimestampNanosecondType, UInt32Type};
use ocelli_signal::span_parts::{iter_events, iter_links};
use ocelli_signal::wire::Writer;
use std::sync::Arc;

fn event_fields(id: i32) -> Fields {
    Fields::from(vec![
        field(id + 2, "time", timestamp(), false),
        field(id + 3, "name", DataType::Utf8, false),
        field(id + 4, "attributes", map_type(id + 4), false),
        field(id + 8, "dropped_attributes_count", DataType::UInt32, false),
    ])
}

/// The type of the events column; its inner fields have the ids after `id`.
pub fn events_type(id: i32) -> DataType {
    DataType::List(element(id + 1, DataType::Struct(event_fields(id))))
}

/// Events of some rows.
pub struct EventsBuilder {
    id: i32,
    offsets: Vec<i32>,
    time: Vec<i64>,
    name: StringBuilder,
    attributes: AttributesBuilder,
    dropped: Vec<u32>,
}

impl EventsBuilder {
    pub fn new(id: i32) -> EventsBuilder {
        EventsBuilder {
            id,
            offsets: vec![0],
            time: Vec::new(),
            name: StringBuilder::new(),
            attributes: AttributesBuilder::new(id + 4),
            dropped: Vec::new(),
        }
    }

    /// The `events` value of the next row.
    pub fn push(&mut self, list: &[u8]) {
        for event in iter_events(list) {
            // The file's timestamps are signed; the bits come back as they were sent.
            self.time.push(event.time_ns as i64);
            self.name.append_value(event.name);
            self.attributes.push(event.attributes);
            self.dropped.push(event.dropped_attributes_count);
        }
        self.offsets.push(self.time.len() as i32);
    }

    pub fn finish(mut self) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(TimestampNanosecondArray::from(self.time).with_timezone("UTC")),
            Arc::new(self.name.finish()),
            self.attributes.finish()?,
            Arc::new(UInt32Array::from(self.dropped)),
        ];
        list(self.id, event_fields(self.id), columns, self.offsets)
    }
}

/// A list column from the columns of its structs.
pub fn list(id: i32, fields: Fields, columns: Vec<ArrayRef>, offsets: Vec<i32>) -> Result<ArrayRef> {
    let structs = StructArray::try_new(fields.clone(), columns, None)?;
    let element = element(id + 1, DataType::Struct(fields));
    Ok(Arc::new(ListArray::try_new(element, OffsetBuffer::new(offsets.into()), Arc::new(structs), None)?))
}

/// The events of all rows as `events` values.
pub fn read_events(column: &ArrayRef) -> Result<ArrayRef> {
    let lists: &ListArray = downcast(column, "events")?;
    let structs = lists.values();
    let time = numbers::<TimestampNanosecondType>(child_of(structs, "time")?, "events.time")?;
    let name: &StringArray = child(structs, "name")?;
    let attributes = AttributesReader::new(child_of(structs, "attributes")?)?;
    let dropped = numbers::<UInt32Type>(child_of(structs, "dropped_attributes_count")?, "events.dropped")?;
    Ok(encode_lists(lists.value_offsets(), |at, out| {
        out.put_fixed64(1, time[at] as u64);
        out.put_bytes(2, name.value(at).as_bytes());
        attributes.put(at, 3, out);
        out.put_varint(4, u64::from(dropped[at]));
    }))
}

/// Every list as the bytes of repeated field 1.
pub fn encode_lists(offsets: &[i32], put: impl Fn(usize, &mut Writer)) -> ArrayRef {
    let mut values = BinaryBuilder::with_capacity(offsets.len(), 0);
    let mut writer = Writer::new();
    for pair in offsets.windows(2) {
        writer.clear();
        for at in pair[0] as usize..pair[1] as usize {
            writer.put_message(1, |inner| put(at, inner));
        }
        values.append_value(writer.as_bytes());
    }
    Arc::new(values.finish())
}

/// A child of a struct array.
pub fn child_of<'a>(structs: &'a ArrayRef, name: &str) -> Result<&'a ArrayRef> {
    let child = structs.as_struct_opt().and_then(|structs| structs.column_by_name(name));
    child.ok_or_else(|| crate::error::Error::corrupt(std::path::Path::new(name), "the column is missing"))
}

fn link_fields(id: i32) -> Fields {
    Fields::from(vec![
        field(id + 2, "trace_id", DataType::Binary, false),
        field(id + 3, "span_id", DataType::Binary, false),
        field(id + 4, "trace_state", DataType::Utf8, false),
        field(id + 5, "attributes", map_type(id + 5), false),
        field(id + 9, "dropped_attributes_count", DataType::UInt32, false),
        field(id + 10, "flags", DataType::UInt32, false),
    ])
}

/// The type of the links column; its inner fields have the ids after `id`.
pub fn links_type(id: i32) -> DataType {
    DataType::List(element(id + 1, DataType::Struct(link_fields(id))))
}

/// Links of some rows.
pub struct LinksBuilder {
    id: i32,
    offsets: Vec<i32>,
    trace_id: BinaryBuilder,
    span_id: BinaryBuilder,
    trace_state: StringBuilder,
    attributes: AttributesBuilder,
    dropped: Vec<u32>,
    flags: Vec<u32>,
}

impl LinksBuilder {
    pub fn new(id: i32) -> LinksBuilder {
        LinksBuilder {
            id,
            offsets: vec![0],
            trace_id: BinaryBuilder::new(),
            span_id: BinaryBuilder::new(),
            trace_state: StringBuilder::new(),
            attributes: AttributesBuilder::new(id + 5),
            dropped: Vec::new(),
            flags: Vec::new(),
        }
    }

    /// The `links` value of the next row.
    pub fn push(&mut self, list: &[u8]) {
        for link in iter_links(list) {
            self.trace_id.append_value(link.trace_id);
            self.span_id.append_value(link.span_id);
            self.trace_state.append_value(link.trace_state);
            self.attributes.push(link.attributes);
            self.dropped.push(link.dropped_attributes_count);
            self.flags.push(link.flags);
        }
        self.offsets.push(self.flags.len() as i32);
    }

    pub fn finish(mut self) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.trace_id.finish()),
            Arc::new(self.span_id.finish()),
            Arc::new(self.trace_state.finish()),
            self.attributes.finish()?,
            Arc::new(UInt32Array::from(self.dropped)),
            Arc::new(UInt32Array::from(self.flags)),
        ];
        list(self.id, link_fields(self.id), columns, self.offsets)
    }
}

/// The links of all rows as `links` values.
pub fn read_links(column: &ArrayRef) -> Result<ArrayRef> {
    let lists: &ListArray = downcast(column, "links")?;
    let structs = lists.values();
    let trace_id: &BinaryArray = child(structs, "trace_id")?;
    let span_id: &BinaryArray = child(structs, "span_id")?;
    let trace_state: &StringArray = child(structs, "trace_state")?;
    let attributes = AttributesReader::new(child_of(structs, "attributes")?)?;
    let dropped = numbers::<UInt32Type>(child_of(structs, "dropped_attributes_count")?, "links.dropped")?;
    let flags = numbers::<UInt32Type>(child_of(structs, "flags")?, "links.flags")?;
    Ok(encode_lists(lists.value_offsets(), |at, out| {
        out.put_bytes(1, trace_id.value(at));
        out.put_bytes(2, span_id.value(at));
        out.put_bytes(3, trace_state.value(at).as_bytes());
        attributes.put(at, 4, out);
        out.put_varint(5, u64::from(dropped[at]));
        out.put_fixed32(6, flags[at]);
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;

    #[test]
    fn events_and_links_come_back_bit_exact() {
        let lists = [Vec::new(), test_rows::events(2), test_rows::events(1)];
        let mut builder = EventsBuilder::new(200);
        lists.iter().for_each(|list| builder.push(list));
        let read = read_events(&builder.finish().unwrap()).unwrap();
        assert_eq!(read.as_binary::<i32>(), &BinaryArray::from_iter_values(&lists));

        let lists = [test_rows::links(2), Vec::new(), test_rows::links(1)];
        let mut builder = LinksBuilder::new(300);
        lists.iter().for_each(|list| builder.push(list));
        let read = read_links(&builder.finish().unwrap()).unwrap();
        assert_eq!(read.as_binary::<i32>(), &BinaryArray::from_iter_values(&lists));
    }
}
