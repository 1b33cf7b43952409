//! What the builders and views of the three signals share.

use crate::error::SchemaError;
use crate::origin::{Resource, UNKNOWN_SERVICE};
use arrow::array::types::Int32Type;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, DictionaryArray, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow::datatypes::{DataType, Field, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

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
#[derive(Debug, Default)]
pub struct Runs {
    keys: Vec<i32>,
    current: i32,
    values: Vec<Vec<u8>>,
    known: HashMap<Vec<u8>, i32>,
}

impl Runs {
    /// Makes `value` that of the rows to come.
    pub fn set(&mut self, value: &[u8]) {
        self.current = match self.known.get(value) {
            Some(index) => *index,
            None => {
                let index = self.values.len() as i32;
                self.values.push(value.to_vec());
                self.known.insert(value.to_vec(), index);
                index
            }
        };
    }

    pub fn push(&mut self) {
        if self.values.is_empty() {
            self.set(&[]);
        }
        self.keys.push(self.current);
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn finish_binary(self) -> ArrayRef {
        let values = BinaryArray::from_iter_values(&self.values);
        self.with_values(Arc::new(values))
    }

    fn with_values(self, values: ArrayRef) -> ArrayRef {
        let keys = Int32Array::from(self.keys);
        match DictionaryArray::<Int32Type>::try_new(keys, values) {
            Ok(array) => Arc::new(array),
            Err(error) => unreachable!("keys are made beside their values: {error}"),
        }
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
        if self.service.values.is_empty() {
            self.set_resource(&[]);
        }
        self.resource.push();
        self.scope.push();
        self.service.push();
    }

    /// The columns service, resource, scope.
    pub fn finish(self) -> [ArrayRef; 3] {
        let names: StringArray =
            self.service.values.iter().map(|name| Some(String::from_utf8_lossy(name))).collect();
        let service = self.service.with_values(Arc::new(names));
        [service, self.resource.finish_binary(), self.scope.finish_binary()]
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
