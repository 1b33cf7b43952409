//! The series of a points file: their labels, and which rows are theirs.

use super::schema::SERIES;
use crate::catalog::FileEntry;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::limits;
use crate::memtable::Known;
use crate::paths::SERIES_SUFFIX;
use crate::segment::columns::attributes::{AttributesBuilder, AttributesReader, map_type};
use crate::segment::columns::{column, dictionary_text, field, numbers, origin, timestamp, typed};
use crate::segment::properties::properties_builder;
use crate::segment::write::RowsFile;
use arrow::array::types::Int32Type;
use arrow::array::{
    ArrayRef, AsArray, BinaryArray, BooleanArray, DictionaryArray, FixedSizeBinaryArray,
    FixedSizeBinaryBuilder, Int32Array, RecordBatch, StringArray, StringDictionaryBuilder,
    TimestampNanosecondArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimestampNanosecondType, UInt32Type, UInt64Type};
use ocelli_signal::wire::Writer;
use ocelli_signal::{Attributes, Kind, Series};
use parquet::file::metadata::KeyValue;
use parquet::schema::types::ColumnPath;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, LazyLock};

const ATTRIBUTES: i32 = 100;
const METADATA: i32 = 104;
/// Hashes: repeated by the series of one sender, and no numbers to take differences of.
const ORIGIN_ID: &str = "origin_id";

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
        field(12, ORIGIN_ID, DataType::UInt64, false),
        field(SERIES, "series", DataType::UInt32, false),
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
    /// See `Known`.
    pub origin: u64,
    pub series: Arc<Series>,
    pub first_row: u32,
    pub row_count: u32,
    pub min_time: i64,
    pub max_time: i64,
}

impl SeriesEntry {
    pub fn known(&self) -> Known {
        Known { id: self.id, origin: self.origin, series: self.series.clone() }
    }

    /// Where it is in a file; see `Known`.
    pub fn order(&self) -> (&str, u64, u128) {
        (&self.series.name, self.origin, self.id)
    }

    pub fn rows(&self) -> Range<u32> {
        self.first_row..self.first_row + self.row_count
    }
}

/// Checks that the series account for some rows of the points file, one after the other.
pub fn check_rows(path: &Path, entries: &[SeriesEntry], rows: Range<u64>) -> Result<()> {
    let mut next = rows.start;
    for entry in entries {
        if u64::from(entry.first_row) != next {
            return Err(Error::corrupt(path, format_args!("row {next} belongs to no series")));
        }
        next += u64::from(entry.row_count);
    }
    if next == rows.end {
        Ok(())
    } else {
        Err(Error::corrupt(path, format_args!("{next} rows of {} have series", rows.end)))
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

/// A series file being written.
pub struct SeriesFile {
    file: RowsFile,
    pending: Vec<SeriesEntry>,
    written: usize,
}

impl SeriesFile {
    pub fn create(disk: &dyn Disk, stem: &Path) -> Result<SeriesFile> {
        let properties = properties_builder(series_schema(), Vec::new())?
            .set_column_dictionary_enabled(ColumnPath::from(ORIGIN_ID), true)
            .build();
        let file = RowsFile::with_properties(disk, stem, SERIES_SUFFIX, series_schema(), properties)?;
        Ok(SeriesFile { file, pending: Vec::new(), written: 0 })
    }

    /// Series come in the order of the file, and so do their rows.
    pub fn push(&mut self, series: SeriesEntry) -> Result<()> {
        self.pending.push(series);
        if self.pending.len() == limits::WRITE_ROWS { self.write_pending() } else { Ok(()) }
    }

    fn write_pending(&mut self) -> Result<()> {
        self.file.write(&to_file(&self.pending, self.written)?)?;
        self.written += self.pending.len();
        self.pending.clear();
        Ok(())
    }

    pub fn finish(mut self, about: Vec<KeyValue>) -> Result<FileEntry> {
        self.write_pending()?;
        self.file.finish_with(about)
    }
}

fn to_file(entries: &[SeriesEntry], first: usize) -> Result<RecordBatch> {
    let all = || entries.iter().map(|entry| &*entry.series);
    let mut ids = FixedSizeBinaryBuilder::with_capacity(entries.len(), 16);
    let mut attributes = AttributesBuilder::new(ATTRIBUTES);
    let mut metadata = AttributesBuilder::new(METADATA);
    for entry in entries {
        ids.append_value(entry.id.to_be_bytes())?;
        attributes.push(Attributes::of_column(&entry.series.attributes));
        metadata.push(Attributes::of_column(&entry.series.metadata));
    }
    let times = |time: fn(&SeriesEntry) -> i64| -> ArrayRef {
        Arc::new(TimestampNanosecondArray::from_iter_values(entries.iter().map(time)).with_timezone("UTC"))
    };
    let numbers = |number: fn(&SeriesEntry) -> u32| -> ArrayRef {
        Arc::new(UInt32Array::from_iter_values(entries.iter().map(number)))
    };
    let places = first as u32..(first + entries.len()) as u32;
    let mut columns: Vec<ArrayRef> = vec![
        texts(all().map(|series| &*series.name)),
        Arc::new(ids.finish()),
        texts(all().map(|series| &*series.description)),
        texts(all().map(|series| &*series.unit)),
        texts(all().map(|series| series.kind.as_str())),
        Arc::new(Int32Array::from_iter_values(all().map(|series| series.temporality))),
        Arc::new(all().map(|series| Some(series.is_monotonic)).collect::<BooleanArray>()),
        attributes.finish()?,
        metadata.finish()?,
        numbers(|entry| entry.first_row),
        numbers(|entry| entry.row_count),
        times(|entry| entry.min_time),
        times(|entry| entry.max_time),
        Arc::new(UInt64Array::from_iter_values(entries.iter().map(|entry| entry.origin))),
        Arc::new(UInt32Array::from_iter_values(places)),
    ];
    columns.extend(origin::resource_columns(&coded(all().map(|series| &series.resource[..])))?);
    columns.extend(origin::scope_columns(&coded(all().map(|series| &series.scope[..])))?);
    Ok(RecordBatch::try_new(series_schema().clone(), columns)?)
}

type Coded = DictionaryArray<Int32Type>;

/// Values of a dictionary column, shared by the rows that have the same.
pub struct Shared<'a, V: ?Sized> {
    keys: &'a Int32Array,
    values: Vec<Arc<V>>,
}

impl<V: ?Sized> Shared<'_, V> {
    /// Which of the values it is.
    pub fn key(&self, row: usize) -> i32 {
        self.keys.value(row)
    }

    pub fn get(&self, row: usize) -> Arc<V> {
        self.values[self.key(row) as usize].clone()
    }
}

