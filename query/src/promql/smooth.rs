//! Instant selectors that are `smoothed`: the value at a time lies on the line between the samples
//! before and after it, instead of being the last one.

use super::ast::{Selector, Span};
use super::eval::Eval;
use super::functions::interpolated;
use super::histogram::{Histogram, ResetHint};
use super::value::{Sample, Series};
use super::window::{Window, Windows, without_stale};
use crate::Error;
use std::sync::Arc;

/// The series of a selector. Samples are looked for up to the lookback before and after.
pub fn select(eval: &Eval, selector: &Selector, span: &Span) -> Result<Vec<Series>, Error> {
    let lookback = eval.shared.query.lookback;
    let mut vector = Vec::new();
    for series in &eval.shared.data[selector.id] {
        eval.check()?;
        let samples = without_stale(&series.samples, 0..series.samples.floats.len());
        let mut windows = Windows::new(&samples);
        let place = Place { eval, span, metric: series.labels.metric_name() };
        let cell = |time: &i64| {
            let at = selector.time.apply(*time);
            place.value(&windows.at(at - lookback, at + lookback, *time), at)
        };
        let values: Vec<_> = eval.times.iter().map(cell).collect();
        if values.iter().any(Option::is_some) {
            eval.spend(values.len())?;
            eval.touched.add_cells(&values);
            vector.push(Series { labels: series.labels.clone(), drop_name: false, values });
        }
    }
    Ok(vector)
}

struct Place<'a> {
    eval: &'a Eval<'a>,
    span: &'a Span,
    metric: &'a str,
}

impl Place<'_> {
    fn value(&self, window: &Window, at: i64) -> Option<Sample> {
        if !window.floats.is_empty() && !window.histograms.is_empty() {
            self.eval.annotations.mixed_floats_histograms(self.span, self.metric);
            return None;
        }
        if window.histograms.is_empty() {
            return float(window.float_times, window.floats, at).map(Sample::Float);
        }
        self.histogram(window.histogram_times, window.histograms, at).map(Sample::Histogram)
    }

    fn histogram(&self, times: &[i64], values: &[Arc<Histogram>], at: i64) -> Option<Arc<Histogram>> {
        let next = times.partition_point(|time| *time < at);
        if times.get(next) == Some(&at) {
            return Some(values[next].clone());
        }
        let before = &values[next.checked_sub(1)?];
        let Some(after) = values.get(next) else {
            // The hint is about two neighbours, not about the value.
            return Some(Arc::new(Histogram { hint: ResetHint::Unknown, ..(**before).clone() }));
        };
        let gauges = before.hint == ResetHint::Gauge && after.hint == ResetHint::Gauge;
        let share = (at - times[next - 1]) as f64 / (times[next] - times[next - 1]) as f64;
        let annotations = self.eval.annotations;
        let between = match interpolated(before, after, share, !gauges) {
            Ok(between) if before.is_custom() == after.is_custom() => between,
            _ => {
                annotations.mixed_schemas(self.span, self.metric);
                return None;
            }
        };
        if between.subtraction_reconciled {
            annotations.bounds_reconciled(self.span, "subtraction");
        }
        if between.addition_reconciled {
            annotations.bounds_reconciled(self.span, "addition");
        }
        Some(Arc::new(between.histogram))
    }
}

/// The value at a time; after the last sample it stays, before the first one there is none.
fn float(times: &[i64], values: &[f64], at: i64) -> Option<f64> {
    let next = times.partition_point(|time| *time < at);
    if times.get(next) == Some(&at) {
        return Some(values[next]);
    }
    let before = next.checked_sub(1)?;
    let Some(after) = values.get(next) else { return Some(values[before]) };
    Some(between((times[before], values[before]), (times[next], *after), at))
}

/// On the line between two samples.
fn between(before: (i64, f64), after: (i64, f64), at: i64) -> f64 {
    before.1 + (after.1 - before.1) * (at - before.0) as f64 / (after.0 - before.0) as f64
}

/// The samples of a range whose edges are anchored or smoothed, as the answer of a query: with one
/// sample at its start and one at its end. None where the range holds none.
pub fn with_edges(window: &Window, smoothed: bool) -> Vec<(i64, Sample)> {
    let (times, values) = (window.float_times, window.floats);
    let (start, end) = (window.start_ms, window.end_ms);
    let Some(mut last) = times.len().checked_sub(1) else { return Vec::new() };
    let first = times[..last].partition_point(|time| *time <= start).saturating_sub(1);
    if smoothed {
        last = times[..last].partition_point(|time| *time < end);
    }
    if times[last] <= start {
        return Vec::new();
    }
    let pair = |at: usize| (times[at], values[at]);
    let cut_left = smoothed && times[first] < start;
    let left = if cut_left { between(pair(first), pair(first + 1), start) } else { values[first] };
    let cut_right = smoothed && last > 0 && times[last] > end;
    let right = if cut_right { between(pair(last - 1), pair(last), end) } else { values[last] };
    let inside = (first..=last).filter(|at| times[*at] > start && times[*at] < end).map(pair);
    let all = [(start, left)].into_iter().chain(inside).chain([(end, right)]);
    all.map(|(time, value)| (time, Sample::Float(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_between_its_neighbours() {
        let (times, values) = ([0, 10, 30], [0.0, 10.0, 50.0]);
        let at = |time| float(&times, &values, time);
        assert_eq!([at(0), at(5), at(10), at(20)], [Some(0.0), Some(5.0), Some(10.0), Some(30.0)]);
        assert_eq!([at(-1), at(40)], [None, Some(50.0)]);
    }
}
