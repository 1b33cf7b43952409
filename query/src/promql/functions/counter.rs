//! `resets`, `changes`, and increases over ranges that are `anchored` or `smoothed`.

use super::range::{RangeCall, RangeOutcome, float};
use crate::promql::ast::RangeMode;
use crate::promql::value::Sample;
use crate::promql::window::Window;

pub fn resets(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    count_pairs(call, window, |before, after| match (before, after) {
        (Sample::Float(before), Sample::Float(after)) => after < before,
        (Sample::Histogram(before), Sample::Histogram(after)) => after.is_reset_from(before),
        _ => true,
    })
}

pub fn changes(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    count_pairs(call, window, |before, after| match (before, after) {
        (Sample::Float(before), Sample::Float(after)) => {
            before != after && !(before.is_nan() && after.is_nan())
        }
        (Sample::Histogram(before), Sample::Histogram(after)) => !after.same_data(before),
        _ => true,
    })
}

fn count_pairs(call: &RangeCall, window: &Window, counts: fn(&Sample, &Sample) -> bool) -> RangeOutcome {
    let mut first = 0;
    if call.mode == RangeMode::Anchored {
        match anchor(window) {
            Some(at) => first = at,
            None => return Ok(None),
        }
    }
    let samples = in_order(window, first);
    if samples.is_empty() {
        return Ok(None);
    }
    float(samples.windows(2).filter(|pair| counts(&pair[0].1, &pair[1].1)).count() as f64)
}

fn in_order(window: &Window, first_float: usize) -> Vec<(i64, Sample)> {
    let floats = window.float_times.iter().zip(window.floats).skip(first_float);
    let mut all: Vec<_> = floats.map(|(time, value)| (*time, Sample::Float(*value))).collect();
    let histograms = window.histogram_times.iter().zip(window.histograms);
    all.extend(histograms.map(|(time, histogram)| (*time, Sample::Histogram(histogram.clone()))));
    all.sort_by_key(|(time, _)| *time);
    all
}

/// The last sample at or before the range's start, else the first one. None where the range itself
/// holds no sample.
fn anchor(window: &Window) -> Option<usize> {
    let last = *window.float_times.last()?;
    if last <= window.start_ms {
        return None;
    }
    Some(window.float_times.partition_point(|time| *time <= window.start_ms).saturating_sub(1))
}

/// The increase from edge to edge. The window reaches beyond the range: anchored ranges start at
/// the sample before, smoothed ones interpolate at both edges.
pub fn extended_increase(
    call: &RangeCall,
    window: &Window,
    counter: bool,
    per_second: bool,
) -> Option<Sample> {
    let (times, values) = (window.float_times, window.floats);
    let smoothed = call.mode == RangeMode::Smoothed;
    let mut first = anchor(window)
        .or_else(|| (smoothed && times.last().is_some_and(|last| *last > window.start_ms)).then_some(0))?;
    let mut last = times.len() - 1;
    if smoothed {
        last = times[..last].partition_point(|time| *time < window.end_ms);
    }
    if times[last] <= window.start_ms {
        return None;
    }
    let between = |at: usize, time: i64| {
        let (before, after) = (values[at], values[at + 1]);
        let before = if counter && after < before { 0.0 } else { before };
        before + (after - before) * (time - times[at]) as f64 / (times[at + 1] - times[at]) as f64
    };
    let left = if smoothed && times[first] < window.start_ms && first + 1 < times.len() {
        between(first, window.start_ms)
    } else {
        values[first]
    };
    let right = if smoothed && last > 0 && times[last] > window.end_ms {
        between(last - 1, window.end_ms)
    } else {
        values[last]
    };
    let mut result = right - left;
    if counter {
        if times[first] <= window.start_ms {
            first += 1;
        }
        let inside = if times[last] >= window.end_ms { first..last.max(first) } else { first..last + 1 };
        let mut previous = left;
        for value in values[inside].iter().chain([&right]) {
            result += if *value < previous { previous } else { 0.0 };
            previous = *value;
        }
    }
    let seconds = window.range_seconds();
    Some(Sample::Float(if per_second { result / seconds } else { result }))
}
