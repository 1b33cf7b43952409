//! What the builders and views of the three signals share.

use crate::error::SchemaError;
use crate::hashed::HashedMap;
use crate::origin::{Resource, UNKNOWN_SERVICE};
use arrow::array::types::Int32Type;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, DictionaryArray, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, TimeUnit};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

pub const TRACE_ID_LEN: usize = 16;
pub const SPAN_ID_LEN: usize = 8;

pub fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

pub fn required(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, false)
}

pub fn dictionary(name: &str, values: DataType) -> Field {
    required(name, DataType::Dictionary(Box::new(DataType::Int32), Box::new(values)))
}

pub fn times(nanos: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from(nanos).with_timezone("UTC"))
}

/// A dictionary column whose value changes rarely from row to row.
#[derive(Debug)]
pub struct Runs {
    keys: Vec<i32>,
    current: i32,
    /// The values end to end, and where each ends.
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    /// Values by their hash. Of two that share one only the first is found; the other is put in again
    /// each time it is set, which costs space and nothing else.
    known: HashedMap<u64, i32>,
}

impl Default for Runs {
    fn default() -> Runs {
        let (keys, bytes, known) = Default::default();
        Runs { keys, current: 0, bytes, offsets: vec![0], known }
    }
}

impl Runs {
    /// Makes `value` that of the rows to come.
    pub fn set(&mut self, value: &[u8]) {
        let next = self.values() as i32;
        let hash = xxh3_64(value);
        let found = *self.known.entry(hash).or_insert(next);
        if found != next && self.value(found as usize) == value {
            self.current = found;
            return;
        }
        self.bytes.extend_from_slice(value);
        self.offsets.push(self.bytes.len() as i32);
        self.current = next;
    }

    /// How many values there are.
    fn values(&self) -> usize {
        self.offsets.len() - 1
    }

    fn value(&self, index: usize) -> &[u8] {
        &self.bytes[self.offsets[index] as usize..self.offsets[index + 1] as usize]
    }

    pub fn push(&mut self) {
        if self.values() == 0 {
            self.set(&[]);
        }
        self.keys.push(self.current);
    }

    pub fn finish_binary(self) -> ArrayRef {
        let offsets = OffsetBuffer::new(self.offsets.into());
        let values = BinaryArray::new(offsets, self.bytes.into(), None);
        dictionary_array(self.keys, Arc::new(values))
    }

    /// As text; what is none is made one.
    fn finish_text(self) -> ArrayRef {
        let texts = (0..self.values()).map(|index| Some(String::from_utf8_lossy(self.value(index))));
        let values: StringArray = texts.collect();
        dictionary_array(self.keys, Arc::new(values))
    }
}

fn dictionary_array(keys: Vec<i32>, values: ArrayRef) -> ArrayRef {
    match DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), values) {
        Ok(array) => Arc::new(array),
        Err(error) => unreachable!("keys are made beside their values: {error}"),
    }
}

/// Resource, scope and service of the rows to come.
#[derive(Debug, Default)]
pub struct Origins {
    pub resource: Runs,
    pub scope: Runs,
    service: Runs,
}

impl Origins {
    pub fn set_resource(&mut self, resource: &[u8]) {
        self.resource.set(resource);
        let service = Resource::parse(resource).map_or(UNKNOWN_SERVICE, |resource| resource.service_name());
        self.service.set(service.as_bytes());
    }

    pub fn push(&mut self) {
        if self.service.values() == 0 {
            self.set_resource(&[]);
        }
        self.resource.push();
        self.scope.push();
        self.service.push();
    }

    /// The columns service, resource, scope.
    pub fn finish(self) -> [ArrayRef; 3] {
        [self.service.finish_text(), self.resource.finish_binary(), self.scope.finish_binary()]
    }
}

/// A dictionary column as keys and plain values.
#[derive(Debug)]
pub struct DictionaryView<'a, V> {
    keys: &'a [i32],
    pub values: &'a V,
}

// Derived, these would ask that `V` be `Copy`, though only a reference is copied.
impl<V> Clone for DictionaryView<'_, V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for DictionaryView<'_, V> {}

impl<'a> DictionaryView<'a, BinaryArray> {
    /// The value of a row.
    pub fn value(&self, row: usize) -> &'a [u8] {
        self.values.value(self.key(row))
    }
}

impl<V> DictionaryView<'_, V> {
    /// The index into `values` of a row.
    pub fn key(&self, row: usize) -> usize {
        self.keys[row] as usize
    }
}

fn column<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
    expected: &'static str,
) -> Result<&'a ArrayRef, SchemaError> {
    batch.column_by_name(name).ok_or(SchemaError { column: name, expected })
}

/// A column of a known array type.
pub fn typed<'a, A: Array + 'static>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<&'a A, SchemaError> {
    let expected = std::any::type_name::<A>();
    column(batch, name, expected)?.as_any().downcast_ref().ok_or(SchemaError { column: name, expected })
}

/// A dictionary column with values of a known array type.
pub fn dictionary_view<'a, V: Array + 'static>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<DictionaryView<'a, V>, SchemaError> {
    let expected = std::any::type_name::<V>();
    let wrong = SchemaError { column: name, expected };
    let array =
        column(batch, name, expected)?.as_dictionary_opt::<Int32Type>().ok_or_else(|| wrong.clone())?;
    let values = array.values().as_any().downcast_ref().ok_or(wrong)?;
    Ok(DictionaryView { keys: array.keys().values(), values })
}

/// An id of fixed length; its column's type says that it has this length.
pub fn id<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut id = [0; N];
    id.copy_from_slice(bytes);
    id
}
