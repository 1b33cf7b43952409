//! Windows over a series' samples: the sample that is current at a time, and the range before it.
//!
//! Times of a query rise, so both ends of a window only move forward: two pointers, and the whole
//! of a range query touches every sample a constant number of times.

use super::histogram::Histogram;
use super::resets::Resets;
use super::starts::StartsWithin;
use super::value::{Sample, Samples, is_stale};
use super::watch::histogram_size;
use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

/// Finds the newest sample in `(time - lookback, time]`, unless it is a stale marker.
pub struct Latest<'a> {
    samples: &'a Samples,
    /// Samples before these are at or before the last time asked for.
    float: usize,
    histogram: usize,
}

impl<'a> Latest<'a> {
    pub fn new(samples: &'a Samples) -> Latest<'a> {
        Latest { samples, float: 0, histogram: 0 }
    }

    /// Times must not go back between calls.
    pub fn at(&mut self, time_ms: i64, lookback_ms: i64) -> Option<Point> {
        let samples = self.samples;
        self.float += count_until(&samples.float_times[self.float..], time_ms);
        if samples.histograms.is_empty() {
            let at = self.float.checked_sub(1)?;
            let current = samples.float_times[at] > time_ms - lookback_ms;
            return if current { samples.current_float(at) } else { None };
        }
        self.histogram += count_until(&samples.histogram_times[self.histogram..], time_ms);
        let float = self.float.checked_sub(1).map(|at| (samples.float_times[at], at));
        let histogram = self.histogram.checked_sub(1).map(|at| (samples.histogram_times[at], at));
        let (at_ms, start_ms, sample) = match (float, histogram) {
            (Some((time, at)), other) if other.is_none_or(|(histogram, _)| histogram < time) => {
                (time, samples.float_starts.get(at), Sample::Float(samples.floats[at]))
            }
            (_, Some((time, at))) => {
                let sample = Sample::Histogram(samples.histograms[at].clone());
                (time, samples.histogram_starts.get(at), sample)
            }
            _ => return None,
        };
        let current = at_ms > time_ms - lookback_ms && !sample.is_stale();
        current.then_some(Point { time_ms: at_ms, start_ms, sample })
    }
}

impl Samples {
    /// The float at a place that is current, unless it is a stale marker.
    pub fn current_float(&self, at: usize) -> Option<Point> {
        let (time_ms, value) = (self.float_times[at], self.floats[at]);
        let start_ms = self.float_starts.get(at);
        (!is_stale(value)).then_some(Point { time_ms, start_ms, sample: Sample::Float(value) })
    }
}

/// How many of the sorted times are at or before `until`. Steps forward, then by strides that double, so that
/// the cost is that of the distance, not of the rest.
pub fn count_until(times: &[i64], until: i64) -> usize {
    const STEPS: usize = 16;
    let near = times.iter().take(STEPS).take_while(|time| **time <= until).count();
    if near < STEPS {
        return near;
    }
    let (mut passed, mut stride) = (STEPS, STEPS);
    while times.get(passed + stride - 1).is_some_and(|time| *time <= until) {
        passed += stride;
        stride *= 2;
    }
    let end = times.len().min(passed + stride);
    passed + times[passed..end].partition_point(|time| *time <= until)
}

/// The samples of one step's range, without stale markers. Left-open: `start < time <= end`.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    pub float_times: &'a [i64],
    pub floats: &'a [f64],
    pub histogram_times: &'a [i64],
    pub histograms: &'a [Arc<Histogram>],
    /// When the counters began.
    pub float_starts: StartsWithin<'a>,
    pub histogram_starts: StartsWithin<'a>,
    pub start_ms: i64,
    pub end_ms: i64,
    /// The time that the step is evaluated at; differs from `end_ms` by offset and `@`.
    pub eval_ms: i64,
    /// How it lies in its series; means nothing where samples were put in the place of its own.
    pub within: Within<'a>,
}

/// The series around a window, and what is found out once for all windows over it.
#[derive(Clone, Copy, Debug)]
pub struct Within<'a> {
    series: &'a Samples,
    /// Where floats and histograms of the window begin.
    places: (usize, usize),
    resets: &'a OnceCell<Resets>,
    /// A place, and what the histograms from there on count as before each one.
    sizes: &'a OnceCell<(usize, Vec<u64>)>,
    /// What no window of the series reaches beyond.
    until_ms: i64,
}

