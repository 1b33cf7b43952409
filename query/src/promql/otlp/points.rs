//! Points of one OTLP series into the samples of the Prometheus series that it becomes.
//!
//! A counter's start time tells of resets that its values hide: where a new start lies between two
//! points, a sample of 0 is put there. Delta points are added up from the first one that is read.

use super::identity::Identity;
use super::life::ms;
use super::numbers;
use super::parts::{Part, Parts, Which};
use super::prometheus;
use crate::Error;
use crate::promql::histogram::{Histogram, Side};
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, Samples, stale_nan};
use ocelli_signal::point;
use ocelli_signal::points::FLAG_NO_RECORDED_VALUE;
use ocelli_signal::series::{Kind, Series, TEMPORALITY_DELTA};
use ocelli_storage::{Point, PointValue, SeriesPoints};
use std::sync::Arc;

/// Prometheus' schemas; a finer scale is reduced, a coarser one can't be shown.
const MAX_SCHEMA: i32 = 8;
const MIN_SCHEMA: i32 = -4;

/// All Prometheus series of one OTLP series. `after_ms` is the start of what was read.
pub fn convert(
    identity: &Identity,
    read: &SeriesPoints,
    after_ms: i64,
) -> Result<Vec<(Labels, Samples)>, Error> {
    if !is_delta(&read.series)
        && let Some(samples) = numbers::convert(&read.points, is_counter(&read.series), after_ms)
    {
        return Ok(vec![(identity.labels.clone(), samples)]);
    }
    let mut out =
        Output { series: &read.series, native: identity.native, after_ms, parts: Parts::new(identity) };
    for point in read.points.iter() {
        out.push(&point)?;
    }
    Ok(out.parts.into_samples())
}

fn is_delta(series: &Series) -> bool {
    series.temporality == TEMPORALITY_DELTA
        && matches!(series.kind, Kind::Sum | Kind::Histogram | Kind::ExponentialHistogram)
}

fn is_counter(series: &Series) -> bool {
    match series.kind {
        Kind::Gauge => false,
        Kind::Sum => series.is_monotonic,
        _ => true,
    }
}

struct Output<'a> {
    series: &'a Series,
    /// See `Identity`.
    native: bool,
    after_ms: i64,
    parts: Parts<'a>,
}

impl Output<'_> {
    fn push(&mut self, point: &Point) -> Result<(), Error> {
        if point.flags & FLAG_NO_RECORDED_VALUE != 0 {
            self.push_stale(point);
            return Ok(());
        }
        let name = &self.series.name;
        let corrupt = |why: ocelli_signal::WireError| Error::Corrupt(format!("a point of {name}: {why}"));
        match (self.series.kind, &point.value) {
            (kind, PointValue::Other(bytes)) if self.native => {
                if let Some(histogram) = prometheus::read(kind, bytes, point.flags).map_err(corrupt)? {
                    let sample = Sample::Histogram(Arc::new(histogram));
                    self.sample(Which::Whole, point, sample, false, false);
                }
            }
            (_, PointValue::Double(value)) => self.add(Which::Whole, point, *value),
            (_, PointValue::Int(value)) => self.add(Which::Whole, point, *value as f64),
            (Kind::Histogram, PointValue::Other(bytes)) => {
                self.classic(point, &point::Histogram::parse(bytes).map_err(corrupt)?);
            }
            (Kind::ExponentialHistogram, PointValue::Other(bytes)) => {
                let read = point::ExponentialHistogram::parse(bytes).map_err(corrupt)?;
                if let Some(histogram) = native(&read) {
                    let sample = Sample::Histogram(Arc::new(histogram));
                    self.sample(Which::Whole, point, sample, is_delta(self.series), true);
                }
            }
            (Kind::Summary, PointValue::Other(bytes)) => {
                let summary = point::Summary::parse(bytes).map_err(corrupt)?;
                for (quantile, value) in &summary.quantiles {
                    let which = Which::Quantile(quantile.to_bits());
                    self.sample(which, point, Sample::Float(*value), false, false);
                }
                self.add(Which::Count, point, summary.count as f64);
                self.add(Which::Sum, point, summary.sum);
            }
            _ => {}
        }
        Ok(())
    }

    /// A point without a value ends every series that this one became.
    fn push_stale(&mut self, point: &Point) {
        let one = self.native || !matches!(self.series.kind, Kind::Histogram | Kind::Summary);
        if self.parts.is_empty() && one {
            self.parts.get(Which::Whole);
        }
        self.parts.each(|part| part.samples.push(ms(point.time), Sample::Float(stale_nan())));
    }

    /// One number of a point.
    fn add(&mut self, which: Which, point: &Point, value: f64) {
        let (delta, counter) = (is_delta(self.series), is_counter(self.series));
        self.sample(which, point, Sample::Float(value), delta, counter);
    }

    fn classic(&mut self, point: &Point, histogram: &point::Histogram) {
        let mut below = 0;
        for (i, bound) in histogram.explicit_bounds.iter().enumerate() {
            below += histogram.bucket_counts.get(i).copied().unwrap_or_default();
            self.add(Which::Bucket(bound.to_bits()), point, below as f64);
        }
        self.add(Which::Bucket(f64::INFINITY.to_bits()), point, histogram.count as f64);
        self.add(Which::Count, point, histogram.count as f64);
        if let Some(sum) = histogram.sum {
            self.add(Which::Sum, point, sum);
        }
    }

    fn sample(&mut self, which: Which, point: &Point, sample: Sample, delta: bool, counter: bool) {
        let after_ms = self.after_ms;
        let part = self.parts.get(which);
        if delta {
            part.push_delta(point, sample, after_ms);
        } else {
            part.push_cumulative(point, sample, counter, after_ms);
        }
    }
}

