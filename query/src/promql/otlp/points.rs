//! Points of one OTLP series into the samples of the Prometheus series that it becomes.
//!
//! A sample has the start time of its point, so that `rate` and its kin know of resets that values
//! hide. Delta points are added up from the first one that is read, see [`deltas`](super::deltas).

use super::deltas::{Deltas, Step};
use super::identity::Identity;
use super::life::ms;
use super::native::native;
use super::numbers;
use super::parts::{Parts, Which};
use super::prometheus;
use crate::Error;
use crate::promql::labels::Labels;
use crate::promql::value::{Sample, Samples, stale_nan};
use ocelli_signal::point;
use ocelli_signal::points::FLAG_NO_RECORDED_VALUE;
use ocelli_signal::series::{Kind, Series, TEMPORALITY_DELTA};
use ocelli_storage::{Point, PointList, PointValue};
use std::sync::Arc;

/// All Prometheus series of one OTLP series.
pub fn convert(
    identity: &Identity,
    series: &Series,
    points: &PointList,
) -> Result<Vec<(Labels, Samples)>, Error> {
    let deltas = is_delta(series).then(Deltas::default);
    if deltas.is_none()
        && let Some(samples) = numbers::convert(points)
    {
        return Ok(vec![(identity.labels.clone(), samples)]);
    }
    let parts = Parts::new(identity);
    let mut out = Output { series, native: identity.native, parts, deltas, bounds: Vec::new() };
    for point in points.iter() {
        out.push(&point)?;
    }
    Ok(out.parts.into_samples())
}

pub fn is_delta(series: &Series) -> bool {
    series.temporality == TEMPORALITY_DELTA
        && matches!(series.kind, Kind::Sum | Kind::Histogram | Kind::ExponentialHistogram)
}

struct Output<'a> {
    series: &'a Series,
    /// See `Identity`.
    native: bool,
    parts: Parts<'a>,
    deltas: Option<Deltas>,
    /// Of the explicit histogram before.
    bounds: Vec<f64>,
}

/// Where the samples of a point go.
#[derive(Clone, Copy)]
struct Place {
    time_ms: i64,
    start_ms: i64,
}

impl Output<'_> {
    fn push(&mut self, point: &Point) -> Result<(), Error> {
        let name = &self.series.name;
        let corrupt = |why: ocelli_signal::WireError| Error::Corrupt(format!("a point of {name}: {why}"));
        let kind = self.series.kind;
        match &point.value {
            PointValue::Other(bytes) if kind == Kind::Histogram && !self.native => {
                self.classic(point, &point::Histogram::parse(bytes).map_err(corrupt)?);
            }
            PointValue::Other(bytes) if kind == Kind::Summary => {
                self.summary(point, &point::Summary::parse(bytes).map_err(corrupt)?);
            }
            _ if point.flags & FLAG_NO_RECORDED_VALUE != 0 => self.end(Which::Whole, point),
            PointValue::Double(value) => self.one(point, Sample::Float(*value)),
            PointValue::Int(value) => self.one(point, Sample::Float(*value as f64)),
            PointValue::Other(bytes) => {
                let read = match self.native {
                    true => prometheus::read(kind, bytes, point.flags),
                    false => point::ExponentialHistogram::parse(bytes).map(|read| native(&read)),
                };
                if let Some(histogram) = read.map_err(corrupt)? {
                    self.one(point, Sample::Histogram(Arc::new(histogram)));
                }
            }
            PointValue::Exponential(read) => {
                let histogram = match self.native {
                    true => Some(prometheus::exponential(read, point.flags)),
                    false => native(read),
                };
                if let Some(histogram) = histogram {
                    self.one(point, Sample::Histogram(Arc::new(histogram)));
                }
            }
            PointValue::None => {}
        }
        Ok(())
    }

    /// Where the samples of a point go; nowhere where it was counted before.
    fn place(&mut self, point: &Point) -> Option<Place> {
        let (time_ms, start_ms) = (ms(point.time), ms(point.start));
        let Some(deltas) = &mut self.deltas else { return Some(Place { time_ms, start_ms }) };
        let step = deltas.step(point.start, point.time);
        let start_ms = deltas.began_ms();
        match step {
            Step::Counted => return None,
            Step::Next => {}
            Step::AfterGap(until_ms) => self.parts.each(|_, part| part.hold(until_ms, start_ms)),
        }
        Some(Place { time_ms, start_ms })
    }

    /// A point that is one sample.
    fn one(&mut self, point: &Point, sample: Sample) {
        if let Some(place) = self.place(point) {
            self.put(Which::Whole, place, sample);
        }
    }

    fn put(&mut self, which: Which, Place { time_ms, start_ms }: Place, sample: Sample) {
        let part = self.parts.get(which);
        match self.deltas {
            Some(_) => part.push_added(time_ms, sample, start_ms),
            None => part.samples.push_started(time_ms, sample, start_ms),
        }
    }

    /// A point without a value ends every series that this one became.
    fn end(&mut self, which: Which, point: &Point) {
        self.parts.get(which);
        let stale = || Sample::Float(stale_nan());
        self.parts.each(|_, part| part.samples.push(ms(point.time), stale()));
    }

    fn classic(&mut self, point: &Point, histogram: &point::Histogram) {
        if point.flags & FLAG_NO_RECORDED_VALUE != 0 {
            return self.end(Which::Count, point);
        }
        if histogram.explicit_bounds != self.bounds {
            self.change_bounds(point, &histogram.explicit_bounds);
        }
        let Some(place) = self.place(point) else { return };
        let mut put = |which, value| self.put(which, place, Sample::Float(value));
        let mut below = 0_u64;
        for (bound, count) in histogram.explicit_bounds.iter().zip(&histogram.bucket_counts) {
            below = below.saturating_add(*count);
            put(Which::Bucket(bound.to_bits()), below as f64);
        }
        put(Which::Bucket(f64::INFINITY.to_bits()), histogram.count as f64);
        put(Which::Count, histogram.count as f64);
        if let Some(sum) = histogram.sum {
            put(Which::Sum, sum);
        }
    }

    /// Buckets of other bounds end: they would be read as part of a histogram that they don't
    /// belong to. Deltas of other bounds can't be added up.
    fn change_bounds(&mut self, point: &Point, bounds: &[f64]) {
        let stays =
            |bound: u64| bound == f64::INFINITY.to_bits() || bounds.iter().any(|b| b.to_bits() == bound);
        self.parts.each(|which, part| {
            if matches!(which, Which::Bucket(bound) if !stays(bound)) {
                part.samples.push(ms(point.time), Sample::Float(stale_nan()));
            }
            part.restart();
        });
        if let Some(deltas) = &mut self.deltas {
            deltas.restart();
        }
        self.bounds = bounds.to_vec();
    }

    fn summary(&mut self, point: &Point, summary: &point::Summary) {
        if point.flags & FLAG_NO_RECORDED_VALUE != 0 {
            return self.end(Which::Count, point);
        }
        let Some(place) = self.place(point) else { return };
        for (quantile, value) in &summary.quantiles {
            self.put(Which::Quantile(quantile.to_bits()), place, Sample::Float(*value));
        }
        self.put(Which::Count, place, Sample::Float(summary.count as f64));
        self.put(Which::Sum, place, Sample::Float(summary.sum));
    }
}

#[cfg(test)]
#[path = "points_tests.rs"]
mod tests;
