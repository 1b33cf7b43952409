//! Exemplars as `LIST<STRUCT>`.

use super::attributes::{AttributesBuilder, AttributesReader, map_type};
use super::span_parts::{child_of, encode_lists, list};
use super::{child, downcast, element, field, numbers, timestamp};
use crate::error::Result;
use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryBuilder, Float64Array, Int64Array, ListArray,
    TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Fields, TimestampNanosecondType};
use ocelli_signal::span_parts::{Number, iter_exemplars};
use std::sync::Arc;

fn exemplar_fields(id: i32) -> Fields {
    Fields::from(vec![
        field(id + 2, "time", timestamp(), false),
        field(id + 3, "value", DataType::Float64, true),
        field(id + 4, "value_int", DataType::Int64, true),
        field(id + 5, "trace_id", DataType::Binary, false),
        field(id + 6, "span_id", DataType::Binary, false),
        field(id + 7, "attributes", map_type(id + 7), false),
    ])
}

/// The type of the exemplars column; its inner fields have the ids after `id`.
pub fn exemplars_type(id: i32) -> DataType {
    DataType::List(element(id + 1, DataType::Struct(exemplar_fields(id))))
}

/// Exemplars of some rows.
pub struct ExemplarsBuilder {
    id: i32,
    offsets: Vec<i32>,
    time: Vec<i64>,
    value: Vec<Option<f64>>,
    value_int: Vec<Option<i64>>,
    trace_id: BinaryBuilder,
    span_id: BinaryBuilder,
    attributes: AttributesBuilder,
}

impl ExemplarsBuilder {
    pub fn new(id: i32) -> ExemplarsBuilder {
        ExemplarsBuilder {
            id,
            offsets: vec![0],
            time: Vec::new(),
            value: Vec::new(),
            value_int: Vec::new(),
            trace_id: BinaryBuilder::new(),
            span_id: BinaryBuilder::new(),
            attributes: AttributesBuilder::new(id + 7),
        }
    }

    /// The `exemplars` value of the next row.
    pub fn push(&mut self, encoded: &[u8]) {
        for exemplar in iter_exemplars(encoded) {
            self.time.push(exemplar.time_ns as i64);
            let (double, int) = match exemplar.value {
                None => (None, None),
                Some(Number::Double(n)) => (Some(n), None),
                Some(Number::Int(n)) => (None, Some(n)),
            };
            self.value.push(double);
            self.value_int.push(int);
            self.trace_id.append_value(exemplar.trace_id);
            self.span_id.append_value(exemplar.span_id);
            self.attributes.push(exemplar.filtered_attributes);
        }
        self.offsets.push(self.time.len() as i32);
    }

    pub fn finish(mut self) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(TimestampNanosecondArray::from(self.time).with_timezone("UTC")),
            Arc::new(Float64Array::from(self.value)),
            Arc::new(Int64Array::from(self.value_int)),
            Arc::new(self.trace_id.finish()),
            Arc::new(self.span_id.finish()),
            self.attributes.finish()?,
        ];
        list(self.id, exemplar_fields(self.id), columns, self.offsets)
    }
}

/// The exemplars of all rows as `exemplars` values.
pub fn read_exemplars(column: &ArrayRef) -> Result<ArrayRef> {
    let lists: &ListArray = downcast(column, "exemplars")?;
    let structs = lists.values();
    let time = numbers::<TimestampNanosecondType>(child_of(structs, "time")?, "exemplars.time")?;
    let value: &Float64Array = child(structs, "value")?;
    let value_int: &Int64Array = child(structs, "value_int")?;
    let trace_id: &BinaryArray = child(structs, "trace_id")?;
    let span_id: &BinaryArray = child(structs, "span_id")?;
    let attributes = AttributesReader::new(child_of(structs, "attributes")?)?;
    // Fields in the order of their numbers, as every encoder writes them.
    Ok(encode_lists(lists.value_offsets(), |at, out| {
        out.put_fixed64(2, time[at] as u64);
        if value.is_valid(at) {
            out.put_double_always(3, value.value(at));
        }
        out.put_bytes(4, span_id.value(at));
        out.put_bytes(5, trace_id.value(at));
        if value_int.is_valid(at) {
            out.put_fixed64_always(6, value_int.value(at) as u64);
        }
        attributes.put(at, 7, out);
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;
    use arrow::array::AsArray;

    #[test]
    fn exemplars_come_back_bit_exact() {
        let lists = [test_rows::exemplars(), Vec::new()];
        let mut builder = ExemplarsBuilder::new(400);
        lists.iter().for_each(|list| builder.push(list));
        let read = read_exemplars(&builder.finish().unwrap()).unwrap();
        assert_eq!(read.as_binary::<i32>(), &BinaryArray::from_iter_values(&lists));
    }
}