/// One sample of a window.
#[derive(Clone, Debug)]
pub struct Point {
    pub time_ms: i64,
    /// When its counter began; 0 where that is not known.
    pub start_ms: i64,
    pub sample: Sample,
}

impl Window<'_> {
    /// The floats from one place on.
    fn float_points(&self, from: usize) -> impl Iterator<Item = Point> + '_ {
        (from..self.floats.len()).map(|at| Point {
            time_ms: self.float_times[at],
            start_ms: self.float_starts.get(at),
            sample: Sample::Float(self.floats[at]),
        })
    }

    fn histogram_points(&self, from: usize) -> impl Iterator<Item = Point> + '_ {
        (from..self.histograms.len()).map(|at| Point {
            time_ms: self.histogram_times[at],
            start_ms: self.histogram_starts.get(at),
            sample: Sample::Histogram(self.histograms[at].clone()),
        })
    }

    /// All samples in the order of time, from the given places on.
    pub fn in_order(&self, first_float: usize, first_histogram: usize) -> Vec<Point> {
        let mut all: Vec<Point> = self.float_points(first_float).collect();
        all.extend(self.histogram_points(first_histogram));
        all.sort_by_key(|point| point.time_ms);
        all
    }

    /// The last sample and the one before it.
    pub fn last_two(&self) -> Option<(Point, Point)> {
        let floats = self.floats.len().saturating_sub(2);
        let mut newest = self.in_order(floats, self.histograms.len().saturating_sub(2));
        let last = newest.pop()?;
        Some((newest.pop()?, last))
    }

    pub fn is_empty(&self) -> bool {
        self.floats.is_empty() && self.histograms.is_empty()
    }

    /// Places of floats before which the counter was reset.
    pub fn float_resets(&self) -> impl Iterator<Item = usize> + '_ {
        let first = self.within.places.0;
        self.within.resets().in_floats(first..first + self.floats.len())
    }

    /// The same of histograms.
    pub fn histogram_resets(&self) -> impl Iterator<Item = usize> + '_ {
        let first = self.within.places.1;
        self.within.resets().in_histograms(first..first + self.histograms.len())
    }

    /// What the histograms count as, see `watch::Touched`.
    pub fn histogram_sizes(&self) -> u64 {
        if self.histograms.is_empty() { 0 } else { self.within.sizes(self.histograms.len()) }
    }

    pub fn range_seconds(&self) -> f64 {
        (self.end_ms - self.start_ms) as f64 / 1e3
    }
}

impl Within<'_> {
    /// Looked for from the first window on that asks.
    fn resets(&self) -> &Resets {
        self.resets.get_or_init(|| {
            let floats = self.rest(&self.series.float_times, self.places.0);
            Resets::of(self.series, floats, self.rest(&self.series.histogram_times, self.places.1))
        })
    }

    /// Of so many histograms from the window's first on.
    fn sizes(&self, count: usize) -> u64 {
        let (first, before) = self.sizes.get_or_init(|| {
            let places = self.rest(&self.series.histogram_times, self.places.1);
            let mut sum = 0;
            let add = |histogram: &Arc<Histogram>| {
                sum += histogram_size(histogram);
                sum
            };
            let sums = self.series.histograms[places].iter().map(add);
            (self.places.1, std::iter::once(0).chain(sums).collect())
        });
        let from = self.places.1 - first;
        before[from + count] - before[from]
    }

    /// The places from one on that windows can have.
    fn rest(&self, times: &[i64], from: usize) -> Range<usize> {
        from..from + times[from..].partition_point(|time| *time <= self.until_ms)
    }
}

/// Moves a window over samples that hold no stale markers.
pub struct Windows<'a> {
    samples: &'a Samples,
    floats: (usize, usize),
    histograms: (usize, usize),
    resets: OnceCell<Resets>,
    sizes: OnceCell<(usize, Vec<u64>)>,
    until_ms: i64,
}

