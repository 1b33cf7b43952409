//! The columns of a points file as points.

use crate::error::Result;
use crate::segment::columns::{child, column, exemplars, numbers, typed};
use crate::snapshot::{Point, PointValue};
use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StructArray,
    UInt64Array,
};
use arrow::datatypes::{Float64Type, Int32Type, TimestampNanosecondType, UInt32Type, UInt64Type};
use bytes::Bytes;
use ocelli_signal::Kind;
use ocelli_signal::point::{Buckets, ExponentialHistogram, Histogram, Summary};
use std::ops::Range;

/// A batch of a points file.
pub struct ReadPoints<'a> {
    pub time: &'a [i64],
    pub start_time: &'a [i64],
    pub flags: &'a [u32],
    value: &'a Float64Array,
    value_int: &'a Int64Array,
    distributions: Option<ReadDistributions<'a>>,
    exemplars: Option<ArrayRef>,
}

impl<'a> ReadPoints<'a> {
    pub fn new(batch: &'a RecordBatch) -> Result<ReadPoints<'a>> {
        let has = |name: &str| batch.column_by_name(name);
        let read_exemplars = |array: &ArrayRef| exemplars::read_exemplars(array);
        Ok(ReadPoints {
            time: numbers::<TimestampNanosecondType>(column(batch, "time")?, "time")?,
            start_time: numbers::<TimestampNanosecondType>(column(batch, "start_time")?, "start_time")?,
            flags: numbers::<UInt32Type>(column(batch, "flags")?, "flags")?,
            value: typed(batch, "value")?,
            value_int: typed(batch, "value_int")?,
            distributions: has("count").map(|_| ReadDistributions::new(batch)).transpose()?,
            exemplars: has("exemplars").map(read_exemplars).transpose()?,
        })
    }

    /// Those of some rows, which are sorted by time, that are between two times, both included.
    pub fn in_time(&self, rows: Range<usize>, from_ns: i64, to_ns: i64) -> Range<usize> {
        let times = &self.time[rows.clone()];
        let from = times.partition_point(|time| *time < from_ns);
        let to = times.partition_point(|time| *time <= to_ns);
        rows.start + from..rows.start + to.max(from)
    }

    pub fn point(&self, row: usize, kind: Kind) -> Result<Point> {
        Ok(Point {
            start: self.start_time[row],
            time: self.time[row],
            flags: self.flags[row],
            value: self.value(row, kind)?,
            exemplars: self.exemplars(row),
        })
    }

    pub fn exemplars(&self, row: usize) -> Bytes {
        match self.exemplars.as_ref().map(|array| array.as_binary::<i32>().value(row)) {
            None | Some([]) => Bytes::new(),
            Some(exemplars) => Bytes::copy_from_slice(exemplars),
        }
    }

    /// The values of some rows, if all of them are doubles.
    pub fn doubles(&self, rows: &Range<usize>) -> Option<&'a [f64]> {
        all_valid(self.value, rows).then(|| &self.value.values()[rows.clone()])
    }

    /// The values of some rows, if all of them are integers.
    pub fn ints(&self, rows: &Range<usize>) -> Option<&'a [i64]> {
        all_valid(self.value_int, rows).then(|| &self.value_int.values()[rows.clone()])
    }

    fn value(&self, row: usize, kind: Kind) -> Result<PointValue> {
        if self.value.is_valid(row) {
            return Ok(PointValue::Double(self.value.value(row)));
        }
        if self.value_int.is_valid(row) {
            return Ok(PointValue::Int(self.value_int.value(row)));
        }
        self.distributions.as_ref().map_or(Ok(PointValue::None), |of| of.value(row, kind))
    }
}

