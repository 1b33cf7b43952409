//! The columns of the files of logs and spans: which column of a batch becomes which of a file.
//! Field ids are the format; they are never used again for anything else (see `docs/format/segment.md`).

use super::columns::attributes::{AttributesBuilder, AttributesReader, map_type};
use super::columns::origin;
use super::columns::span_parts::{self, EventsBuilder, LinksBuilder, events_type, links_type};
use super::columns::{column, downcast, field, numbers};
use crate::error::{Error, Result};
use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryBuilder, Int64Array, RecordBatch, TimestampNanosecondArray,
    UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{Field, Int64Type, Schema, SchemaRef, TimestampNanosecondType};
use ocelli_signal::wire::Writer;
use ocelli_signal::{Attributes, Signal};
use std::sync::{Arc, LazyLock};

/// How a column of the signal's schema lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
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
struct Part {
    name: &'static str,
    form: Form,
    id: i32,
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

/// The layout of one signal's files.
pub struct Layout {
    parts: &'static [Part],
    signal: SchemaRef,
    /// The columns of the file.
    pub file: SchemaRef,
}

static SPANS_LAYOUT: LazyLock<Layout> = LazyLock::new(|| Layout::new(Signal::Spans, SPANS));
static LOGS_LAYOUT: LazyLock<Layout> = LazyLock::new(|| Layout::new(Signal::Logs, LOGS));

/// The layout of logs or spans; points have their own (see `points`).
pub fn layout(signal: Signal) -> Result<&'static Layout> {
    match signal {
        Signal::Spans => Ok(&SPANS_LAYOUT),
        Signal::Logs => Ok(&LOGS_LAYOUT),
        Signal::Points => Err(Error::invalid("points are read by series")),
    }
}

impl Layout {
    fn new(signal: Signal, parts: &'static [Part]) -> Layout {
        let schema = signal.schema();
        let fields: Vec<Field> = parts.iter().flat_map(|part| part.fields(&schema)).collect();
        Layout { parts, signal: schema, file: Arc::new(Schema::new(fields)) }
    }

    /// Rows `order` of a batch, as columns of the file.
    pub fn to_file(&self, rows: &RecordBatch, order: &UInt32Array) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.file.fields().len());
        for part in self.parts {
            columns.extend(part.to_file(rows, order)?);
        }
        Ok(RecordBatch::try_new(self.file.clone(), columns)?)
    }

    /// Which columns of the file are needed for some columns of the signal; all for `None`.
    pub fn needed(&self, columns: Option<&[&str]>) -> Result<Vec<usize>> {
        let mut needed: Vec<usize> = Vec::new();
        for part in self.wanted(columns)? {
            for field in part.fields(&self.signal) {
                needed.push(self.file.index_of(field.name())?);
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
    pub fn to_signal(&self, read: &RecordBatch, columns: Option<&[&str]>) -> Result<RecordBatch> {
        let mut fields = Vec::new();
        let mut arrays = Vec::new();
        for part in self.wanted(columns)? {
            fields.push(Arc::new(self.signal.field_with_name(part.name)?.clone()));
            arrays.push(part.to_signal(read)?);
        }
        let schema = if columns.is_none() { self.signal.clone() } else { Arc::new(Schema::new(fields)) };
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

impl Part {
    fn fields(&self, signal: &Schema) -> Vec<Field> {
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

    fn to_file(&self, rows: &RecordBatch, order: &UInt32Array) -> Result<Vec<ArrayRef>> {
        let source = column(rows, self.name)?;
        let list = || downcast::<BinaryArray>(source, self.name);
        Ok(match self.form {
            Form::Same => vec![take(source, order, None)?],
            Form::Duration => vec![durations(rows, order)?],
            Form::Attributes => {
                let (values, mut builder) = (list()?, AttributesBuilder::new(self.id));
                order
                    .values()
                    .iter()
                    .for_each(|row| builder.push(Attributes::of_column(values.value(*row as usize))));
                vec![builder.finish()?]
            }
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

    fn to_signal(&self, read: &RecordBatch) -> Result<ArrayRef> {
        match self.form {
            Form::Same => Ok(column(read, self.name)?.clone()),
            Form::Duration => ends(read),
            Form::Attributes => read_attributes(column(read, self.name)?),
            Form::Events => span_parts::read_events(column(read, self.name)?),
            Form::Links => span_parts::read_links(column(read, self.name)?),
            Form::Resource => origin::read_resource(read),
            Form::Scope => origin::read_scope(read),
        }
    }
}

/// End minus start, wrapping: whatever the clocks said comes back exactly.
fn durations(rows: &RecordBatch, order: &UInt32Array) -> Result<ArrayRef> {
    let start = numbers::<TimestampNanosecondType>(column(rows, "start_time")?, "start_time")?;
    let end = numbers::<TimestampNanosecondType>(column(rows, "end_time")?, "end_time")?;
    let durations = order.values().iter().map(|row| end[*row as usize].wrapping_sub(start[*row as usize]));
    Ok(Arc::new(Int64Array::from_iter_values(durations)))
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
            let layout = layout(signal).unwrap();
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

    #[test]
    fn rows_pass_through_the_layout_unchanged() {
        for signal in [Signal::Spans, Signal::Logs] {
            let layout = layout(signal).unwrap();
            let rows = test_rows::batch(signal, 0, 100);
            let order = UInt32Array::from_iter_values(0..100);
            let file = layout.to_file(&rows, &order).unwrap();
            crate::test_compare::assert_same_rows(&layout.to_signal(&file, None).unwrap(), &rows);
            let some = layout.to_signal(&file, Some(&["attributes", "service"])).unwrap();
            assert_eq!(some.num_columns(), 2);
            assert_eq!(
                some.column(0).as_binary::<i32>(),
                rows.column_by_name("attributes").unwrap().as_binary::<i32>()
            );
        }
    }
}
