//! The columns of the files of logs and spans: which column of a batch becomes which of a file.
//! Field ids are the format; they are never used again for anything else (see `docs/format/segment.md`).

use super::columns::attributes::{AttributesReader, map_type};
use super::columns::keyed::{self, Joiner, KeyColumn, KeyColumns, ResidualKeys};
use super::columns::origin;
use super::columns::span_parts::{self, events_type, links_type};
use super::columns::{column, field, numbers, typed};
use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, BinaryArray, BinaryBuilder, RecordBatch, TimestampNanosecondArray};
use arrow::buffer::{Buffer, OffsetBuffer};
use arrow::datatypes::{Field, Int64Type, Schema, SchemaRef, TimestampNanosecondType};
use ocelli_signal::Signal;
use ocelli_signal::wire::Writer;
use parquet::file::metadata::KeyValue;
use std::sync::Arc;

/// How a column of the signal's schema lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Same,
    /// The end of a span as its duration: small numbers pack better, and are what people ask for.
    Duration,
    Attributes,
    Events,
    Links,
    Resource,
    Scope,
}

const ATTRIBUTES_IDS: i32 = 100;
const EVENTS_IDS: i32 = 110;
const LINKS_IDS: i32 = 130;

/// One column of the signal's schema: its name, its form, its (first) field id.
#[derive(Debug)]
pub(super) struct Part {
    pub name: &'static str,
    pub form: Form,
    pub id: i32,
}

const fn part(id: i32, name: &'static str, form: Form) -> Part {
    Part { name, form, id }
}

static SPANS: &[Part] = &[
    part(1, "trace_id", Form::Same),
    part(2, "span_id", Form::Same),
    part(3, "parent_span_id", Form::Same),
    part(4, "trace_state", Form::Same),
    part(5, "flags", Form::Same),
    part(6, "name", Form::Same),
    part(7, "kind", Form::Same),
    part(8, "start_time", Form::Same),
    part(9, "end_time", Form::Duration),
    part(10, "status_code", Form::Same),
    part(11, "status_message", Form::Same),
    part(ATTRIBUTES_IDS, "attributes", Form::Attributes),
    part(12, "dropped_attributes_count", Form::Same),
    part(EVENTS_IDS, "events", Form::Events),
    part(13, "dropped_events_count", Form::Same),
    part(LINKS_IDS, "links", Form::Links),
    part(14, "dropped_links_count", Form::Same),
    part(15, "service", Form::Same),
    part(50, "resource", Form::Resource),
    part(60, "scope", Form::Scope),
];

static LOGS: &[Part] = &[
    part(1, "time", Form::Same),
    part(2, "time_given", Form::Same),
    part(3, "observed_time", Form::Same),
    part(4, "severity_number", Form::Same),
    part(5, "severity_text", Form::Same),
    part(6, "body", Form::Same),
    part(7, "body_kind", Form::Same),
    part(ATTRIBUTES_IDS, "attributes", Form::Attributes),
    part(8, "dropped_attributes_count", Form::Same),
    part(9, "flags", Form::Same),
    part(10, "trace_id", Form::Same),
    part(11, "span_id", Form::Same),
    part(12, "event_name", Form::Same),
    part(15, "service", Form::Same),
    part(50, "resource", Form::Resource),
    part(60, "scope", Form::Scope),
];

/// The name that a duration has in a file.
const DURATION: &str = "duration_ns";

/// Where the footer says which attributes have columns, and which keys are in the maps.
pub(super) const KEY_COLUMNS: &str = "ocelli.attribute_columns";
pub(super) const MAP_KEYS: &str = "ocelli.map_keys";
/// Where it says which keys the resources have.
pub(super) const RESOURCE_KEYS: &str = "ocelli.resource_keys";

/// The layout of one file.
#[derive(Debug)]
pub struct Layout {
    pub(super) parts: &'static [Part],
    pub(super) signal: SchemaRef,
    /// Attributes with columns; `None` for a file from before there were any.
    keys: Option<KeyColumns>,
    /// Keys in the maps, and in the resources.
    residual: ResidualKeys,
    resources: ResidualKeys,
    /// The columns of the file.
    pub file: SchemaRef,
}

impl Layout {
    /// For a new file with these columns for attributes. Points have a layout of their own.
    pub fn new(signal: Signal, keys: Option<KeyColumns>) -> Result<Layout> {
        let parts = match signal {
            Signal::Spans => SPANS,
            Signal::Logs => LOGS,
            Signal::Points => return Err(Error::invalid("points are read by series")),
        };
        let schema = signal.schema();
        let mut fields: Vec<Field> = parts.iter().flat_map(|part| part.fields(&schema)).collect();
        fields.extend(keys.iter().flat_map(KeyColumns::fields));
        let file = Arc::new(Schema::new(fields));
        let unknown = ResidualKeys::unknown;
        Ok(Layout { parts, signal: schema, keys, residual: unknown(), resources: unknown(), file })
    }

