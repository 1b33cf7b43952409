//! Makes the batches of a new file: from rows of the signal, or from rows of another file.

use super::columns::keyed::{Joiner, ResourceKeys, Splitter};
use super::columns::span_parts::{EventsBuilder, LinksBuilder};
use super::columns::{column, downcast, numbers, origin, typed};
use super::layout::{Form, KEY_COLUMNS, Layout, MAP_KEYS, Part, RESOURCE_KEYS, read_attributes};
use crate::error::Result;
use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::TimestampNanosecondType;
use parquet::file::metadata::KeyValue;
use std::sync::Arc;

/// Makes batches of one new file, one after the other.
#[derive(Debug)]
pub struct Converter {
    pub layout: Layout,
    splitter: Splitter,
    resources: ResourceKeys,
}

impl Converter {
    pub fn new(layout: Layout) -> Converter {
        let splitter = Splitter::new(layout.keys().cloned().unwrap_or_default());
        Converter { layout, splitter, resources: ResourceKeys::default() }
    }

    /// Rows `order` of a batch of the signal, as columns of the file.
    pub fn convert(&mut self, rows: &RecordBatch, order: &UInt32Array) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.layout.file.fields().len());
        self.resources.add_all(column(rows, "resource")?)?;
        let mut keyed = Vec::new();
        for part in self.layout.parts {
            if part.form == Form::Attributes {
                let lists: &BinaryArray = typed(rows, part.name)?;
                let mut split = self.splitter.split(part.id, lists, order.values())?.into_iter();
                columns.extend(split.next());
                keyed.extend(split);
            } else {
                columns.extend(part.to_file(rows, order)?);
            }
        }
        if self.layout.keys().is_some() {
            columns.append(&mut keyed);
        }
        Ok(RecordBatch::try_new(self.layout.file.clone(), columns)?)
    }

    /// Rows of a file of the same signal with another layout, as columns of this file. Quick where
    /// its attributes have the same columns, or fewer.
    pub fn adopt(&mut self, from: &Layout, rows: &RecordBatch) -> Result<RecordBatch> {
        self.resources.add_other(from.resources());
        let mut columns = Vec::with_capacity(self.layout.file.fields().len());
        let mut keyed = Vec::new();
        for part in self.layout.parts {
            let names = part.fields(&from.signal);
            if part.form != Form::Attributes {
                for field in names {
                    columns.push(column(rows, field.name())?.clone());
                }
                continue;
            }
            let map = column(rows, part.name)?;
            let split = match from.keys() {
                Some(keys) => self.splitter.adopt(keys, from.residual(), map, rows)?,
                None => None,
            };
            let split = match (split, from.keys()) {
                (Some(split), _) => split,
                (None, Some(keys)) => self.split_all(part.id, &Joiner::new(keys, map, rows)?.lists()?)?,
                (None, None) => self.split_all(part.id, &read_attributes(map)?)?,
            };
            let mut split = split.into_iter();
            columns.extend(split.next());
            keyed.extend(split);
        }
        if self.layout.keys().is_some() {
            columns.append(&mut keyed);
        }
        Ok(RecordBatch::try_new(self.layout.file.clone(), columns)?)
    }

    fn split_all(&mut self, id: i32, lists: &ArrayRef) -> Result<Vec<ArrayRef>> {
        let order: Vec<u32> = (0..lists.len() as u32).collect();
        self.splitter.split(id, downcast(lists, "attributes")?, &order)
    }

    /// What the footer has to say of the attributes, when all rows are converted.
    pub fn about(&self) -> Vec<KeyValue> {
        let Some(keys) = self.layout.keys() else { return Vec::new() };
        let columns = KeyValue::new(KEY_COLUMNS.to_owned(), keys.to_json(self.splitter.rows()));
        let listed = [(MAP_KEYS, self.splitter.residual()), (RESOURCE_KEYS, self.resources.keys())];
        let listed = listed.into_iter().filter_map(|(name, keys)| Some((name, keys.to_json()?)));
        let listed = listed.map(|(name, json)| KeyValue::new(name.to_owned(), json));
        [columns].into_iter().chain(listed).collect()
    }
}

impl Part {
    fn to_file(&self, rows: &RecordBatch, order: &UInt32Array) -> Result<Vec<ArrayRef>> {
        let source = column(rows, self.name)?;
        let list = || downcast::<BinaryArray>(source, self.name);
        Ok(match self.form {
            Form::Same | Form::Attributes => vec![take(source, order, None)?],
            Form::Duration => vec![durations(rows, order)?],
            Form::Events => {
                let (values, mut builder) = (list()?, EventsBuilder::new(self.id));
                order.values().iter().for_each(|row| builder.push(values.value(*row as usize)));
                vec![builder.finish()?]
            }
            Form::Links => {
                let (values, mut builder) = (list()?, LinksBuilder::new(self.id));
                order.values().iter().for_each(|row| builder.push(values.value(*row as usize)));
                vec![builder.finish()?]
            }
            Form::Resource => origin::resource_columns(&take(source, order, None)?)?,
            Form::Scope => origin::scope_columns(&take(source, order, None)?)?,
        })
    }
}

/// End minus start, wrapping: whatever the clocks said comes back exactly.
fn durations(rows: &RecordBatch, order: &UInt32Array) -> Result<ArrayRef> {
    let start = numbers::<TimestampNanosecondType>(column(rows, "start_time")?, "start_time")?;
    let end = numbers::<TimestampNanosecondType>(column(rows, "end_time")?, "end_time")?;
    let durations = order.values().iter().map(|row| end[*row as usize].wrapping_sub(start[*row as usize]));
    Ok(Arc::new(Int64Array::from_iter_values(durations)))
}

#[cfg(test)]
mod tests;