/// Histograms and summaries of a batch.
struct ReadDistributions<'a> {
    count: &'a UInt64Array,
    sum: &'a Float64Array,
    min: &'a Float64Array,
    max: &'a Float64Array,
    bucket_counts: &'a ListArray,
    bounds: &'a ListArray,
    scale: &'a Int32Array,
    zero_count: &'a UInt64Array,
    zero_threshold: &'a Float64Array,
    positive: &'a StructArray,
    negative: &'a StructArray,
    quantiles: &'a ListArray,
}

impl<'a> ReadDistributions<'a> {
    fn new(batch: &'a RecordBatch) -> Result<ReadDistributions<'a>> {
        Ok(ReadDistributions {
            count: typed(batch, "count")?,
            sum: typed(batch, "sum")?,
            min: typed(batch, "min")?,
            max: typed(batch, "max")?,
            bucket_counts: typed(batch, "bucket_counts")?,
            bounds: typed(batch, "explicit_bounds")?,
            scale: typed(batch, "scale")?,
            zero_count: typed(batch, "zero_count")?,
            zero_threshold: typed(batch, "zero_threshold")?,
            positive: typed(batch, "positive")?,
            negative: typed(batch, "negative")?,
            quantiles: typed(batch, "quantiles")?,
        })
    }

    fn value(&self, row: usize, kind: Kind) -> Result<PointValue> {
        if self.count.is_null(row) {
            return Ok(PointValue::None);
        }
        let point = match kind {
            Kind::ExponentialHistogram => self.exponential(row)?.encode(),
            Kind::Summary => self.summary(row)?.encode(),
            _ => self.histogram(row)?.encode(),
        };
        Ok(PointValue::Other(point.into()))
    }

    fn histogram(&self, row: usize) -> Result<Histogram> {
        let (counts, bounds) = (self.bucket_counts.value(row), self.bounds.value(row));
        Ok(Histogram {
            count: self.count.value(row),
            sum: optional(self.sum, row),
            min: optional(self.min, row),
            max: optional(self.max, row),
            bucket_counts: numbers::<UInt64Type>(&counts, "bucket_counts")?.to_vec(),
            explicit_bounds: numbers::<Float64Type>(&bounds, "explicit_bounds")?.to_vec(),
        })
    }

    fn exponential(&self, row: usize) -> Result<ExponentialHistogram> {
        Ok(ExponentialHistogram {
            count: self.count.value(row),
            sum: optional(self.sum, row),
            min: optional(self.min, row),
            max: optional(self.max, row),
            scale: self.scale.value(row),
            zero_count: self.zero_count.value(row),
            zero_threshold: self.zero_threshold.value(row),
            positive: buckets(self.positive, row)?,
            negative: buckets(self.negative, row)?,
        })
    }

    fn summary(&self, row: usize) -> Result<Summary> {
        let pairs = self.quantiles.value(row);
        let quantile: &Float64Array = child(&pairs, "quantile")?;
        let value: &Float64Array = child(&pairs, "value")?;
        Ok(Summary {
            count: self.count.value(row),
            sum: optional(self.sum, row).unwrap_or_default(),
            quantiles: quantile.values().iter().copied().zip(value.values().iter().copied()).collect(),
        })
    }
}

fn all_valid(column: &dyn Array, rows: &Range<usize>) -> bool {
    column.nulls().is_none_or(|nulls| nulls.slice(rows.start, rows.len()).null_count() == 0)
}

fn optional(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}

fn buckets(column: &StructArray, row: usize) -> Result<Option<Buckets>> {
    if column.is_null(row) {
        return Ok(None);
    }
    let find = |name: &str| {
        let found = column.column_by_name(name);
        found.ok_or_else(|| crate::error::Error::corrupt(std::path::Path::new(name), "the column is missing"))
    };
    let offset = numbers::<Int32Type>(find("offset")?, "offset")?[row];
    let lists: &ListArray = crate::segment::columns::downcast(find("counts")?, "counts")?;
    let counts = numbers::<UInt64Type>(&lists.value(row), "counts")?.to_vec();
    Ok(Some(Buckets { offset, counts }))
}
