//! Metric points as a batch: one row a data point, whatever its kind.

use crate::columns::{DictionaryView, Runs, dictionary, dictionary_view, required, times, timestamp, typed};
use crate::error::SchemaError;
use crate::span_parts::Number;
use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryBuilder, Float64Array, Int64Array, RecordBatch,
    TimestampNanosecondArray, UInt32Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::{Arc, LazyLock};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        dictionary("series", DataType::Binary),
        required("start_time", timestamp()),
        required("time", timestamp()),
        required("flags", DataType::UInt32),
        Field::new("value", DataType::Float64, true),
        Field::new("value_int", DataType::Int64, true),
        Field::new("point", DataType::Binary, true),
        required("exemplars", DataType::Binary),
    ]))
});

/// The columns of a batch of points.
pub fn schema() -> SchemaRef {
    SCHEMA.clone()
}

/// `DataPointFlags`: the series has no value at this time (Prometheus' stale marker).
pub const FLAG_NO_RECORDED_VALUE: u32 = 1;

/// What a point holds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum PointBody<'a> {
    /// Neither: a number point without a value, as stale markers may be.
    #[default]
    Empty,
    Number(Number),
    /// The OTLP data point of a histogram, exponential histogram or summary, without what has a
    /// column of its own: attributes, times, flags, exemplars (see `point`).
    Other(&'a [u8]),
}

/// One data point of the series that was set last.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PointRow<'a> {
    /// Nanoseconds since the Unix epoch; 0 when unknown.
    pub start_time: i64,
    pub time: i64,
    pub flags: u32,
    pub body: PointBody<'a>,
    /// Repeated field 1 `Exemplar` (see `span_parts`).
    pub exemplars: &'a [u8],
}

/// Makes a batch row by row.
#[derive(Debug, Default)]
pub struct PointsBuilder {
    series: Runs,
    start_time: Vec<i64>,
    time: Vec<i64>,
    flags: Vec<u32>,
    value: Vec<Option<f64>>,
    value_int: Vec<Option<i64>>,
    point: BinaryBuilder,
    exemplars: BinaryBuilder,
}

impl PointsBuilder {
    pub fn new() -> PointsBuilder {
        PointsBuilder::default()
    }

    /// The series of the rows to come, encoded (see `series`).
    pub fn set_series(&mut self, encoded: &[u8]) {
        self.series.set(encoded);
    }

    pub fn len(&self) -> usize {
        self.series.len()
    }

    pub fn is_empty(&self) -> bool {
        self.series.len() == 0
    }

    pub fn push(&mut self, row: &PointRow<'_>) {
        self.series.push();
        self.start_time.push(row.start_time);
        self.time.push(row.time);
        self.flags.push(row.flags);
        let (double, int, other) = match row.body {
            PointBody::Empty => (None, None, None),
            PointBody::Number(Number::Double(n)) => (Some(n), None, None),
            PointBody::Number(Number::Int(n)) => (None, Some(n), None),
            PointBody::Other(point) => (None, None, Some(point)),
        };
        self.value.push(double);
        self.value_int.push(int);
        self.point.append_option(other);
        self.exemplars.append_value(row.exemplars);
    }

    pub fn finish(mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            self.series.finish_binary(),
            times(self.start_time),
            times(self.time),
            Arc::new(UInt32Array::from(self.flags)),
            Arc::new(Float64Array::from(self.value)),
            Arc::new(Int64Array::from(self.value_int)),
            Arc::new(self.point.finish()),
            Arc::new(self.exemplars.finish()),
        ];
        match RecordBatch::try_new(schema(), columns) {
            Ok(batch) => batch,
            Err(error) => unreachable!("every push appends to every column: {error}"),
        }
    }
}

/// The columns of a batch, typed.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    /// Keys and the encoded series that they point to.
    pub series: DictionaryView<'a, BinaryArray>,
    pub start_time: &'a TimestampNanosecondArray,
    pub time: &'a TimestampNanosecondArray,
    pub flags: &'a UInt32Array,
    pub value: &'a Float64Array,
    pub value_int: &'a Int64Array,
    pub point: &'a BinaryArray,
    pub exemplars: &'a BinaryArray,
}

impl<'a> Points<'a> {
    /// Fails if a column is missing or of another type.
    pub fn new(batch: &'a RecordBatch) -> Result<Points<'a>, SchemaError> {
        Ok(Points {
            series: dictionary_view(batch, "series")?,
            start_time: typed(batch, "start_time")?,
            time: typed(batch, "time")?,
            flags: typed(batch, "flags")?,
            value: typed(batch, "value")?,
            value_int: typed(batch, "value_int")?,
            point: typed(batch, "point")?,
            exemplars: typed(batch, "exemplars")?,
        })
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// The encoded series of a row.
    pub fn series(&self, row: usize) -> &'a [u8] {
        self.series.values.value(self.series.key(row))
    }

    pub fn row(&self, row: usize) -> PointRow<'a> {
        let body = if self.value.is_valid(row) {
            PointBody::Number(Number::Double(self.value.value(row)))
        } else if self.value_int.is_valid(row) {
            PointBody::Number(Number::Int(self.value_int.value(row)))
        } else if self.point.is_valid(row) {
            PointBody::Other(self.point.value(row))
        } else {
            PointBody::Empty
        };
        PointRow {
            start_time: self.start_time.value(row),
            time: self.time.value(row),
            flags: self.flags.value(row),
            body,
            exemplars: self.exemplars.value(row),
        }
    }
}
