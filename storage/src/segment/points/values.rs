//! The columns of a points file, and how a batch becomes them.

use crate::error::Result;
use crate::segment::columns::exemplars::{ExemplarsBuilder, exemplars_type};
use crate::segment::columns::{dictionary_text, element, field, timestamp};
use arrow::array::types::Int32Type;
use arrow::array::{
    ArrayRef, FixedSizeBinaryBuilder, Float64Array, Int32Array, Int64Array, ListArray, PrimitiveArray,
    RecordBatch, StringDictionaryBuilder, StructArray, TimestampNanosecondArray, UInt32Array, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Fields, Float64Type, Schema, SchemaRef, UInt64Type};
use ocelli_signal::Kind;
use ocelli_signal::point::{Buckets, ExponentialHistogram, Histogram, Summary};
use ocelli_signal::points::{PointBody, Points};
use ocelli_signal::span_parts::Number;
use std::sync::{Arc, LazyLock};

use crate::memtable::GroupedSeries;

const BUCKET_COUNTS: i32 = 12;
const BOUNDS: i32 = 14;
const POSITIVE: i32 = 19;
const NEGATIVE: i32 = 23;
const QUANTILES: i32 = 27;
const EXEMPLARS: i32 = 110;

fn list_type(id: i32, data_type: DataType) -> DataType {
    DataType::List(element(id + 1, data_type))
}

fn bucket_fields(id: i32) -> Fields {
    Fields::from(vec![
        field(id + 1, "offset", DataType::Int32, false),
        field(id + 2, "counts", list_type(id + 2, DataType::UInt64), false),
    ])
}

fn quantile_fields() -> Fields {
    Fields::from(vec![
        field(QUANTILES + 2, "quantile", DataType::Float64, false),
        field(QUANTILES + 3, "value", DataType::Float64, false),
    ])
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let quantile = DataType::Struct(quantile_fields());
    Arc::new(Schema::new(vec![
        field(1, "metric", dictionary_text(), false),
        field(2, "series_id", DataType::FixedSizeBinary(16), false),
        field(3, "time", timestamp(), false),
        field(4, "start_time", timestamp(), false),
        field(5, "flags", DataType::UInt32, false),
        field(6, "value", DataType::Float64, true),
        field(7, "value_int", DataType::Int64, true),
        field(8, "count", DataType::UInt64, true),
        field(9, "sum", DataType::Float64, true),
        field(10, "min", DataType::Float64, true),
        field(11, "max", DataType::Float64, true),
        field(BUCKET_COUNTS, "bucket_counts", list_type(BUCKET_COUNTS, DataType::UInt64), true),
        field(BOUNDS, "explicit_bounds", list_type(BOUNDS, DataType::Float64), true),
        field(16, "scale", DataType::Int32, true),
        field(17, "zero_count", DataType::UInt64, true),
        field(18, "zero_threshold", DataType::Float64, true),
        field(POSITIVE, "positive", DataType::Struct(bucket_fields(POSITIVE)), true),
        field(NEGATIVE, "negative", DataType::Struct(bucket_fields(NEGATIVE)), true),
        field(QUANTILES, "quantiles", list_type(QUANTILES, quantile), true),
        field(EXEMPLARS, "exemplars", exemplars_type(EXEMPLARS), false),
    ]))
});

/// The columns of a points file.
pub fn schema() -> &'static SchemaRef {
    &SCHEMA
}

