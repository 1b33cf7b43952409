//! Puts attributes together again from the columns of a file.

use super::shape::{self, Slot};
use super::{KeyColumn, KeyColumns, SHAPES, ValueType};
use crate::error::{Error, Result};
use crate::segment::columns::attributes::AttributesReader;
use crate::segment::columns::{column, downcast, typed};
use arrow::array::types::Int32Type;
use arrow::array::{
    Array, ArrayRef, BinaryBuilder, BooleanArray, DictionaryArray, Float64Array, Int64Array, RecordBatch,
    StringArray,
};
use ocelli_signal::AnyValue;
use ocelli_signal::attributes::put_pair;
use ocelli_signal::wire::Writer;
use std::path::Path;
use std::sync::Arc;

/// The columns of one batch that was read.
pub struct Joiner<'a> {
    map: AttributesReader<'a>,
    codes: &'a [i32],
    shapes: Vec<Vec<Slot>>,
    columns: Vec<(&'a KeyColumn, Values<'a>)>,
}

impl<'a> Joiner<'a> {
    pub fn new(columns: &'a KeyColumns, map: &'a ArrayRef, read: &'a RecordBatch) -> Result<Joiner<'a>> {
        let coded: &DictionaryArray<Int32Type> = typed(read, SHAPES)?;
        let texts: &StringArray = downcast(coded.values(), SHAPES)?;
        let shapes = texts.iter().map(|text| shape::from_text(text.unwrap_or("[]"), columns));
        let values = columns.iter().map(|about| {
            let array = column(read, &about.column)?;
            Ok((about, Values::new(about.value_type, array, &about.column)?))
        });
        Ok(Joiner {
            map: AttributesReader::new(map)?,
            codes: coded.keys().values(),
            shapes: shapes.collect::<Result<_>>()?,
            columns: values.collect::<Result<_>>()?,
        })
    }

    /// Every row as an `attributes` value.
    pub fn lists(&self) -> Result<ArrayRef> {
        let mut lists = BinaryBuilder::with_capacity(self.codes.len(), 64 * self.codes.len());
        let mut writer = Writer::new();
        for row in 0..self.codes.len() {
            writer.clear();
            self.put(row, &mut writer)?;
            lists.append_value(writer.as_bytes());
        }
        Ok(Arc::new(lists.finish()))
    }

    fn put(&self, row: usize, out: &mut Writer) -> Result<()> {
        let mut entries = self.map.entries(row);
        for slot in &self.shapes[self.codes[row] as usize] {
            match slot {
                Slot::Map => match entries.next() {
                    Some(entry) => self.map.put_entry(entry, 1, out),
                    None => return Err(Error::corrupt(Path::new(SHAPES), "a map has too few entries")),
                },
                Slot::Column(at) => {
                    let (about, values) = &self.columns[*at];
                    let value = values
                        .get(row)
                        .ok_or_else(|| Error::corrupt(Path::new(&about.column), "a value is missing"))?;
                    put_pair(out, 1, &about.key, &value);
                }
            }
        }
        entries.for_each(|entry| self.map.put_entry(entry, 1, out));
        Ok(())
    }
}

/// The values of some columns alone, as `attributes` values.
pub fn lists_of<'a>(columns: impl Iterator<Item = &'a KeyColumn>, read: &RecordBatch) -> Result<ArrayRef> {
    let columns: Vec<(&str, Values<'_>)> = columns
        .map(|about| {
            let array = column(read, &about.column)?;
            Ok((about.key.as_str(), Values::new(about.value_type, array, &about.column)?))
        })
        .collect::<Result<_>>()?;
    let mut lists = BinaryBuilder::with_capacity(read.num_rows(), 32 * read.num_rows());
    let mut writer = Writer::new();
    for row in 0..read.num_rows() {
        writer.clear();
        for (key, values) in &columns {
            values.get(row).iter().for_each(|value| put_pair(&mut writer, 1, key, value));
        }
        lists.append_value(writer.as_bytes());
    }
    Ok(Arc::new(lists.finish()))
}

/// One column as an array of its type.
#[derive(Clone, Copy, Debug)]
pub enum Values<'a> {
    String(&'a StringArray),
    Int(&'a Int64Array),
    Double(&'a Float64Array),
    Bool(&'a BooleanArray),
}

impl<'a> Values<'a> {
    pub fn new(value_type: ValueType, array: &'a ArrayRef, name: &str) -> Result<Values<'a>> {
        Ok(match value_type {
            ValueType::String => Values::String(downcast(array, name)?),
            ValueType::Int => Values::Int(downcast(array, name)?),
            ValueType::Double => Values::Double(downcast(array, name)?),
            ValueType::Bool => Values::Bool(downcast(array, name)?),
        })
    }

    /// The value of a row; `None` where it has none.
    pub fn get(&self, row: usize) -> Option<AnyValue<'a>> {
        match *self {
            Values::String(array) => array.is_valid(row).then(|| AnyValue::String(array.value(row))),
            Values::Int(array) => array.is_valid(row).then(|| AnyValue::Int(array.value(row))),
            Values::Double(array) => array.is_valid(row).then(|| AnyValue::Double(array.value(row))),
            Values::Bool(array) => array.is_valid(row).then(|| AnyValue::Bool(array.value(row))),
        }
    }
}
