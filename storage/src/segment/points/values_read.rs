//! The columns of a points file as points.

use crate::error::{Error, Result};
use crate::segment::columns::{child, column, downcast, exemplars, numbers, typed};
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
use std::path::Path;

/// A batch of a points file.
pub struct ReadPoints<'a> {
    pub time: &'a [i64],
    pub start_time: &'a [i64],
    pub flags: &'a [u32],
    /// Batches of numbers have them.
    values: Option<(&'a Float64Array, &'a Int64Array)>,
    distributions: Option<ReadDistributions<'a>>,
    exemplars: Option<ArrayRef>,
}

impl<'a> ReadPoints<'a> {
    pub fn new(batch: &'a RecordBatch) -> Result<ReadPoints<'a>> {
        let has = |name: &str| batch.column_by_name(name);
        let values = || -> Result<_> { Ok((typed(batch, "value")?, typed(batch, "value_int")?)) };
        let read_exemplars = |array: &ArrayRef| exemplars::read_exemplars(array);
        Ok(ReadPoints {
            time: numbers::<TimestampNanosecondType>(column(batch, "time")?, "time")?,
            start_time: numbers::<TimestampNanosecondType>(column(batch, "start_time")?, "start_time")?,
            flags: numbers::<UInt32Type>(column(batch, "flags")?, "flags")?,
            values: has("value").map(|_| values()).transpose()?,
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

    pub fn has_exemplars(&self) -> bool {
        self.exemplars.is_some()
    }

    pub fn exemplars(&self, row: usize) -> Bytes {
        match self.exemplars.as_ref().map(|array| array.as_binary::<i32>().value(row)) {
            None | Some([]) => Bytes::new(),
            Some(exemplars) => Bytes::copy_from_slice(exemplars),
        }
    }

    /// The values of some rows, if all of them are doubles.
    pub fn doubles(&self, rows: &Range<usize>) -> Option<&'a [f64]> {
        let (values, _) = self.values?;
        all_valid(values, rows).then(|| &values.values()[rows.clone()])
    }

    /// The values of some rows, if all of them are integers.
    pub fn ints(&self, rows: &Range<usize>) -> Option<&'a [i64]> {
        let (_, values) = self.values?;
        all_valid(values, rows).then(|| &values.values()[rows.clone()])
    }

    fn value(&self, row: usize, kind: Kind) -> Result<PointValue> {
        if let Some((doubles, ints)) = self.values {
            if doubles.is_valid(row) {
                return Ok(PointValue::Double(doubles.value(row)));
            }
            if ints.is_valid(row) {
                return Ok(PointValue::Int(ints.value(row)));
            }
        }
        self.distributions.as_ref().map_or(Ok(PointValue::None), |of| of.value(row, kind))
    }
}

/// Histograms and summaries of a batch, which has the columns of some of them.
struct ReadDistributions<'a> {
    count: &'a UInt64Array,
    sum: &'a Float64Array,
    /// Summaries have none.
    bounds: Option<Bounds<'a>>,
    histogram: Option<(&'a ListArray, &'a ListArray)>,
    exponential: Option<ReadExponential<'a>>,
    quantiles: Option<&'a ListArray>,
}

/// The least and the largest value.
struct Bounds<'a> {
    min: &'a Float64Array,
    max: &'a Float64Array,
}

struct ReadExponential<'a> {
    scale: &'a Int32Array,
    zero_count: &'a UInt64Array,
    zero_threshold: &'a Float64Array,
    positive: ReadBuckets<'a>,
    negative: ReadBuckets<'a>,
}

