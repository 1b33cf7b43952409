//! Columns of logs and spans, as SQL sees them, made of stored ones.

use super::nested::{self, map_of};
use crate::Error;
use crate::logs::filter::column;
use crate::logs::filter::id::push_hex;
use arrow::array::types::Int32Type;
use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, FixedSizeBinaryArray, Int32Array, Int64Array, RecordBatch,
    StringArray, StringBuilder, TimestampNanosecondArray, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, TimeUnit};
use ocelli_api::logs::severity_class;
use ocelli_signal::Attributes;
use ocelli_signal::origin::{Resource, Scope};
use std::sync::Arc;

/// How a column comes about.
#[derive(Clone, Copy, Debug)]
pub enum Make {
    /// A stored column of times.
    Time,
    /// The same, where 0 stands for none.
    TimeOrNone,
    /// A stored column as it is: texts, or numbers.
    Text,
    Int,
    /// An id in lowercase hex.
    Id,
    /// The name of a number.
    Named(&'static [&'static str]),
    /// The class of a severity.
    Level,
    Service,
    ScopeName,
    Attributes,
    Resource,
    /// `end_time` - `start_time` in nanoseconds.
    Duration,
    Events,
    Links,
}

/// A column of SQL.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    /// The stored columns that it is made of, the first one first.
    pub from: &'static [&'static str],
    pub make: Make,
}

impl Column {
    pub const fn new(name: &'static str, from: &'static [&'static str], make: Make) -> Column {
        Column { name, from, make }
    }

    pub fn field(&self) -> Field {
        let (data_type, nullable) = match self.make {
            Make::Time => (time_type(), false),
            Make::TimeOrNone => (time_type(), true),
            Make::Int | Make::Duration => (DataType::Int64, false),
            Make::Id => (DataType::Utf8, true),
            Make::Attributes | Make::Resource => (nested::map_type(), false),
            Make::Text
            | Make::Named(_)
            | Make::Level
            | Make::Service
            | Make::ScopeName
            | Make::Events
            | Make::Links => (DataType::Utf8, false),
        };
        Field::new(self.name, data_type, nullable)
    }

    /// The values of all rows of a batch.
    pub fn array(&self, batch: &RecordBatch, keys: Option<&[String]>) -> Result<ArrayRef, Error> {
        let from = self.from[0];
        Ok(match self.make {
            Make::Time => Arc::new(times(batch, from)?.with_timezone("UTC")),
            Make::TimeOrNone => {
                let given = |time: Option<i64>| time.filter(|time| *time != 0);
                let times: TimestampNanosecondArray = times(batch, from)?.iter().map(given).collect();
                Arc::new(times.with_timezone("UTC"))
            }
            Make::Text => Arc::new(column::<StringArray>(batch, from)?.clone()),
            Make::Int => Arc::new(ints(batch, from)?),
            Make::Id => Arc::new(ids(column(batch, from)?)),
            Make::Named(names) => {
                let name = |number: i32| usize::try_from(number).ok().and_then(|at| names.get(at)).copied();
                let numbers = column::<Int32Array>(batch, from)?.values();
                Arc::new(StringArray::from_iter_values(
                    numbers.iter().map(|number| name(*number).unwrap_or("unknown")),
                ))
            }
            Make::Level => Arc::new(levels(batch)?),
            Make::Service => {
                let (keys, names) = distinct::<StringArray>(batch, from)?;
                take(names, keys, None).map_err(Error::internal)?
            }
            Make::ScopeName => {
                let (keys, scopes) = distinct::<BinaryArray>(batch, from)?;
                let name = |scope| Scope::parse(scope).unwrap_or_default().name;
                let names = scopes.iter().map(|scope| name(scope.unwrap_or_default()));
                take(&StringArray::from_iter_values(names), keys, None).map_err(Error::internal)?
            }
            Make::Resource => {
                let (keys, resources) = distinct::<BinaryArray>(batch, from)?;
                let parsed = resources.iter().map(|bytes| Resource::parse(bytes.unwrap_or_default()));
                let all = map_of(parsed.map(|resource| resource.unwrap_or_default().attributes()), None);
                take(&all, keys, None).map_err(Error::internal)?
            }
            Make::Attributes => {
                let lists = column::<BinaryArray>(batch, from)?;
                Arc::new(map_of((0..lists.len()).map(|row| Attributes::of_column(lists.value(row))), keys))
            }
            Make::Duration => {
                let (starts, ends) = (times(batch, from)?, times(batch, self.from[1])?);
                let pairs = starts.values().iter().zip(ends.values());
                Arc::new(pairs.map(|(start, end)| end.saturating_sub(*start)).collect::<Int64Array>())
            }
            Make::Events => {
                let events = column::<BinaryArray>(batch, from)?.iter();
                let texts = events.map(|list| nested::events_json(list.unwrap_or_default()));
                Arc::new(StringArray::from_iter_values(texts))
            }
            Make::Links => {
                let links = column::<BinaryArray>(batch, from)?.iter();
                let texts = links.map(|list| nested::links_json(list.unwrap_or_default()));
                Arc::new(StringArray::from_iter_values(texts))
            }
        })
    }
}

pub fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

fn times(batch: &RecordBatch, name: &str) -> Result<TimestampNanosecondArray, Error> {
    Ok(column::<TimestampNanosecondArray>(batch, name)?.clone())
}

fn ints(batch: &RecordBatch, name: &str) -> Result<Int64Array, Error> {
    if let Ok(numbers) = column::<UInt32Array>(batch, name) {
        return Ok(numbers.values().iter().map(|number| i64::from(*number)).collect());
    }
    Ok(column::<Int32Array>(batch, name)?.values().iter().map(|number| i64::from(*number)).collect())
}

fn ids(ids: &FixedSizeBinaryArray) -> StringArray {
    let mut out = StringBuilder::with_capacity(ids.len(), ids.len() * 2 * ids.value_size());
    let mut text = String::new();
    for row in 0..ids.len() {
        if ids.is_null(row) {
            out.append_null();
            continue;
        }
        text.clear();
        push_hex(ids.value(row), &mut text);
        out.append_value(&text);
    }
    out.finish()
}

/// As in log search: the class of the number, or the text where there is no number.
fn levels(batch: &RecordBatch) -> Result<StringArray, Error> {
    let numbers: &Int32Array = column(batch, "severity_number")?;
    let texts: &StringArray = column(batch, "severity_text")?;
    let level = |row: usize| match (numbers.value(row), texts.value(row)) {
        (0, text) if !text.is_empty() => text,
        (number, _) => severity_class(number),
    };
    Ok(StringArray::from_iter_values((0..batch.num_rows()).map(level)))
}

/// A dictionary column: which of its values each row has.
fn distinct<'a, V: Array + 'static>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<(&'a Int32Array, &'a V), Error> {
    let missing = || Error::Internal(format!("column '{name}' is missing or of another type"));
    let array = batch.column_by_name(name).and_then(|array| array.as_dictionary_opt::<Int32Type>());
    let array = array.ok_or_else(missing)?;
    Ok((array.keys(), array.values().as_any().downcast_ref().ok_or_else(missing)?))
}
