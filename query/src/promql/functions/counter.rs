//! `resets` and `changes`.

use super::range::{RangeCall, RangeOutcome, float};
use super::starts::{Started, is_reset};
use crate::promql::ast::RangeMode;
use crate::promql::value::Sample;
use crate::promql::window::{Point, Window};

pub fn resets(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    count_pairs(call, window, |before, after| {
        let started = |point: &Point| Started { start: point.start_ms, time: point.time_ms };
        let restarted = is_reset(started(before), started(after));
        match (&before.sample, &after.sample) {
            (Sample::Float(before), Sample::Float(after)) => restarted || after < before,
            (Sample::Histogram(before), Sample::Histogram(after)) => restarted || after.is_reset_from(before),
            _ => true,
        }
    })
}

pub fn changes(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    count_pairs(call, window, |before, after| match (&before.sample, &after.sample) {
        (Sample::Float(before), Sample::Float(after)) => {
            before != after && !(before.is_nan() && after.is_nan())
        }
        (Sample::Histogram(before), Sample::Histogram(after)) => !after.same_data(before),
        _ => true,
    })
}

fn count_pairs(call: &RangeCall, window: &Window, counts: fn(&Point, &Point) -> bool) -> RangeOutcome {
    let (first_float, first_histogram) = match call.mode {
        RangeMode::Anchored => match anchor(window) {
            Some(places) => places,
            None => return Ok(None),
        },
        _ => (0, 0),
    };
    let samples = window.in_order(first_float, first_histogram);
    if samples.is_empty() {
        return Ok(None);
    }
    float(samples.windows(2).filter(|pair| counts(&pair[0], &pair[1])).count() as f64)
}

/// The first float and the first histogram to look at: the newest sample at or before the range's
/// start, and what follows it. None where the range itself holds no sample.
fn anchor(window: &Window) -> Option<(usize, usize)> {
    let floats = window.float_times.partition_point(|time| *time <= window.start_ms);
    let histograms = window.histogram_times.partition_point(|time| *time <= window.start_ms);
    if floats == window.floats.len() && histograms == window.histograms.len() {
        return None;
    }
    let float = floats.checked_sub(1).map(|at| window.float_times[at]);
    let histogram = histograms.checked_sub(1).map(|at| window.histogram_times[at]);
    Some(match (float, histogram) {
        (None, None) => (0, 0),
        (float, histogram) if float >= histogram => (floats - 1, histograms),
        _ => (floats, histograms - 1),
    })
}