impl<'a> ReadDistributions<'a> {
    fn new(batch: &'a RecordBatch) -> Result<ReadDistributions<'a>> {
        let has = |name: &str| batch.column_by_name(name).is_some();
        let bounds = || -> Result<_> { Ok(Bounds { min: typed(batch, "min")?, max: typed(batch, "max")? }) };
        let histogram =
            || -> Result<_> { Ok((typed(batch, "bucket_counts")?, typed(batch, "explicit_bounds")?)) };
        let exponential = || -> Result<_> {
            Ok(ReadExponential {
                scale: typed(batch, "scale")?,
                zero_count: typed(batch, "zero_count")?,
                zero_threshold: typed(batch, "zero_threshold")?,
                positive: ReadBuckets::new(typed(batch, "positive")?)?,
                negative: ReadBuckets::new(typed(batch, "negative")?)?,
            })
        };
        Ok(ReadDistributions {
            count: typed(batch, "count")?,
            sum: typed(batch, "sum")?,
            bounds: has("min").then(bounds).transpose()?,
            histogram: has("bucket_counts").then(histogram).transpose()?,
            exponential: has("scale").then(exponential).transpose()?,
            quantiles: has("quantiles").then(|| typed(batch, "quantiles")).transpose()?,
        })
    }

    fn value(&self, row: usize, kind: Kind) -> Result<PointValue> {
        if self.count.is_null(row) {
            return Ok(PointValue::None);
        }
        let point = match kind {
            Kind::ExponentialHistogram => return Ok(PointValue::Exponential(self.exponential(row)?.into())),
            Kind::Summary => self.summary(row)?.encode(),
            _ => self.histogram(row)?.encode(),
        };
        Ok(PointValue::Other(point.into()))
    }

    fn min_max(&self, row: usize) -> (Option<f64>, Option<f64>) {
        self.bounds.as_ref().map_or((None, None), |of| (optional(of.min, row), optional(of.max, row)))
    }

    fn histogram(&self, row: usize) -> Result<Histogram> {
        let (counts, bounds) = self.histogram.ok_or_else(|| missing("bucket_counts"))?;
        let (counts, bounds) = (counts.value(row), bounds.value(row));
        let (min, max) = self.min_max(row);
        Ok(Histogram {
            count: self.count.value(row),
            sum: optional(self.sum, row),
            min,
            max,
            bucket_counts: numbers::<UInt64Type>(&counts, "bucket_counts")?.to_vec(),
            explicit_bounds: numbers::<Float64Type>(&bounds, "explicit_bounds")?.to_vec(),
        })
    }

    fn exponential(&self, row: usize) -> Result<ExponentialHistogram> {
        let read = self.exponential.as_ref().ok_or_else(|| missing("scale"))?;
        let (min, max) = self.min_max(row);
        Ok(ExponentialHistogram {
            count: self.count.value(row),
            sum: optional(self.sum, row),
            min,
            max,
            scale: read.scale.value(row),
            zero_count: read.zero_count.value(row),
            zero_threshold: read.zero_threshold.value(row),
            positive: read.positive.at(row),
            negative: read.negative.at(row),
        })
    }

    fn summary(&self, row: usize) -> Result<Summary> {
        let pairs = self.quantiles.ok_or_else(|| missing("quantiles"))?.value(row);
        let quantile: &Float64Array = child(&pairs, "quantile")?;
        let value: &Float64Array = child(&pairs, "value")?;
        Ok(Summary {
            count: self.count.value(row),
            sum: optional(self.sum, row).unwrap_or_default(),
            quantiles: quantile.values().iter().copied().zip(value.values().iter().copied()).collect(),
        })
    }
}

/// The buckets of one sign.
struct ReadBuckets<'a> {
    of: &'a StructArray,
    offset: &'a [i32],
    lists: &'a ListArray,
    counts: &'a [u64],
}

impl<'a> ReadBuckets<'a> {
    fn new(of: &'a StructArray) -> Result<ReadBuckets<'a>> {
        let find = |name: &str| of.column_by_name(name).ok_or_else(|| missing(name));
        let lists: &ListArray = downcast(find("counts")?, "counts")?;
        Ok(ReadBuckets {
            of,
            offset: numbers::<Int32Type>(find("offset")?, "offset")?,
            lists,
            counts: numbers::<UInt64Type>(lists.values(), "counts")?,
        })
    }

    fn at(&self, row: usize) -> Option<Buckets> {
        if self.of.is_null(row) {
            return None;
        }
        let offsets = self.lists.value_offsets();
        let counts = self.counts[offsets[row] as usize..offsets[row + 1] as usize].to_vec();
        Some(Buckets { offset: self.offset[row], counts })
    }
}

fn missing(column: &str) -> Error {
    Error::corrupt(Path::new(column), "the column is missing")
}

fn all_valid(column: &dyn Array, rows: &Range<usize>) -> bool {
    column.nulls().is_none_or(|nulls| nulls.slice(rows.start, rows.len()).null_count() == 0)
}

fn optional(column: &Float64Array, row: usize) -> Option<f64> {
    column.is_valid(row).then(|| column.value(row))
}