    /// For a new file with rows like these.
    pub fn for_rows<'a>(signal: Signal, rows: impl IntoIterator<Item = &'a RecordBatch>) -> Result<Layout> {
        let lists: Vec<&BinaryArray> =
            rows.into_iter().map(|rows| typed(rows, "attributes")).collect::<Result<_>>()?;
        Layout::new(signal, Some(keyed::survey(&lists)))
    }

    /// Of a file whose footer has these pairs.
    pub fn of_file(signal: Signal, footer: Option<&Vec<KeyValue>>) -> Result<Layout> {
        let value = |key: &str| footer?.iter().find(|pair| pair.key == key)?.value.as_deref();
        let keys = value(KEY_COLUMNS).map(KeyColumns::from_json).transpose()?;
        let residual = ResidualKeys::from_json(value(MAP_KEYS));
        let resources = ResidualKeys::from_json(value(RESOURCE_KEYS));
        Ok(Layout { residual, resources, ..Layout::new(signal, keys)? })
    }

    /// The attributes that have columns.
    pub fn keys(&self) -> Option<&KeyColumns> {
        self.keys.as_ref()
    }

    /// The column, with its place, that has all values of a key; `Ok(None)` where no row has the key.
    pub fn only_column(&self, key: &str) -> Result<Option<(usize, &KeyColumn)>, Scattered> {
        let keys = self.keys.as_ref().filter(|_| !self.residual.may_have(key)).ok_or(Scattered)?;
        let mut columns = keys.iter().filter(|column| column.key == key);
        match (columns.next(), columns.next()) {
            (_, Some(_)) => Err(Scattered),
            (Some(column), None) => {
                let place = self.file.index_of(&column.column).map_err(|_| Scattered)?;
                Ok(Some((place, column)))
            }
            (None, None) => Ok(None),
        }
    }

    /// The columns of the wanted keys, if they tell all of them.
    fn narrowed(&self, wanted: &Wanted<'_>) -> Option<Vec<(usize, &KeyColumn)>> {
        let columns = wanted.keys?.iter().map(|key| self.only_column(key).ok());
        Some(columns.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
    }

    /// Keys in the maps of its rows.
    pub fn residual(&self) -> &ResidualKeys {
        &self.residual
    }

    /// Keys of its resources.
    pub fn resources(&self) -> &ResidualKeys {
        &self.resources
    }

    /// Whether the resource of some row may have an attribute.
    pub fn resource_may_have(&self, key: &str) -> bool {
        self.resources.may_have(key)
    }

    /// Which columns of the file are needed for some columns of the signal; all for `None`.
    pub fn needed(&self, wanted: &Wanted<'_>) -> Result<Vec<usize>> {
        let mut needed: Vec<usize> = Vec::new();
        for part in self.wanted(wanted.columns)? {
            if part.form == Form::Attributes
                && let Some(keys) = self.narrowed(wanted)
            {
                needed.extend(keys.iter().map(|(place, _)| place));
                continue;
            }
            for field in part.fields(&self.signal) {
                needed.push(self.file.index_of(field.name())?);
            }
            if part.form == Form::Attributes {
                for field in self.keys.iter().flat_map(KeyColumns::fields) {
                    needed.push(self.file.index_of(field.name())?);
                }
            }
            if part.form == Form::Duration {
                needed.push(self.file.index_of("start_time")?);
            }
        }
        needed.sort_unstable();
        needed.dedup();
        Ok(needed)
    }

    /// What was read, as the wanted columns of the signal.
    pub fn to_signal(&self, read: &RecordBatch, wanted: &Wanted<'_>) -> Result<RecordBatch> {
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        let mut values = Vec::new();
        for part in self.wanted(wanted.columns)? {
            fields.push(Arc::new(self.signal.field_with_name(part.name)?.clone()));
            arrays.push(match self.narrowed(wanted) {
                Some(keys) if part.form == Form::Attributes && wanted.as_values => {
                    values = keys;
                    no_lists(read.num_rows())
                }
                Some(keys) if part.form == Form::Attributes => {
                    keyed::lists_of(keys.iter().map(|(_, column)| *column), read)?
                }
                _ => part.to_signal(read, self.keys.as_ref())?,
            });
        }
        for (_, about) in values {
            let array = column(read, &about.column)?.clone();
            fields.push(Arc::new(Field::new(value_column(&about.key), array.data_type().clone(), true)));
            arrays.push(array);
        }
        let schema = if wanted.columns.is_none() && !wanted.as_values {
            self.signal.clone()
        } else {
            Arc::new(Schema::new(fields))
        };
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(read.num_rows()));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }

    fn wanted(&self, columns: Option<&[&str]>) -> Result<Vec<&'static Part>> {
        let Some(columns) = columns else { return Ok(self.parts.iter().collect()) };
        let find = |name: &&str| self.parts.iter().find(|part| part.name == *name);
        columns
            .iter()
            .map(|name| {
                find(name).ok_or_else(|| Error::invalid(format_args!("no column is called '{name}'")))
            })
            .collect()
    }
}

