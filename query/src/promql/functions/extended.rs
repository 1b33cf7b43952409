//! Increases over ranges that are `anchored` or `smoothed`, from edge to edge.
//!
//! The window reaches beyond the range: an anchored range begins with the sample before its start,
//! a smoothed one interpolates at both edges. A counter that tells when it began was 0 then.

use super::range::RangeCall;
use super::rate::note_combined;
use super::starts::Life;
use crate::promql::ast::RangeMode;
use crate::promql::histogram::{Histogram, Incompatible, ResetHint};
use crate::promql::starts::StartsWithin;
use crate::promql::value::Sample;
use crate::promql::window::Window;
use std::sync::Arc;

/// None where the range holds no sample. The window's samples are all floats or all histograms.
pub fn increase(call: &RangeCall, window: &Window, counter: bool, per_second: bool) -> Option<Sample> {
    let after_ms = window.start_ms;
    let floats_begun = || Life::of_floats(window).with_beginnings(window.floats, after_ms, |_| 0.0);
    if counter && let Some((times, values)) = floats_begun() {
        let starts = StartsWithin::default();
        let whole = Window { float_times: &times, floats: &values, float_starts: starts, ..*window };
        return increase(call, &whole, counter, per_second);
    }
    let histograms_begun =
        || Life::of_histograms(window).with_beginnings(window.histograms, after_ms, nothing_like);
    if counter && let Some((times, values)) = histograms_begun() {
        let starts = StartsWithin::default();
        let whole =
            Window { histogram_times: &times, histograms: &values, histogram_starts: starts, ..*window };
        return increase(call, &whole, counter, per_second);
    }
    let smoothed = call.mode == RangeMode::Smoothed;
    if !window.histograms.is_empty() {
        let edges = Edges::of(window, window.histogram_times, smoothed)?;
        let mut result = Histograms { call, window, edges, counter }.increase()?;
        if per_second {
            result.divide(window.range_seconds());
        }
        result.hint = ResetHint::Gauge;
        result.compact();
        return Some(Sample::Histogram(Arc::new(result)));
    }
    let edges = Edges::of(window, window.float_times, smoothed)?;
    let result = floats(window, edges, counter);
    Some(Sample::Float(if per_second { result / window.range_seconds() } else { result }))
}

/// What a counter was when it began.
fn nothing_like(histogram: &Arc<Histogram>) -> Arc<Histogram> {
    Arc::new(Histogram {
        schema: histogram.schema,
        zero_threshold: histogram.zero_threshold,
        custom_bounds: histogram.custom_bounds.clone(),
        ..Histogram::default()
    })
}

/// The samples at the edges of the range, and whether the value at the edge lies between two.
#[derive(Clone, Copy)]
struct Edges {
    first: usize,
    last: usize,
    /// The start lies between the first sample and the next one.
    cut_left: bool,
    /// The end lies between the last sample and the one before.
    cut_right: bool,
}

impl Edges {
    fn of(window: &Window, times: &[i64], smoothed: bool) -> Option<Edges> {
        let mut last = times.len().checked_sub(1)?;
        let first = times[..last].partition_point(|time| *time <= window.start_ms).saturating_sub(1);
        if smoothed {
            last = times[..last].partition_point(|time| *time < window.end_ms);
        }
        if times[last] <= window.start_ms || (smoothed && times[first] > window.end_ms) {
            return None;
        }
        let cut_left = smoothed && times[first] < window.start_ms;
        let cut_right = smoothed && last > 0 && times[last] > window.end_ms;
        Some(Edges { first, last, cut_left, cut_right })
    }
}

/// The place of a time between two others, 0 to 1.
fn place(times: &[i64], at: usize, time: i64) -> f64 {
    (time - times[at]) as f64 / (times[at + 1] - times[at]) as f64
}

fn floats(window: &Window, edges: Edges, counter: bool) -> f64 {
    let (times, values) = (window.float_times, window.floats);
    let between = |at: usize, time: i64| {
        let (before, after) = (values[at], values[at + 1]);
        let before = if counter && after < before { 0.0 } else { before };
        let (start, end) = (times[at], times[at + 1]);
        before + (after - before) * (time - start) as f64 / (end - start) as f64
    };
    let left = if edges.cut_left { between(edges.first, window.start_ms) } else { values[edges.first] };
    let right = if edges.cut_right { between(edges.last - 1, window.end_ms) } else { values[edges.last] };
    if !counter {
        return right - left;
    }
    let first = edges.first + usize::from(times[edges.first] <= window.start_ms);
    let end = edges.last + usize::from(times[edges.last] < window.end_ms);
    let (mut lost, mut previous) = (0.0, left);
    for value in values[first..end.max(first)].iter().chain([&right]) {
        lost += if *value < previous { previous } else { 0.0 };
        previous = *value;
    }
    right - left + lost
}

