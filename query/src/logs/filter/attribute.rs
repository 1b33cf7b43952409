//! One attribute of the rows of a batch, from a column of its own or from their lists.

use super::leaf::column;
use crate::Error;
use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use ocelli_signal::{AnyValue, Attributes};
use ocelli_storage::value_column;

/// The values of an attribute.
pub struct Own<'a> {
    key: &'a str,
    values: Values<'a>,
}

enum Values<'a> {
    Lists(&'a BinaryArray),
    Strings(&'a StringArray),
    Ints(&'a Int64Array),
    Doubles(&'a Float64Array),
    Bools(&'a BooleanArray),
}

impl<'a> Own<'a> {
    pub fn of(batch: &'a RecordBatch, key: &'a str) -> Result<Own<'a>, Error> {
        let values = match batch.column_by_name(&value_column(key)) {
            Some(array) => {
                typed(array).ok_or_else(|| Error::Internal(format!("a column of '{key}' has no type")))?
            }
            None => Values::Lists(column(batch, "attributes")?),
        };
        Ok(Own { key, values })
    }

    /// `None` where the row has none.
    pub fn get(&self, row: usize) -> Option<AnyValue<'a>> {
        match &self.values {
            Values::Lists(lists) => Attributes::of_column(lists.value(row)).get(self.key),
            Values::Strings(values) => values.is_valid(row).then(|| AnyValue::String(values.value(row))),
            Values::Ints(values) => values.is_valid(row).then(|| AnyValue::Int(values.value(row))),
            Values::Doubles(values) => values.is_valid(row).then(|| AnyValue::Double(values.value(row))),
            Values::Bools(values) => values.is_valid(row).then(|| AnyValue::Bool(values.value(row))),
        }
    }
}

fn typed(array: &ArrayRef) -> Option<Values<'_>> {
    let array = array.as_any();
    None.or_else(|| array.downcast_ref().map(Values::Strings))
        .or_else(|| array.downcast_ref().map(Values::Ints))
        .or_else(|| array.downcast_ref().map(Values::Doubles))
        .or_else(|| array.downcast_ref().map(Values::Bools))
}
