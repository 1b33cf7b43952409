//! `rate`, `increase`, `delta` and their instant forms.
//!
//! The slope between the first and the last sample of the window, resets added back, extrapolated
//! towards the window's ends: all the way where the next sample would be due, else half an
//! average gap, and for counters never below zero.

use super::range::{RangeCall, RangeOutcome};
use crate::promql::annotations::Annotations;
use crate::promql::ast::RangeMode;
use crate::promql::histogram::{Histogram, ResetHint};
use crate::promql::value::Sample;
use crate::promql::window::Window;
use std::sync::Arc;

/// A gap up to this many average gaps still counts as "the next sample was due".
const EXTRAPOLATION: f64 = 1.1;

pub fn rate(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    extrapolated(call, window, true, true)
}

pub fn increase(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    extrapolated(call, window, true, false)
}

pub fn delta(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    extrapolated(call, window, false, false)
}

pub fn irate(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    Ok(instant(call, window, true))
}

pub fn idelta(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    Ok(instant(call, window, false))
}

fn extrapolated(call: &RangeCall, window: &Window, counter: bool, per_second: bool) -> RangeOutcome {
    if call.mode != RangeMode::Plain {
        return Ok(super::counter::extended_increase(call, window, counter, per_second));
    }
    if !window.floats.is_empty() && !window.histograms.is_empty() {
        call.annotations.mixed_floats_histograms(call.arg, call.metric);
        return Ok(None);
    }
    if window.histograms.len() > 1 {
        let Some(mut result) = histogram_increase(call, window.histograms, counter) else { return Ok(None) };
        let first = window.histograms[0].count;
        let growth = Growth { first, total: result.count };
        result.scale(factor(window, window.histogram_times, counter.then_some(growth), per_second));
        return Ok(Some(Sample::Histogram(Arc::new(result))));
    }
    if window.floats.len() > 1 {
        let mut result = window.floats[window.floats.len() - 1] - window.floats[0];
        if counter {
            result +=
                window.floats.windows(2).filter(|pair| pair[1] < pair[0]).map(|pair| pair[0]).sum::<f64>();
        }
        let growth = Growth { first: window.floats[0], total: result };
        let factor = factor(window, window.float_times, counter.then_some(growth), per_second);
        return super::range::float(result * factor);
    }
    Ok(None)
}

/// A counter's first value in the window and what it grew by.
struct Growth {
    first: f64,
    total: f64,
}

/// What the increase between the samples is multiplied with to stand for the whole window.
fn factor(window: &Window, times: &[i64], counter: Option<Growth>, per_second: bool) -> f64 {
    let (first, last) = (times[0], times[times.len() - 1]);
    let seconds = |ms: i64| ms as f64 / 1e3;
    let sampled = seconds(last - first);
    let average_gap = sampled / (times.len() - 1) as f64;
    let (mut to_start, mut to_end) = (seconds(first - window.start_ms), seconds(window.end_ms - last));
    let threshold = average_gap * EXTRAPOLATION;
    if to_start >= threshold {
        to_start = average_gap / 2.0;
    }
    if let Some(growth) = counter
        && growth.total > 0.0
        && growth.first >= 0.0
    {
        to_start = to_start.min(sampled * (growth.first / growth.total));
    }
    if to_end >= threshold {
        to_end = average_gap / 2.0;
    }
    let factor = (sampled + to_start + to_end) / sampled;
    if per_second { factor / window.range_seconds() } else { factor }
}