struct Histograms<'a> {
    call: &'a RangeCall<'a>,
    window: &'a Window<'a>,
    edges: Edges,
    counter: bool,
}

impl Histograms<'_> {
    fn increase(&self) -> Option<Histogram> {
        let (call, points) = (self.call, &self.window.histograms[self.edges.first..=self.edges.last]);
        for point in points {
            if point.is_custom() != points[0].is_custom() {
                call.annotations.mixed_schemas(call.arg, call.metric);
                return None;
            }
            if self.counter && point.hint == ResetHint::Gauge {
                call.annotations.not_a_counter(call.arg, call.metric);
            }
        }
        let left = self.left()?;
        let right = self.right()?;
        let gauges = left.hint == ResetHint::Gauge && right.hint == ResetHint::Gauge;
        if !self.counter && !gauges {
            call.annotations.not_a_gauge(call.arg, call.metric);
        }
        let mut result = right.clone();
        note_combined(call, result.subtract(&left), "subtraction")?;
        if self.counter
            && let Some(lost) = self.lost(&left, &right)?
        {
            note_combined(call, result.add(&lost), "addition")?;
        }
        Some(result)
    }

    fn left(&self) -> Option<Histogram> {
        let first = self.edges.first;
        if !self.edges.cut_left {
            return Some((*self.window.histograms[first]).clone());
        }
        self.between(first, self.window.start_ms)
    }

    fn right(&self) -> Option<Histogram> {
        let last = self.edges.last;
        if !self.edges.cut_right {
            return Some((*self.window.histograms[last]).clone());
        }
        self.between(last - 1, self.window.end_ms)
    }

    fn between(&self, at: usize, time: i64) -> Option<Histogram> {
        let (times, points) = (self.window.histogram_times, self.window.histograms);
        let place = place(times, at, time);
        let outcome = interpolated(&points[at], &points[at + 1], place, self.counter);
        match outcome {
            Ok(between) => {
                if between.subtraction_reconciled {
                    self.call.annotations.bounds_reconciled(self.call.arg, "subtraction");
                }
                if between.addition_reconciled {
                    self.call.annotations.bounds_reconciled(self.call.arg, "addition");
                }
                Some(between.histogram)
            }
            Err(_) => {
                self.call.annotations.mixed_schemas(self.call.arg, self.call.metric);
                None
            }
        }
    }

    /// What resets between the edges took away.
    #[allow(clippy::option_option)]
    fn lost(&self, left: &Histogram, right: &Histogram) -> Option<Option<Histogram>> {
        let (points, edges) = (self.window.histograms, self.edges);
        let (mut next, mut previous) = (edges.first + 1, left);
        if edges.cut_left && points[next].is_reset_from(&points[edges.first]) {
            // The interpolation at the start has taken this reset into account.
            previous = &points[next];
            next += 1;
        }
        let mut lost: Option<Histogram> = None;
        if next > edges.last {
            return Some(None);
        }
        for point in points[next..edges.last].iter().map(|point| &**point).chain([right]) {
            if point.is_reset_from(previous) {
                match &mut lost {
                    None => lost = Some(previous.clone()),
                    Some(sum) => note_combined(self.call, sum.add(previous), "addition")?,
                }
            }
            previous = point;
        }
        Some(lost)
    }
}

/// A histogram between two others, and what had to be reconciled for it.
pub struct Between {
    pub histogram: Histogram,
    pub subtraction_reconciled: bool,
    pub addition_reconciled: bool,
}

/// Linear between two histograms; after the reset of a counter from nothing. `place` is 0 to 1.
pub fn interpolated(
    before: &Histogram,
    after: &Histogram,
    place: f64,
    counter: bool,
) -> Result<Between, Incompatible> {
    let whole = |histogram| Between { histogram, subtraction_reconciled: false, addition_reconciled: false };
    if place == 0.0 {
        return Ok(whole(before.clone()));
    }
    let mut result = after.clone();
    if place == 1.0 {
        return Ok(whole(result));
    }
    if counter && after.is_reset_from(before) {
        result.scale(place);
        return Ok(whole(result));
    }
    let subtraction_reconciled = result.subtract(before)?.bounds_reconciled;
    result.scale(place);
    let addition_reconciled = result.add(before)?.bounds_reconciled;
    Ok(Between { histogram: result, subtraction_reconciled, addition_reconciled })
}
