//! How what a batch carries as protobuf bytes lies in a file as typed, open columns, and back.

pub mod attributes;
pub mod exemplars;
pub mod keyed;
pub mod origin;
pub mod span_parts;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, FieldRef, TimeUnit};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};

/// A column with its Parquet field id, which names it for ever, whatever it is called.
pub fn field(id: i32, name: &str, data_type: DataType, nullable: bool) -> Field {
    let id = HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_owned(), id.to_string())]);
    Field::new(name, data_type, nullable).with_metadata(id)
}

/// Nanoseconds, UTC.
pub fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

/// Text that repeats.
pub fn dictionary_text() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The element of a list, by the name that the Parquet format asks for.
pub fn element(id: i32, data_type: DataType) -> FieldRef {
    Arc::new(field(id, "element", data_type, false))
}

/// A column of a batch that was read from a file.
pub fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| wrong_type(name))
}

/// The same, as an array of a known type.
pub fn typed<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a A> {
    downcast(column(batch, name)?, name)
}

pub fn downcast<'a, A: Array + 'static>(array: &'a ArrayRef, name: &str) -> Result<&'a A> {
    array.as_any().downcast_ref().ok_or_else(|| wrong_type(name))
}

/// The child of a struct array as an array of a known type.
pub fn child<'a, A: Array + 'static>(array: &'a ArrayRef, name: &str) -> Result<&'a A> {
    let child = array.as_struct_opt().and_then(|array| array.column_by_name(name));
    downcast(child.ok_or_else(|| wrong_type(name))?, name)
}

/// The numbers of a column without nulls.
pub fn numbers<'a, T: ArrowPrimitiveType>(array: &'a ArrayRef, name: &str) -> Result<&'a [T::Native]> {
    array.as_primitive_opt::<T>().map(|array| &array.values()[..]).ok_or_else(|| wrong_type(name))
}

fn wrong_type(name: &str) -> Error {
    Error::corrupt(Path::new(name), "the column is missing or not of its type")
}