pub fn shared_texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<Shared<'a, str>> {
    let coded: &Coded = typed(batch, name)?;
    let values: Option<&StringArray> = coded.values().as_string_opt();
    let values = values.ok_or_else(|| Error::corrupt(Path::new(name), "the column is no text"))?;
    let values = values.iter().map(|value| value.unwrap_or_default().into()).collect();
    Ok(Shared { keys: coded.keys(), values })
}

fn shared_bytes(column: &ArrayRef) -> Shared<'_, [u8]> {
    let coded: &Coded = column.as_dictionary();
    let values: &BinaryArray = coded.values().as_binary();
    let values = values.iter().map(|value| value.unwrap_or_default().into()).collect();
    Shared { keys: coded.keys(), values }
}

/// The series of a batch of the file.
pub fn from_file(batch: &RecordBatch) -> Result<Vec<SeriesEntry>> {
    let id: &FixedSizeBinaryArray = typed(batch, "series_id")?;
    let (name, description) = (shared_texts(batch, "metric")?, shared_texts(batch, "description")?);
    let (unit, kind) = (shared_texts(batch, "unit")?, shared_texts(batch, "kind")?);
    let temporality: &Int32Array = typed(batch, "temporality")?;
    let is_monotonic: &BooleanArray = typed(batch, "is_monotonic")?;
    let attributes = AttributesReader::new(column(batch, "attributes")?)?;
    let metadata = AttributesReader::new(column(batch, "metadata")?)?;
    let first_row = numbers::<UInt32Type>(column(batch, "first_row")?, "first_row")?;
    let row_count = numbers::<UInt32Type>(column(batch, "row_count")?, "row_count")?;
    let min_time = numbers::<TimestampNanosecondType>(column(batch, "min_time")?, "min_time")?;
    let max_time = numbers::<TimestampNanosecondType>(column(batch, "max_time")?, "max_time")?;
    let (resources, scopes) = (origin::read_resource(batch)?, origin::read_scope(batch)?);
    let (resource, scope) = (shared_bytes(&resources), shared_bytes(&scopes));
    let list = |reader: &AttributesReader<'_>, row: usize| -> Arc<[u8]> {
        let mut writer = Writer::new();
        reader.put(row, 1, &mut writer);
        writer.as_bytes().into()
    };
    let origins = numbers::<UInt64Type>(column(batch, ORIGIN_ID)?, ORIGIN_ID)?;
    let entry = |row: usize| SeriesEntry {
        origin: origins[row],
        id: u128::from_be_bytes(id.value(row).first_chunk().copied().unwrap_or_default()),
        series: Arc::new(Series {
            name: name.get(row),
            description: description.get(row),
            unit: unit.get(row),
            kind: kind_named(&kind.get(row)),
            temporality: temporality.value(row),
            is_monotonic: is_monotonic.value(row),
            attributes: list(&attributes, row),
            resource: resource.get(row),
            scope: scope.get(row),
            metadata: list(&metadata, row),
        }),
        first_row: first_row[row],
        row_count: row_count[row],
        min_time: min_time[row],
        max_time: max_time[row],
    };
    Ok((0..batch.num_rows()).map(entry).collect())
}

pub fn kind_named(name: &str) -> Kind {
    let kinds = [Kind::Sum, Kind::Histogram, Kind::ExponentialHistogram, Kind::Summary];
    kinds.into_iter().find(|kind| kind.as_str() == name).unwrap_or(Kind::Gauge)
}