/// Some rows, each with the place of its series, as columns of the file.
pub fn to_file(points: &Points<'_>, series: &[GroupedSeries], rows: &[(u32, u32)]) -> Result<RecordBatch> {
    let mut ids = FixedSizeBinaryBuilder::with_capacity(rows.len(), 16);
    let mut metrics = StringDictionaryBuilder::<Int32Type>::new();
    let mut values = Values::default();
    let mut exemplars = ExemplarsBuilder::new(EXEMPLARS);
    for (place, row) in rows {
        let of = &series[*place as usize];
        let point = points.row(*row as usize);
        ids.append_value(of.id.to_be_bytes())?;
        metrics.append_value(&of.series.name);
        values.push(of.series.kind, point.body);
        exemplars.push(point.exemplars);
    }
    let all = || rows.iter().map(|(_, row)| *row as usize);
    let times = |source: &TimestampNanosecondArray| -> ArrayRef {
        Arc::new(
            TimestampNanosecondArray::from_iter_values(all().map(|row| source.value(row)))
                .with_timezone("UTC"),
        )
    };
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(metrics.finish()),
        Arc::new(ids.finish()),
        times(points.time),
        times(points.start_time),
        Arc::new(UInt32Array::from_iter_values(all().map(|row| points.flags.value(row)))),
    ];
    columns.extend(values.finish()?);
    columns.push(exemplars.finish()?);
    Ok(RecordBatch::try_new(schema().clone(), columns)?)
}

/// What points of any kind hold; what a kind does not have is null.
#[derive(Default)]
struct Values {
    value: Vec<Option<f64>>,
    value_int: Vec<Option<i64>>,
    count: Vec<Option<u64>>,
    sum: Vec<Option<f64>>,
    min: Vec<Option<f64>>,
    max: Vec<Option<f64>>,
    bucket_counts: Lists<UInt64Type>,
    bounds: Lists<Float64Type>,
    scale: Vec<Option<i32>>,
    zero_count: Vec<Option<u64>>,
    zero_threshold: Vec<Option<f64>>,
    positive: BucketColumns,
    negative: BucketColumns,
    quantiles: Vec<Option<Vec<(f64, f64)>>>,
}

impl Values {
    fn push(&mut self, kind: Kind, body: PointBody<'_>) {
        let (mut value, mut value_int) = (None, None);
        let (mut histogram, mut exponential, mut summary) = (None, None, None);
        match body {
            PointBody::Empty => {}
            PointBody::Number(Number::Double(n)) => value = Some(n),
            PointBody::Number(Number::Int(n)) => value_int = Some(n),
            // Bytes were validated at ingest.
            PointBody::Other(point) => match kind {
                Kind::ExponentialHistogram => exponential = ExponentialHistogram::parse(point).ok(),
                Kind::Summary => summary = Summary::parse(point).ok(),
                _ => histogram = Histogram::parse(point).ok(),
            },
        }
        self.value.push(value);
        self.value_int.push(value_int);
        self.push_totals(histogram.as_ref(), exponential.as_ref(), summary.as_ref());
        self.bucket_counts.push(histogram.as_ref().map(|point| &point.bucket_counts[..]));
        self.bounds.push(histogram.as_ref().map(|point| &point.explicit_bounds[..]));
        self.scale.push(exponential.as_ref().map(|point| point.scale));
        self.zero_count.push(exponential.as_ref().map(|point| point.zero_count));
        self.zero_threshold.push(exponential.as_ref().map(|point| point.zero_threshold));
        self.positive.push(exponential.as_ref().and_then(|point| point.positive.as_ref()));
        self.negative.push(exponential.as_ref().and_then(|point| point.negative.as_ref()));
        self.quantiles.push(summary.map(|point| point.quantiles));
    }

    fn push_totals(
        &mut self,
        histogram: Option<&Histogram>,
        exponential: Option<&ExponentialHistogram>,
        summary: Option<&Summary>,
    ) {
        let (count, sum, min, max) = match (histogram, exponential, summary) {
            (Some(point), _, _) => (Some(point.count), point.sum, point.min, point.max),
            (_, Some(point), _) => (Some(point.count), point.sum, point.min, point.max),
            (_, _, Some(point)) => (Some(point.count), Some(point.sum), None, None),
            _ => (None, None, None, None),
        };
        self.count.push(count);
        self.sum.push(sum);
        self.min.push(min);
        self.max.push(max);
    }

