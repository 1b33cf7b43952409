//! Metric points as a batch: one row a data point, whatever its kind.

use crate::columns::{DictionaryView, Runs, dictionary, dictionary_view, required, times, timestamp, typed};
use crate::error::SchemaError;
use crate::series::SeriesView;
use crate::span_parts::Number;
use crate::wire::Writer;
use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryBuilder, Float64Array, Float64Builder, Int64Array, Int64Builder,
    RecordBatch, TimestampNanosecondArray, UInt32Array,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::sync::{Arc, LazyLock};

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        dictionary("resource", DataType::Binary),
        dictionary("scope", DataType::Binary),
        dictionary("metric", DataType::Binary),
        dictionary("attributes", DataType::Binary),
        required("start_time", timestamp()),
        required("time", timestamp()),
        required("flags", DataType::UInt32),
        Field::new("value", DataType::Float64, true),
        Field::new("value_int", DataType::Int64, true),
        Field::new("point", DataType::Binary, true),
        required("exemplars", DataType::Binary),
    ]))
});

/// How many columns of a batch say which series a point is of; they come first.
pub const SERIES_COLUMNS: usize = 4;

/// The columns of a batch of points. A point's series is in four of them, because a request repeats
/// each part many times, and seldom the whole: `metric` is an encoded series without the other three.
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
    resource: Runs,
    scope: Runs,
    metric: Runs,
    attributes: Runs,
    start_time: Vec<i64>,
    time: Vec<i64>,
    flags: Vec<u32>,
    value: Float64Builder,
    value_int: Int64Builder,
    point: BinaryBuilder,
    exemplars: BinaryBuilder,
}

impl PointsBuilder {
    pub fn new() -> PointsBuilder {
        PointsBuilder::default()
    }

    /// The series of the rows to come, encoded (see `series`). What is no series has no name.
    pub fn set_series(&mut self, encoded: &[u8]) {
        self.set_view(&SeriesView::parse(encoded).unwrap_or_default());
    }

    /// The same, read already.
    pub fn set_view(&mut self, series: &SeriesView<'_>) {
        let mut metric = Writer::new();
        series.metric().encode(&mut metric);
        self.set_resource(series.resource);
        self.set_scope(series.scope);
        self.set_metric(metric.as_bytes());
        self.set_attributes(series.attributes);
    }

    /// The resource of the rows to come, in the form of its column.
    pub fn set_resource(&mut self, resource: &[u8]) {
        self.resource.set(resource);
    }

    /// The scope of the rows to come, in the form of its column.
    pub fn set_scope(&mut self, scope: &[u8]) {
        self.scope.set(scope);
    }

    /// The metric of the rows to come (see `SeriesView::metric`), encoded.
    pub fn set_metric(&mut self, metric: &[u8]) {
        self.metric.set(metric);
    }

    /// The attributes of the rows to come, sorted by key, in the form of their column.
    pub fn set_attributes(&mut self, attributes: &[u8]) {
        self.attributes.set(attributes);
    }

    pub fn len(&self) -> usize {
        self.time.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    pub fn push(&mut self, row: &PointRow<'_>) {
        self.resource.push();
        self.scope.push();
        self.metric.push();
        self.attributes.push();
        self.start_time.push(row.start_time);
        self.time.push(row.time);
        self.flags.push(row.flags);
        let (double, int, other) = match row.body {
            PointBody::Empty => (None, None, None),
            PointBody::Number(Number::Double(n)) => (Some(n), None, None),
            PointBody::Number(Number::Int(n)) => (None, Some(n), None),
            PointBody::Other(point) => (None, None, Some(point)),
        };
        self.value.append_option(double);
        self.value_int.append_option(int);
        self.point.append_option(other);
        self.exemplars.append_value(row.exemplars);
    }

    pub fn finish(mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            self.resource.finish_binary(),
            self.scope.finish_binary(),
            self.metric.finish_binary(),
            self.attributes.finish_binary(),
            times(self.start_time),
            times(self.time),
            Arc::new(UInt32Array::from(self.flags)),
            Arc::new(self.value.finish()),
            Arc::new(self.value_int.finish()),
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
    pub resource: DictionaryView<'a, BinaryArray>,
    pub scope: DictionaryView<'a, BinaryArray>,
    pub metric: DictionaryView<'a, BinaryArray>,
    pub attributes: DictionaryView<'a, BinaryArray>,
    pub samples: Samples<'a>,
}

impl<'a> Points<'a> {
    /// Fails if a column is missing or of another type.
    pub fn new(batch: &'a RecordBatch) -> Result<Points<'a>, SchemaError> {
        Ok(Points {
            resource: dictionary_view(batch, "resource")?,
            scope: dictionary_view(batch, "scope")?,
            metric: dictionary_view(batch, "metric")?,
            attributes: dictionary_view(batch, "attributes")?,
            samples: Samples::new(batch)?,
        })
    }

    pub fn len(&self) -> usize {
        self.samples.len()
    }

    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The series of a row. Bytes were validated at ingest; a metric that can't be parsed all the same
    /// has no name.
    pub fn series(&self, row: usize) -> SeriesView<'a> {
        SeriesView {
            attributes: self.attributes.value(row),
            resource: self.resource.value(row),
            scope: self.scope.value(row),
            ..SeriesView::parse(self.metric.value(row)).unwrap_or_default()
        }
    }

    pub fn row(&self, row: usize) -> PointRow<'a> {
        self.samples.row(row)
    }
}

/// What a batch says of its points besides their series.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    pub start_time: &'a TimestampNanosecondArray,
    pub time: &'a TimestampNanosecondArray,
    pub flags: &'a UInt32Array,
    pub value: &'a Float64Array,
    pub value_int: &'a Int64Array,
    pub point: &'a BinaryArray,
    pub exemplars: &'a BinaryArray,
}

impl<'a> Samples<'a> {
    /// Fails if a column is missing or of another type. More columns may be there.
    pub fn new(batch: &'a RecordBatch) -> Result<Samples<'a>, SchemaError> {
        Ok(Samples {
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
