//! `rate`, `increase`, `delta` and their instant forms.
//!
//! The slope between the first and the last sample of the window, resets added back, extrapolated
//! towards the window's ends: all the way where the next sample would be due, else half an
//! average gap, and for counters never below zero.

use super::range::{RangeCall, RangeOutcome, float};
use super::slope::Slope;
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
    if window.floats.is_empty() {
        return Ok(None);
    }
    let life = Life::of_floats(window);
    if counter {
        note_overlap(call, &life);
    }
    let began = life.began_after(window.start_ms).filter(|_| counter);
    let range = (window.start_ms, window.end_ms);
    let Some(reach) = Reach::of(window.float_times, range, began) else { return Ok(None) };
    // They are looked for only where they count.
    let resets = counter.then(|| window.float_resets()).into_iter().flatten();
    let slope = Slope { counter, per_second };
    float(slope.of_floats(window.floats, resets, began.is_some(), reach))
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
    let reach = Reach::of(times, (window.start_ms, window.end_ms), began)?;
    result.scale(reach.factor(growth, per_second));
    Some(Sample::Histogram(Arc::new(result)))
}

/// Tells once that start times contradict the samples before them.
fn note_overlap(call: &RangeCall, life: &Life) {
    if life.overlaps() {
        call.annotations.start_overlap(call.arg, call.metric);
    }
}

/// A counter's first value in the window and what it grew by.
pub struct Growth {
    pub first: f64,
    pub total: f64,
}

/// How far the increase between the samples of a window is taken to reach, in seconds. Their times alone tell it.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    sampled: f64,
    to_start: f64,
    to_end: f64,
    range: f64,
}

impl Reach {
    /// Of the window `(start, end]` whose counter began inside of it, or did not. None where one sample is all
    /// there is, and it is not known where its counter began.
    pub fn of(times: &[i64], (start_ms, end_ms): (i64, i64), began: Option<i64>) -> Option<Reach> {
        let (first, last) = (*times.first()?, *times.last()?);
        if times.len() == 1 && began.is_none() {
            return None;
        }
        let seconds = |ms: i64| ms as f64 / 1e3;
        let between = seconds(last - first);
        let average_gap = if times.len() > 1 { between / (times.len() - 1) as f64 } else { 0.0 };
        let edge = |distance: f64| {
            if distance >= average_gap * EXTRAPOLATION { average_gap / 2.0 } else { distance }
        };
        let (sampled, to_start) = match began {
            Some(start) => (seconds(last - start), 0.0),
            None => (between, edge(seconds(first - start_ms))),
        };
        let to_end = edge(seconds(end_ms - last));
        Some(Reach { sampled, to_start, to_end, range: seconds(end_ms - start_ms) })
    }

    /// What the increase between the samples is multiplied with to stand for the whole window.
    pub fn factor(&self, counter: Option<Growth>, per_second: bool) -> f64 {
        let sampled = self.sampled;
        let mut to_start = self.to_start;
        if let Some(growth) = counter
            && growth.total > 0.0
            && growth.first >= 0.0
        {
            // A counter was not below zero.
            let to_zero = sampled * (growth.first / growth.total);
            if to_zero < to_start {
                to_start = to_zero;
            }
        }
        let factor = if sampled == 0.0 { 1.0 } else { (sampled + to_start + self.to_end) / sampled };
        if per_second { factor / self.range } else { factor }
    }
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
