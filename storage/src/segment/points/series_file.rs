//! The series of a points file: their labels, and which rows are theirs.

use crate::error::{Error, Result};
use crate::limits;
use crate::memtable::GroupedSeries;
use crate::segment::columns::attributes::{AttributesBuilder, AttributesReader, map_type};
use crate::segment::columns::{column, dictionary_text, field, numbers, origin, timestamp, typed};
use arrow::array::types::Int32Type;
use arrow::array::{
    ArrayRef, AsArray, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray,
    FixedSizeBinaryBuilder, Int32Array, RecordBatch, StringArray, StringDictionaryBuilder,
    TimestampNanosecondArray, UInt32Array,
};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimestampNanosecondType, UInt32Type};
use ocelli_signal::points::Points;
use ocelli_signal::wire::Writer;
use ocelli_signal::{Attributes, Kind, Series};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

const ATTRIBUTES: i32 = 100;
const METADATA: i32 = 104;

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let mut fields = vec![
        field(1, "metric", dictionary_text(), false),
        field(2, "series_id", DataType::FixedSizeBinary(16), false),
        field(3, "description", dictionary_text(), false),
        field(4, "unit", dictionary_text(), false),
        field(5, "kind", dictionary_text(), false),
        field(6, "temporality", DataType::Int32, false),
        field(7, "is_monotonic", DataType::Boolean, false),
        field(ATTRIBUTES, "attributes", map_type(ATTRIBUTES), false),
        field(METADATA, "metadata", map_type(METADATA), false),
        field(8, "first_row", DataType::UInt32, false),
        field(9, "row_count", DataType::UInt32, false),
        field(10, "min_time", timestamp(), false),
        field(11, "max_time", timestamp(), false),
    ];
    fields.extend(origin::resource_fields(50));
    fields.extend(origin::scope_fields(60));
    Arc::new(Schema::new(fields))
});

/// The columns of a series file.
pub fn series_schema() -> &'static SchemaRef {
    &SCHEMA
}

/// A series of a points file.
#[derive(Clone, Debug)]
pub struct SeriesEntry {
    pub id: u128,
    pub series: Arc<Series>,
    pub first_row: u32,
    pub row_count: u32,
    pub min_time: i64,
    pub max_time: i64,
}

impl SeriesEntry {
    pub fn rows(&self) -> Range<u32> {
        self.first_row..self.first_row + self.row_count
    }

    pub fn overlaps(&self, from_ns: i64, to_ns: i64) -> bool {
        self.min_time <= to_ns && from_ns <= self.max_time
    }
}

/// All series of a points file, in its order.
#[derive(Clone, Debug, Default)]
pub struct SeriesList(pub Vec<SeriesEntry>);

impl SeriesList {
    /// About what the list holds in memory.
    pub fn memory_bytes(&self) -> usize {
        let bytes = |series: &Series| {
            series.name.len()
                + series.description.len()
                + series.attributes.len()
                + series.metadata.len()
                + series.resource.len()
                + series.scope.len()
        };
        self.0.iter().map(|entry| 300 + bytes(&entry.series)).sum()
    }

    /// Checks that the series account for every row of the points file, one after the other.
    pub fn check(&self, path: &Path, rows: u64) -> Result<()> {
        let mut next = 0u64;
        for entry in &self.0 {
            if u64::from(entry.first_row) != next {
                return Err(Error::corrupt(path, format_args!("row {next} belongs to no series")));
            }
            next += u64::from(entry.row_count);
        }
        if next == rows {
            Ok(())
        } else {
            Err(Error::corrupt(path, format_args!("{next} rows of {rows} have series")))
        }
    }
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    values.for_each(|value| builder.append_value(value));
    Arc::new(builder.finish())
}

fn coded<'a>(values: impl Iterator<Item = &'a [u8]>) -> ArrayRef {
    let mut builder = arrow::array::BinaryDictionaryBuilder::<Int32Type>::new();
    values.for_each(|value| builder.append_value(value));
    Arc::new(builder.finish())
}

/// The series as batches of the file.
pub fn to_file(sorted: &[GroupedSeries], points: &Points<'_>) -> Result<Vec<RecordBatch>> {
    let mut first_row = 0;
    let mut batches = Vec::new();
    for chunk in sorted.chunks(limits::WRITE_ROWS) {
        batches.push(chunk_to_file(chunk, points, first_row)?);
        first_row += chunk.iter().map(|series| series.rows.len() as u32).sum::<u32>();
    }
    Ok(batches)
}

