//! `rate`, `increase`, `delta` and their instant forms.
//!
//! The slope between the first and the last sample of the window, resets added back, extrapolated
//! towards the window's ends: all the way where the next sample would be due, else half an
//! average gap, and for counters never below zero.

use super::range::{RangeCall, RangeOutcome, float};
use super::starts::{self, Life, Started};
use crate::promql::ast::RangeMode;
use crate::promql::histogram::{Combined, Histogram, Incompatible, ResetHint};
use crate::promql::value::Sample;
use crate::promql::window::{Point, Window};
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
    if !window.floats.is_empty() && !window.histograms.is_empty() {
        call.annotations.mixed_floats_histograms(call.arg, call.metric);
        return Ok(None);
    }
    if call.mode != RangeMode::Plain {
        return Ok(super::extended::increase(call, window, counter, per_second));
    }
    if !window.histograms.is_empty() {
        return Ok(of_histograms(call, window, counter, per_second));
    }
    let (Some(first), Some(last)) = (window.floats.first(), window.floats.last()) else { return Ok(None) };
    let mut result = last - first;
    let life = Life::of_floats(window);
    if counter {
        note_overlap(call, &life);
        for at in window.float_resets() {
            result += window.floats[at - 1];
        }
    }
    let began = life.began_after(window.start_ms).filter(|_| counter);
    if began.is_some() {
        result += first;
    }
    let growth = counter.then_some(Growth { first: *first, total: result });
    match factor(window, window.float_times, growth, began, per_second) {
        Some(factor) => float(result * factor),
        None => Ok(None),
    }
}

fn of_histograms(call: &RangeCall, window: &Window, counter: bool, per_second: bool) -> Option<Sample> {
    let first = &window.histograms[0];
    let mut result =
        if window.histograms.len() > 1 { Some(histogram_increase(call, window, counter)?) } else { None };
    let times = window.histogram_times;
    let began = Life::of_histograms(window).began_after(window.start_ms).filter(|_| counter);
    if began.is_some() {
        match &mut result {
            None => result = Some((**first).clone()),
            Some(sum) => note_combined(call, sum.add(first), "addition")?,
        }
    }
    let mut result = result?;
    let growth = counter.then_some(Growth { first: first.count, total: result.count });
    result.scale(factor(window, times, growth, began, per_second)?);
    Some(Sample::Histogram(Arc::new(result)))
}

/// Tells once that start times contradict the samples before them.
fn note_overlap(call: &RangeCall, life: &Life) {
    if life.overlaps() {
        call.annotations.start_overlap(call.arg, call.metric);
    }
}

/// A counter's first value in the window and what it grew by.
struct Growth {
    first: f64,
    total: f64,
}

/// What the increase between the samples is multiplied with to stand for the whole window. None
/// where one sample is all there is, and it is not known where its counter began.
fn factor(
    window: &Window,
    times: &[i64],
    counter: Option<Growth>,
    began: Option<i64>,
    per_second: bool,
) -> Option<f64> {
    let (first, last) = (times[0], times[times.len() - 1]);
    if times.len() == 1 && began.is_none() {
        return None;
    }
    let seconds = |ms: i64| ms as f64 / 1e3;
    let between = seconds(last - first);
    let average_gap = if times.len() > 1 { between / (times.len() - 1) as f64 } else { 0.0 };
    let threshold = average_gap * EXTRAPOLATION;
    let (sampled, to_start) = match began {
        Some(start) => (seconds(last - start), 0.0),
        None => (between, to_start(window, first, between, average_gap, counter)),
    };
    let mut to_end = seconds(window.end_ms - last);
    if to_end >= threshold {
        to_end = average_gap / 2.0;
    }
    let factor = if sampled == 0.0 { 1.0 } else { (sampled + to_start + to_end) / sampled };
    Some(if per_second { factor / window.range_seconds() } else { factor })
}

/// How far the slope reaches before the first sample.
fn to_start(window: &Window, first: i64, sampled: f64, average_gap: f64, counter: Option<Growth>) -> f64 {
    let mut to_start = (first - window.start_ms) as f64 / 1e3;
    if to_start >= average_gap * EXTRAPOLATION {
        to_start = average_gap / 2.0;
    }
    if let Some(growth) = counter
        && growth.total > 0.0
        && growth.first >= 0.0
    {
        let to_zero = sampled * (growth.first / growth.total);
        if to_zero < to_start {
            return to_zero;
        }
    }
    to_start
}

/// What is to be told of a window once its result is certain.
#[derive(Default)]
struct Notes {
    not_a_counter: bool,
    subtraction_reconciled: bool,
    addition_reconciled: bool,
}

impl Notes {
    fn tell(&self, call: &RangeCall) {
        let annotations = call.annotations;
        if self.not_a_counter {
            annotations.not_a_counter(call.arg, call.metric);
        }
        if self.subtraction_reconciled {
            annotations.bounds_reconciled(call.arg, "subtraction");
        }
        if self.addition_reconciled {
            annotations.bounds_reconciled(call.arg, "addition");
        }
    }
}

