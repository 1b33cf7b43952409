//! Histograms and summaries as columns.

use super::schema::{BOUNDS, BUCKET_COUNTS, NEGATIVE, POSITIVE, QUANTILES, bucket_fields, quantile_fields};
use crate::error::Result;
use crate::segment::columns::element;
use arrow::array::{ArrayRef, Float64Array, Int32Array, ListArray, PrimitiveArray, StructArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float64Type, UInt64Type};
use ocelli_signal::Kind;
use ocelli_signal::point::{Buckets, ExponentialHistogram, Histogram, Summary};
use std::sync::Arc;

/// What points hold that are more than a number; what a kind does not have is null.
#[derive(Default)]
pub struct Distributions {
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

impl Distributions {
    /// Bytes were validated at ingest. A point that is a number has none.
    pub fn push(&mut self, kind: Kind, point: Option<&[u8]>) {
        let (mut histogram, mut exponential, mut summary) = (None, None, None);
        if let Some(point) = point {
            match kind {
                Kind::ExponentialHistogram => exponential = ExponentialHistogram::parse(point).ok(),
                Kind::Summary => summary = Summary::parse(point).ok(),
                _ => histogram = Histogram::parse(point).ok(),
            }
        }
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

    /// The columns from `count` to `quantiles`.
    pub fn finish(self) -> Result<Vec<ArrayRef>> {
        Ok(vec![
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