fn chunk_to_file(sorted: &[GroupedSeries], points: &Points<'_>, first_row: u32) -> Result<RecordBatch> {
    let all = || sorted.iter().map(|entry| &*entry.series);
    let mut ids = FixedSizeBinaryBuilder::with_capacity(sorted.len(), 16);
    let mut attributes = AttributesBuilder::new(ATTRIBUTES);
    let mut metadata = AttributesBuilder::new(METADATA);
    let (mut next, mut first_rows) = (first_row, Vec::with_capacity(sorted.len()));
    for entry in sorted {
        ids.append_value(entry.id.to_be_bytes())?;
        attributes.push(Attributes::of_column(&entry.series.attributes));
        metadata.push(Attributes::of_column(&entry.series.metadata));
        first_rows.push(next);
        next += entry.rows.len() as u32;
    }
    let time = |row: Option<&u32>| row.map_or(0, |row| points.time.value(*row as usize));
    let times = |values: Vec<i64>| -> ArrayRef {
        Arc::new(TimestampNanosecondArray::from(values).with_timezone("UTC"))
    };
    let mut columns: Vec<ArrayRef> = vec![
        texts(all().map(|series| series.name.as_str())),
        Arc::new(ids.finish()),
        texts(all().map(|series| series.description.as_str())),
        texts(all().map(|series| series.unit.as_str())),
        texts(all().map(|series| series.kind.as_str())),
        Arc::new(Int32Array::from_iter_values(all().map(|series| series.temporality))),
        Arc::new(all().map(|series| Some(series.is_monotonic)).collect::<BooleanArray>()),
        attributes.finish()?,
        metadata.finish()?,
        Arc::new(UInt32Array::from(first_rows)),
        Arc::new(UInt32Array::from_iter_values(sorted.iter().map(|entry| entry.rows.len() as u32))),
        times(sorted.iter().map(|entry| time(entry.rows.first())).collect()),
        times(sorted.iter().map(|entry| time(entry.rows.last())).collect()),
    ];
    columns.extend(origin::resource_columns(&coded(all().map(|series| &series.resource[..])))?);
    columns.extend(origin::scope_columns(&coded(all().map(|series| &series.scope[..])))?);
    Ok(RecordBatch::try_new(series_schema().clone(), columns)?)
}

type Coded = DictionaryArray<Int32Type>;

/// Text values of a dictionary column, row by row.
struct Texts<'a>(&'a Coded, &'a StringArray);

impl<'a> Texts<'a> {
    fn new(batch: &'a RecordBatch, name: &str) -> Result<Texts<'a>> {
        let coded: &Coded = typed(batch, name)?;
        let values = coded.values().as_string_opt();
        Ok(Texts(coded, values.ok_or_else(|| Error::corrupt(Path::new(name), "the column is no text"))?))
    }

    fn get(&self, row: usize) -> &'a str {
        self.1.value(self.0.keys().value(row) as usize)
    }
}

/// The series of a batch of the file.
pub fn from_file(batch: &RecordBatch) -> Result<Vec<SeriesEntry>> {
    let id: &FixedSizeBinaryArray = typed(batch, "series_id")?;
    let (name, description) = (Texts::new(batch, "metric")?, Texts::new(batch, "description")?);
    let (unit, kind) = (Texts::new(batch, "unit")?, Texts::new(batch, "kind")?);
    let temporality: &Int32Array = typed(batch, "temporality")?;
    let is_monotonic: &BooleanArray = typed(batch, "is_monotonic")?;
    let attributes = AttributesReader::new(column(batch, "attributes")?)?;
    let metadata = AttributesReader::new(column(batch, "metadata")?)?;
    let first_row = numbers::<UInt32Type>(column(batch, "first_row")?, "first_row")?;
    let row_count = numbers::<UInt32Type>(column(batch, "row_count")?, "row_count")?;
    let min_time = numbers::<TimestampNanosecondType>(column(batch, "min_time")?, "min_time")?;
    let max_time = numbers::<TimestampNanosecondType>(column(batch, "max_time")?, "max_time")?;
    let (resource, scope) = (origin::read_resource(batch)?, origin::read_scope(batch)?);
    let list = |reader: &AttributesReader<'_>, row: usize| {
        let mut writer = Writer::new();
        reader.put(row, 1, &mut writer);
        writer.into_bytes()
    };
    let entry = |row: usize| SeriesEntry {
        id: u128::from_be_bytes(id.value(row).first_chunk().copied().unwrap_or_default()),
        series: Arc::new(Series {
            name: name.get(row).to_owned(),
            description: description.get(row).to_owned(),
            unit: unit.get(row).to_owned(),
            kind: kind_named(kind.get(row)),
            temporality: temporality.value(row),
            is_monotonic: is_monotonic.value(row),
            attributes: list(&attributes, row),
            resource: bytes_at(&resource, row),
            scope: bytes_at(&scope, row),
            metadata: list(&metadata, row),
        }),
        first_row: first_row[row],
        row_count: row_count[row],
        min_time: min_time[row],
        max_time: max_time[row],
    };
    Ok((0..batch.num_rows()).map(entry).collect())
}

fn bytes_at(column: &ArrayRef, row: usize) -> Vec<u8> {
    let coded: &Coded = column.as_dictionary();
    let values: &BinaryArray = coded.values().as_binary();
    values.value(coded.keys().value(row) as usize).to_vec()
}

fn kind_named(name: &str) -> Kind {
    let kinds = [Kind::Sum, Kind::Histogram, Kind::ExponentialHistogram, Kind::Summary];
    kinds.into_iter().find(|kind| kind.as_str() == name).unwrap_or(Kind::Gauge)
}