/// Last minus first with resets added back. None where the layouts can't be combined.
fn histogram_increase(call: &RangeCall, window: &Window, counter: bool) -> Option<Histogram> {
    let points = window.histograms;
    let (first, last) = (&points[0], &points[points.len() - 1]);
    let gauge = |histogram: &Histogram| histogram.hint == ResetHint::Gauge;
    let mut notes = Notes { not_a_counter: counter && (gauge(first) || gauge(last)), ..Notes::default() };
    let life = Life::of_histograms(window);
    // After a reset at the second sample the layout of the first one does not matter.
    let fresh = (counter && window.histogram_resets().next() == Some(1)).then(|| Histogram {
        schema: points[1].schema,
        custom_bounds: points[1].custom_bounds.clone(),
        ..Histogram::default()
    });
    let start: &Histogram = fresh.as_ref().unwrap_or(first);
    if last.is_custom() != start.is_custom() {
        notes.tell(call);
        call.annotations.mixed_schemas(call.arg, call.metric);
        return None;
    }
    let between = if counter { &points[1..points.len() - 1] } else { &[] };
    notes.not_a_counter |= between.iter().any(|point| gauge(point));
    let mut resets: Vec<&Histogram> = Vec::new();
    if fresh.is_some() && (life.restarted(1) || points[1].is_reset_from(start)) {
        resets.push(start);
    }
    if counter {
        let later = window.histogram_resets().filter(|at| *at > 1);
        resets.extend(later.map(|at| &*points[at - 1]));
    }
    let result = counted(last, between, start, &resets, &mut notes);
    let Ok(mut result) = result else {
        call.annotations.mixed_schemas(call.arg, call.metric);
        return None;
    };
    notes.tell(call);
    if counter {
        note_overlap(call, &life);
    } else if !gauge(first) || !gauge(last) {
        call.annotations.not_a_gauge(call.arg, call.metric);
    }
    result.hint = ResetHint::Gauge;
    result.compact();
    Some(result)
}

/// The last sample with what was there before it began anew, as often as it did. Hints that contradict each
/// other are expected then.
fn counted(
    last: &Histogram,
    between: &[Arc<Histogram>],
    start: &Histogram,
    resets: &[&Histogram],
    notes: &mut Notes,
) -> Result<Histogram, Incompatible> {
    let mut result = last.clone();
    for point in between {
        if point.is_custom() != start.is_custom() {
            return Err(Incompatible);
        }
        result.reduce_to(point.schema);
    }
    result.reduce_to(start.schema);
    notes.subtraction_reconciled |= result.subtract(start)?.bounds_reconciled;
    for before in resets {
        notes.addition_reconciled |= result.add(before)?.bounds_reconciled;
    }
    Ok(result)
}

/// None where the layouts can't be combined, which is told.
pub(super) fn note_combined(
    call: &RangeCall,
    outcome: Result<Combined, Incompatible>,
    word: &str,
) -> Option<()> {
    match outcome {
        Ok(combined) => {
            if combined.bounds_reconciled {
                call.annotations.bounds_reconciled(call.arg, word);
            }
            Some(())
        }
        Err(_) => {
            call.annotations.mixed_schemas(call.arg, call.metric);
            None
        }
    }
}

/// Between the last two samples of the window.
fn instant(call: &RangeCall, window: &Window, counter: bool) -> Option<Sample> {
    let (before, last) = window.last_two()?;
    if before.time_ms == last.time_ms {
        return None;
    }
    let seconds = (last.time_ms - before.time_ms) as f64 / 1e3;
    let started = |point: &Point| Started { start: point.start_ms, time: point.time_ms };
    let restarted = starts::is_reset(started(&before), started(&last));
    match (before.sample, last.sample) {
        (Sample::Float(before), Sample::Float(last)) => {
            let change = if counter && (last < before || restarted) { last } else { last - before };
            Some(Sample::Float(if counter { change / seconds } else { change }))
        }
        (Sample::Histogram(before), Sample::Histogram(last)) => {
            let result = histogram_change(call, &before, &last, counter, restarted)?;
            Some(Sample::Histogram(Arc::new(if counter { divided(result, seconds) } else { result })))
        }
        _ => {
            call.annotations.mixed_floats_histograms(call.first_arg, call.metric);
            None
        }
    }
}

fn divided(mut histogram: Histogram, divisor: f64) -> Histogram {
    histogram.divide(divisor);
    histogram
}

fn histogram_change(
    call: &RangeCall,
    before: &Histogram,
    last: &Histogram,
    counter: bool,
    restarted: bool,
) -> Option<Histogram> {
    let gauges = [before, last].map(|histogram| histogram.hint == ResetHint::Gauge);
    if counter && (gauges[0] || gauges[1]) {
        call.annotations.not_a_counter(call.first_arg, call.metric);
    }
    if !counter && (!gauges[0] || !gauges[1]) {
        call.annotations.not_a_gauge(call.first_arg, call.metric);
    }
    let mut result = last.clone();
    if !counter || (!restarted && !last.is_reset_from(before)) {
        note_combined(call, result.subtract(before), "subtraction")?;
    }
    result.hint = ResetHint::Gauge;
    result.compact();
    Some(result)
}