/// Last minus first with resets added back. None where the layouts can't be combined.
fn histogram_increase(call: &RangeCall, points: &[Arc<Histogram>], counter: bool) -> Option<Histogram> {
    let (first, last) = (&points[0], &points[points.len() - 1]);
    let gauge = |histogram: &Histogram| histogram.hint == ResetHint::Gauge;
    if counter && points.iter().any(|point| gauge(point)) {
        call.annotations.not_a_counter(call.arg, call.metric);
    }
    if !counter && (!gauge(first) || !gauge(last)) {
        call.annotations.not_a_gauge(call.arg, call.metric);
    }
    // After a reset at the second sample the layout of the first one does not matter.
    let start = if counter && points[1].is_reset_from(first) {
        Arc::new(Histogram {
            schema: points[1].schema,
            custom_bounds: points[1].custom_bounds.clone(),
            ..Histogram::default()
        })
    } else {
        first.clone()
    };
    let same_kind = |point: &Arc<Histogram>| point.is_custom() == start.is_custom();
    let checked = if counter { &points[1..] } else { &points[points.len() - 1..] };
    if !checked.iter().all(same_kind) {
        call.annotations.mixed_schemas(call.arg, call.metric);
        return None;
    }
    let mut result = (**last).clone();
    if counter {
        points[1..].iter().for_each(|point| result.reduce_to(point.schema));
    }
    let combine = |result: &mut Histogram, other: &Histogram, add: bool| -> Option<()> {
        let (outcome, word) = match add {
            true => (result.add(other), "addition"),
            false => (result.subtract(other), "subtraction"),
        };
        note_combined(call.annotations, call, outcome, word)
    };
    combine(&mut result, &start, false)?;
    let mut previous = start;
    for point in points[1..].iter().filter(|_| counter) {
        if point.is_reset_from(&previous) {
            combine(&mut result, &previous, true)?;
        }
        previous = point.clone();
    }
    result.hint = ResetHint::Gauge;
    result.compact();
    Some(result)
}

/// Reset collisions are expected here: resets are treated explicitly.
fn note_combined(
    annotations: &Annotations,
    call: &RangeCall,
    outcome: Result<crate::promql::histogram::Combined, crate::promql::histogram::Incompatible>,
    word: &str,
) -> Option<()> {
    match outcome {
        Ok(combined) => {
            if combined.bounds_reconciled {
                annotations.bounds_reconciled(call.arg, word);
            }
            Some(())
        }
        Err(_) => {
            annotations.mixed_schemas(call.arg, call.metric);
            None
        }
    }
}

/// Between the last two samples of the window.
fn instant(call: &RangeCall, window: &Window, counter: bool) -> Option<Sample> {
    let ((before, first), (at, last)) = last_two(window)?;
    if before == at {
        return None;
    }
    let seconds = (at - before) as f64 / 1e3;
    match (first, last) {
        (Sample::Float(first), Sample::Float(last)) => {
            let change = if counter && last < first { last } else { last - first };
            Some(Sample::Float(if counter { change / seconds } else { change }))
        }
        (Sample::Histogram(first), Sample::Histogram(last)) => {
            let gauges = [&first, &last].map(|histogram| histogram.hint == ResetHint::Gauge);
            if counter && (gauges[0] || gauges[1]) {
                call.annotations.not_a_counter(call.first_arg, call.metric);
            }
            if !counter && (!gauges[0] || !gauges[1]) {
                call.annotations.not_a_gauge(call.first_arg, call.metric);
            }
            let mut result = (*last).clone();
            if !counter || !last.is_reset_from(&first) {
                note_combined(call.annotations, call, result.subtract(&first), "subtraction")?;
            }
            result.hint = ResetHint::Gauge;
            result.compact();
            if counter {
                result.divide(seconds);
            }
            Some(Sample::Histogram(Arc::new(result)))
        }
        _ => {
            call.annotations.mixed_floats_histograms(call.first_arg, call.metric);
            None
        }
    }
}

fn last_two(window: &Window) -> Option<((i64, Sample), (i64, Sample))> {
    let floats = window.float_times.iter().zip(window.floats).rev().take(2);
    let histograms = window.histogram_times.iter().zip(window.histograms).rev().take(2);
    let mut all: Vec<(i64, Sample)> = floats.map(|(time, value)| (*time, Sample::Float(*value))).collect();
    all.extend(histograms.map(|(time, histogram)| (*time, Sample::Histogram(histogram.clone()))));
    all.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    let mut newest = all.into_iter();
    let (last, first) = (newest.next()?, newest.next()?);
    Some((first, last))
}