impl<'a> Windows<'a> {
    pub fn new(samples: &'a Samples) -> Windows<'a> {
        Windows::until(samples, i64::MAX)
    }

    /// No window reaches beyond the given time.
    pub fn until(samples: &'a Samples, until_ms: i64) -> Windows<'a> {
        let (resets, sizes) = (OnceCell::new(), OnceCell::new());
        Windows { samples, floats: (0, 0), histograms: (0, 0), resets, sizes, until_ms }
    }

    /// The window `(start, end]`. Neither end may go back between calls.
    pub fn at(&mut self, start_ms: i64, end_ms: i64, eval_ms: i64) -> Window<'_> {
        let mut floats = self.floats;
        advance(&self.samples.float_times, &mut floats, start_ms, end_ms);
        self.at_floats(floats, start_ms, end_ms, eval_ms)
    }

    /// The same where it is known between which places its floats are.
    pub fn at_floats(
        &mut self,
        floats: (usize, usize),
        start_ms: i64,
        end_ms: i64,
        eval_ms: i64,
    ) -> Window<'_> {
        self.floats = floats;
        advance(&self.samples.histogram_times, &mut self.histograms, start_ms, end_ms);
        let (floats, histograms) = (self.floats.0..self.floats.1, self.histograms.0..self.histograms.1);
        Window {
            float_times: &self.samples.float_times[floats.clone()],
            float_starts: self.samples.float_starts.within(floats.clone()),
            floats: &self.samples.floats[floats],
            histogram_times: &self.samples.histogram_times[histograms.clone()],
            histogram_starts: self.samples.histogram_starts.within(histograms.clone()),
            histograms: &self.samples.histograms[histograms],
            start_ms,
            end_ms,
            eval_ms,
            within: Within {
                series: self.samples,
                places: (self.floats.0, self.histograms.0),
                resets: &self.resets,
                sizes: &self.sizes,
                until_ms: self.until_ms,
            },
        }
    }
}

/// Moves the places of a window.
pub fn advance(times: &[i64], bounds: &mut (usize, usize), start: i64, end: i64) {
    bounds.0 += count_until(&times[bounds.0..], start);
    bounds.1 = bounds.1.max(bounds.0);
    bounds.1 += count_until(&times[bounds.1..], end);
}

/// The samples without stale markers; shared where there are none among the floats at some places.
pub fn without_stale(samples: &Arc<Samples>, floats: Range<usize>) -> Arc<Samples> {
    let any_stale = |values: &[f64]| values.iter().fold(false, |any, value| any | is_stale(*value));
    let stale = samples.floats[floats].chunks(1024).any(any_stale)
        || samples.histograms.iter().any(|histogram| is_stale(histogram.sum));
    if !stale {
        return samples.clone();
    }
    let mut kept = Samples::default();
    for (at, (time, value)) in samples.float_times.iter().zip(&samples.floats).enumerate() {
        if !is_stale(*value) {
            kept.push_float(*time, *value, samples.float_starts.get(at));
        }
    }
    for (at, (time, histogram)) in samples.histogram_times.iter().zip(&samples.histograms).enumerate() {
        if !is_stale(histogram.sum) {
            let start = samples.histogram_starts.get(at);
            kept.push_started(*time, Sample::Histogram(histogram.clone()), start);
        }
    }
    Arc::new(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::value::stale_nan;

    fn samples(points: &[(i64, f64)]) -> Samples {
        let mut samples = Samples::default();
        points.iter().for_each(|(time, value)| samples.push(*time, Sample::Float(*value)));
        samples
    }

    #[test]
    fn a_window_is_open_on_the_left() {
        let samples = samples(&[(0, 0.0), (10, 1.0), (20, 2.0), (30, 3.0)]);
        let mut windows = Windows::new(&samples);
        assert_eq!(windows.at(0, 20, 20).floats, [1.0, 2.0]);
        assert_eq!(windows.at(10, 20, 20).floats, [2.0]);
        assert_eq!(windows.at(20, 29, 29).floats, [] as [f64; 0]);
        assert_eq!(windows.at(29, 99, 99).floats, [3.0]);
    }

    #[test]
    fn the_latest_sample_ages_and_goes_stale() {
        let samples = samples(&[(0, 0.0), (10, 1.0), (20, stale_nan()), (30, 3.0)]);
        let mut latest = Latest::new(&samples);
        let mut at = |time| latest.at(time, 300).and_then(|point| point.sample.float());
        assert_eq!(
            [at(9), at(10), at(25), at(30), at(329), at(330)],
            [Some(0.0), Some(1.0), None, Some(3.0), Some(3.0), None]
        );
    }

    #[test]
    fn far_jumps_and_near_steps_agree() {
        let samples = samples(&(0..1000).map(|t| (t, t as f64)).collect::<Vec<_>>());
        let mut windows = Windows::new(&samples);
        for end in [3, 4, 500, 501, 2000] {
            assert_eq!(
                windows.at(end - 3, end, end).floats.len(),
                999.min(end).max(0).saturating_sub(999.min(end - 3)) as usize
            );
        }
    }
}