impl Part {
    fn push_delta(&mut self, point: &Point, sample: Sample, after_ms: i64) {
        let (time, start) = (ms(point.time), ms(point.start));
        if self.samples.is_empty() && start > after_ms && start < time {
            self.samples.push(start, zero(&sample));
        }
        let total = added(self.total.take(), sample);
        self.total = Some(total.clone());
        self.samples.push(time, total);
    }

    fn push_cumulative(&mut self, point: &Point, sample: Sample, counter: bool, after_ms: i64) {
        if counter
            && let Some(at) = self.life.begins(point.start, point.time, after_ms, self.samples.is_empty())
        {
            self.samples.push(at, zero(&sample));
        }
        self.life.seen(point.start, point.time);
        self.samples.push(ms(point.time), sample);
    }
}

fn zero(sample: &Sample) -> Sample {
    match sample {
        Sample::Float(_) => Sample::Float(0.0),
        Sample::Histogram(histogram) => Sample::Histogram(Arc::new(Histogram {
            schema: histogram.schema,
            zero_threshold: histogram.zero_threshold,
            ..Histogram::default()
        })),
    }
}

fn added(total: Option<Sample>, sample: Sample) -> Sample {
    match (total, sample) {
        (Some(Sample::Float(total)), Sample::Float(value)) => Sample::Float(total + value),
        (Some(Sample::Histogram(mut total)), Sample::Histogram(histogram)) => {
            // Both are exponential, which always combine.
            let _ = Arc::make_mut(&mut total).add(&histogram);
            Sample::Histogram(total)
        }
        (_, sample) => sample,
    }
}

/// OTLP's bucket i covers (base^(offset+i), base^(offset+i+1)], which is Prometheus' index
/// offset + i + 1. None where the scale is too coarse.
pub fn native(point: &point::ExponentialHistogram) -> Option<Histogram> {
    if point.scale < MIN_SCHEMA {
        return None;
    }
    let side = |buckets: &Option<point::Buckets>| -> Side {
        let Some(buckets) = buckets else { return Side::new() };
        let indexed = buckets.counts.iter().enumerate().filter(|(_, count)| **count != 0);
        indexed.map(|(i, count)| (buckets.offset.saturating_add(i as i32 + 1), *count as f64)).collect()
    };
    let mut histogram = Histogram {
        schema: point.scale,
        zero_threshold: point.zero_threshold,
        zero_count: point.zero_count as f64,
        count: point.count as f64,
        sum: point.sum.unwrap_or_default(),
        positive: side(&point.positive),
        negative: side(&point.negative),
        ..Histogram::default()
    };
    histogram.reduce_to(MAX_SCHEMA);
    Some(histogram)
}

#[cfg(test)]
#[path = "points_tests.rs"]
mod tests;