    /// The columns from `value` to `quantiles`.
    fn finish(self) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            Arc::new(Float64Array::from(self.value)),
            Arc::new(Int64Array::from(self.value_int)),
            Arc::new(UInt64Array::from(self.count)),
            Arc::new(Float64Array::from(self.sum)),
            Arc::new(Float64Array::from(self.min)),
            Arc::new(Float64Array::from(self.max)),
            Arc::new(self.bucket_counts.finish(BUCKET_COUNTS)?),
            Arc::new(self.bounds.finish(BOUNDS)?),
            Arc::new(Int32Array::from(self.scale)),
            Arc::new(UInt64Array::from(self.zero_count)),
            Arc::new(Float64Array::from(self.zero_threshold)),
            self.positive.finish(POSITIVE)?,
            self.negative.finish(NEGATIVE)?,
            quantiles(&self.quantiles)?,
        ])
    }
}

/// A list column of numbers.
struct Lists<T: ArrowPrimitiveType> {
    offsets: Vec<i32>,
    values: Vec<T::Native>,
    valid: Vec<bool>,
}

impl<T: ArrowPrimitiveType> Default for Lists<T> {
    fn default() -> Self {
        Lists { offsets: vec![0], values: Vec::new(), valid: Vec::new() }
    }
}

impl<T: ArrowPrimitiveType> Lists<T> {
    fn push(&mut self, list: Option<&[T::Native]>) {
        self.values.extend_from_slice(list.unwrap_or_default());
        self.offsets.push(self.values.len() as i32);
        self.valid.push(list.is_some());
    }

    fn finish(mut self, id: i32) -> Result<ListArray> {
        let nulls = NullBuffer::from(std::mem::take(&mut self.valid));
        self.with_nulls(id, Some(nulls))
    }

    fn with_nulls(self, id: i32, nulls: Option<NullBuffer>) -> Result<ListArray> {
        let values = PrimitiveArray::<T>::from_iter_values(self.values);
        let offsets = OffsetBuffer::new(self.offsets.into());
        Ok(ListArray::try_new(element(id + 1, T::DATA_TYPE), offsets, Arc::new(values), nulls)?)
    }
}

/// The buckets of one sign.
#[derive(Default)]
struct BucketColumns {
    offset: Vec<i32>,
    counts: Lists<UInt64Type>,
    valid: Vec<bool>,
}

impl BucketColumns {
    fn push(&mut self, buckets: Option<&Buckets>) {
        self.offset.push(buckets.map_or(0, |buckets| buckets.offset));
        self.counts.push(Some(buckets.map_or(&[], |buckets| &buckets.counts)));
        self.valid.push(buckets.is_some());
    }

    fn finish(self, id: i32) -> Result<ArrayRef> {
        let counts = self.counts.with_nulls(id + 2, None)?;
        let columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(self.offset)), Arc::new(counts)];
        Ok(Arc::new(StructArray::try_new(bucket_fields(id), columns, Some(NullBuffer::from(self.valid)))?))
    }
}

fn quantiles(rows: &[Option<Vec<(f64, f64)>>]) -> Result<ArrayRef> {
    let offsets = OffsetBuffer::from_lengths(rows.iter().map(|row| row.as_ref().map_or(0, Vec::len)));
    let pairs = || rows.iter().flatten().flatten();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Float64Array::from_iter_values(pairs().map(|pair| pair.0))),
        Arc::new(Float64Array::from_iter_values(pairs().map(|pair| pair.1))),
    ];
    let structs = StructArray::try_new(quantile_fields(), columns, None)?;
    let nulls = rows.iter().map(Option::is_some).collect::<NullBuffer>();
    let element = element(QUANTILES + 1, DataType::Struct(quantile_fields()));
    Ok(Arc::new(ListArray::try_new(element, offsets, Arc::new(structs), Some(nulls))?))
}
