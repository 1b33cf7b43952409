//! Points of one OTLP series into the samples of the Prometheus series that it becomes.
//!
//! A counter's start time tells of resets that its values hide: where a new start lies between two
//! points, a sample of 0 is put there. Delta points are added up from the first one that is read.

use super::identity::Identity;
use super::prometheus;
use crate::Error;
use crate::promql::histogram::{Histogram, Side};
use crate::promql::labels::{BUCKET, Labels, METRIC_NAME};
use crate::promql::value::{Sample, Samples, format_float, stale_nan};
use ocelli_signal::point;
use ocelli_signal::series::{Kind, Series, TEMPORALITY_DELTA};
use ocelli_storage::{Point, PointValue, SeriesPoints};
use std::collections::BTreeMap;
use std::sync::Arc;

/// OTLP's `DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK`.
const NO_RECORDED_VALUE: u32 = 1;
/// Prometheus' schemas; a finer scale is reduced, a coarser one can't be shown.
const MAX_SCHEMA: i32 = 8;
const MIN_SCHEMA: i32 = -4;

/// All Prometheus series of one OTLP series. `after_ms` is the start of what was read.
pub fn convert(
    identity: &Identity,
    read: &SeriesPoints,
    after_ms: i64,
) -> Result<Vec<(Labels, Samples)>, Error> {
    let mut out = Output { identity, series: &read.series, after_ms, parts: BTreeMap::new() };
    for point in &read.points {
        out.push(point)?;
    }
    Ok(out.parts.into_iter().map(|(labels, part)| (labels, part.samples)).collect())
}

/// One Prometheus series while it is built.
#[derive(Default)]
struct Part {
    samples: Samples,
    total: Option<Sample>,
    start_ns: i64,
    last_ns: i64,
}

struct Output<'a> {
    identity: &'a Identity,
    series: &'a Series,
    after_ms: i64,
    parts: BTreeMap<Labels, Part>,
}

impl Output<'_> {
    fn push(&mut self, point: &Point) -> Result<(), Error> {
        let name = self.identity.name.clone();
        let stale = point.flags & NO_RECORDED_VALUE != 0;
        if stale {
            return self.push_stale(point);
        }
        let corrupt = |why: ocelli_signal::WireError| Error::Corrupt(format!("a point of {name}: {why}"));
        match (self.series.kind, &point.value) {
            (kind, PointValue::Other(bytes)) if self.identity.native => {
                if let Some(histogram) = prometheus::read(kind, bytes, point.flags).map_err(corrupt)? {
                    let sample = Sample::Histogram(Arc::new(histogram));
                    self.sample(self.identity.labels.clone(), point, sample, false, false);
                }
            }
            (_, PointValue::Double(value)) => self.add("", None, point, *value),
            (_, PointValue::Int(value)) => self.add("", None, point, *value as f64),
            (Kind::Histogram, PointValue::Other(bytes)) => {
                self.classic(point, &point::Histogram::parse(bytes).map_err(corrupt)?);
            }
            (Kind::ExponentialHistogram, PointValue::Other(bytes)) => {
                let read = point::ExponentialHistogram::parse(bytes).map_err(corrupt)?;
                if let Some(histogram) = native(&read) {
                    let labels = self.identity.labels.clone();
                    self.sample(labels, point, Sample::Histogram(Arc::new(histogram)), self.is_delta(), true);
                }
            }
            (Kind::Summary, PointValue::Other(bytes)) => {
                let summary = point::Summary::parse(bytes).map_err(corrupt)?;
                for (quantile, value) in &summary.quantiles {
                    let labels = self.identity.labels.with("quantile", &format_float(*quantile));
                    self.sample(labels, point, Sample::Float(*value), false, false);
                }
                self.add("_count", None, point, summary.count as f64);
                self.add("_sum", None, point, summary.sum);
            }
            _ => {}
        }
        Ok(())
    }

    /// A point without a value ends every series that this one became.
    fn push_stale(&mut self, point: &Point) -> Result<(), Error> {
        let time_ms = point.time.div_euclid(1_000_000);
        let one = self.identity.native || !matches!(self.series.kind, Kind::Histogram | Kind::Summary);
        if self.parts.is_empty() && one {
            self.parts.insert(self.identity.labels.clone(), Part::default());
        }
        for part in self.parts.values_mut() {
            part.samples.push(time_ms, Sample::Float(stale_nan()));
        }
        Ok(())
    }

    fn is_delta(&self) -> bool {
        self.series.temporality == TEMPORALITY_DELTA
            && matches!(self.series.kind, Kind::Sum | Kind::Histogram | Kind::ExponentialHistogram)
    }

    fn is_counter(&self) -> bool {
        match self.series.kind {
            Kind::Gauge => false,
            Kind::Sum => self.series.is_monotonic,
            _ => true,
        }
    }

    /// One number of a point, as the part with this suffix and bucket.
    fn add(&mut self, suffix: &str, bucket: Option<&str>, point: &Point, value: f64) {
        let mut labels = self.identity.labels.clone();
        if !suffix.is_empty() {
            labels = labels.with(METRIC_NAME, &format!("{}{suffix}", self.identity.name));
        }
        if let Some(bucket) = bucket {
            labels = labels.with(BUCKET, bucket);
        }
        let (delta, counter) = (self.is_delta(), self.is_counter());
        self.sample(labels, point, Sample::Float(value), delta, counter);
    }

    fn classic(&mut self, point: &Point, histogram: &point::Histogram) {
        let mut below = 0;
        for (i, bound) in histogram.explicit_bounds.iter().enumerate() {
            below += histogram.bucket_counts.get(i).copied().unwrap_or_default();
            let bound = if bound.is_infinite() { format_float(*bound) } else { bound.to_string() };
            self.add("_bucket", Some(&bound), point, below as f64);
        }
        self.add("_bucket", Some("+Inf"), point, histogram.count as f64);
        self.add("_count", None, point, histogram.count as f64);
        if let Some(sum) = histogram.sum {
            self.add("_sum", None, point, sum);
        }
    }

    fn sample(&mut self, labels: Labels, point: &Point, sample: Sample, delta: bool, counter: bool) {
        let ms = |ns: i64| ns.div_euclid(1_000_000);
        let (time, start) = (ms(point.time), ms(point.start));
        let after_ms = self.after_ms;
        let part = self.parts.entry(labels).or_default();
        let first = part.samples.is_empty();
        let zero = match &sample {
            Sample::Float(_) => Sample::Float(0.0),
            Sample::Histogram(histogram) => Sample::Histogram(Arc::new(Histogram {
                schema: histogram.schema,
                zero_threshold: histogram.zero_threshold,
                ..Histogram::default()
            })),
        };
        if delta {
            if first && start > after_ms && start < time {
                part.samples.push(start, zero);
            }
            let total = added(part.total.take(), sample);
            part.total = Some(total.clone());
            part.samples.push(time, total);
            return;
        }
        let known_start = point.start > 0 && point.start < point.time;
        let restarted = point.start != part.start_ns && point.start >= part.last_ns;
        if counter && known_start && restarted && start > after_ms {
            let at = if first { start } else { start.max(ms(part.last_ns) + 1) };
            if at < time {
                part.samples.push(at, zero);
            }
        }
        (part.start_ns, part.last_ns) = (point.start, point.time);
        part.samples.push(time, sample);
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