/// What is to be read of rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Columns of the signal; all for `None`.
    pub columns: Option<&'a [&'a str]>,
    /// Only the first value of each of these keys is needed of `attributes`; all for `None`.
    pub keys: Option<&'a [&'a str]>,
    /// If each key has one column, their values are given as such, and `attributes` is empty.
    pub as_values: bool,
}

/// The column of the values of a key, if they are given as such: of its type, null where a row has none.
pub fn value_column(key: &str) -> String {
    format!("value of {key}")
}

/// As if no row had an attribute.
fn no_lists(rows: usize) -> ArrayRef {
    Arc::new(BinaryArray::new(OffsetBuffer::new_zeroed(rows), Buffer::from_vec(Vec::<u8>::new()), None))
}

/// A key that is not in one column only.
#[derive(Debug)]
pub struct Scattered;

impl Part {
    pub(super) fn fields(&self, signal: &Schema) -> Vec<Field> {
        let name = self.name;
        match self.form {
            Form::Same => {
                let about = signal
                    .field_with_name(name)
                    .map(|field| (field.data_type().clone(), field.is_nullable()));
                about
                    .into_iter()
                    .map(|(data_type, nullable)| field(self.id, name, data_type, nullable))
                    .collect()
            }
            Form::Duration => vec![field(self.id, DURATION, arrow::datatypes::DataType::Int64, false)],
            Form::Attributes => vec![field(self.id, name, map_type(self.id), false)],
            Form::Events => vec![field(self.id, name, events_type(self.id), false)],
            Form::Links => vec![field(self.id, name, links_type(self.id), false)],
            Form::Resource => origin::resource_fields(self.id),
            Form::Scope => origin::scope_fields(self.id),
        }
    }

    fn to_signal(&self, read: &RecordBatch, keys: Option<&KeyColumns>) -> Result<ArrayRef> {
        match self.form {
            Form::Same => Ok(column(read, self.name)?.clone()),
            Form::Duration => ends(read),
            Form::Attributes => match keys {
                Some(keys) => Joiner::new(keys, column(read, self.name)?, read)?.lists(),
                None => read_attributes(column(read, self.name)?),
            },
            Form::Events => span_parts::read_events(column(read, self.name)?),
            Form::Links => span_parts::read_links(column(read, self.name)?),
            Form::Resource => origin::read_resource(read),
            Form::Scope => origin::read_scope(read),
        }
    }
}

fn ends(read: &RecordBatch) -> Result<ArrayRef> {
    let start = numbers::<TimestampNanosecondType>(column(read, "start_time")?, "start_time")?;
    let duration = numbers::<Int64Type>(column(read, DURATION)?, DURATION)?;
    let ends = start.iter().zip(duration).map(|(start, duration)| start.wrapping_add(*duration));
    Ok(Arc::new(TimestampNanosecondArray::from_iter_values(ends).with_timezone("UTC")))
}

/// The attributes of all rows as `attributes` values.
pub fn read_attributes(map: &ArrayRef) -> Result<ArrayRef> {
    let reader = AttributesReader::new(map)?;
    let mut values = BinaryBuilder::new();
    let mut writer = Writer::new();
    for row in 0..map.len() {
        writer.clear();
        reader.put(row, 1, &mut writer);
        values.append_value(writer.as_bytes());
    }
    Ok(Arc::new(values.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;
    use arrow::array::AsArray;
    use std::collections::HashSet;

    #[test]
    fn every_column_of_the_signal_has_a_place_and_field_ids_are_unique() {
        for signal in [Signal::Spans, Signal::Logs] {
            let layout = Layout::new(signal, Some(keyed::survey(&[&lists(signal)]))).unwrap();
            let names: Vec<_> = layout.parts.iter().map(|part| part.name).collect();
            let schema = signal.schema();
            assert_eq!(names, schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>());
            let mut ids = HashSet::new();
            for field in layout.file.flattened_fields() {
                let id = field.metadata().get("PARQUET:field_id").unwrap_or_else(|| panic!("{field:?}"));
                assert!(ids.insert(id.clone()), "{signal:?} {field:?}");
            }
        }
    }

    fn lists(signal: Signal) -> BinaryArray {
        test_rows::batch(signal, 0, 100).column_by_name("attributes").unwrap().as_binary::<i32>().clone()
    }
}
