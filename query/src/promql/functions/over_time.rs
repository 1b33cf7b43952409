//! `*_over_time`: one figure from the samples of a window.

use super::range::{RangeCall, RangeOutcome, float};
use crate::promql::histogram::Histogram;
use crate::promql::histogram::sum::Total;
use crate::promql::stats;
use crate::promql::value::{Sample, kahan_add};
use crate::promql::window::Window;
use std::sync::Arc;

pub fn count(_: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    float((window.floats.len() + window.histograms.len()) as f64)
}

pub fn present(_: &RangeCall, _: &Window, _: &[f64]) -> RangeOutcome {
    float(1.0)
}

pub fn sum(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    if mixed(call, window) {
        return Ok(None);
    }
    if let Some((first, others)) = window.histograms.split_first() {
        return Ok(added_up(call, Total::of_sum(first), others));
    }
    let (mut sum, mut lost) = (0.0, 0.0);
    window.floats.iter().for_each(|value| kahan_add(*value, &mut sum, &mut lost));
    float(if sum.is_infinite() { sum } else { sum + lost })
}

pub fn avg(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    if mixed(call, window) {
        return Ok(None);
    }
    if let Some((first, others)) = window.histograms.split_first() {
        return Ok(added_up(call, Total::of_mean(first), others));
    }
    float(stats::mean(window.floats.iter().copied()))
}

fn mixed(call: &RangeCall, window: &Window) -> bool {
    let mixed = !window.floats.is_empty() && !window.histograms.is_empty();
    if mixed {
        call.annotations.mixed_floats_histograms(call.arg, call.metric);
    }
    mixed
}

fn added_up(call: &RangeCall, mut total: Total, others: &[Arc<Histogram>]) -> Option<Sample> {
    for histogram in others {
        if total.add(histogram).is_err() {
            call.annotations.mixed_schemas(call.arg, call.metric);
            return None;
        }
    }
    if total.hints_collide() {
        call.annotations.reset_collision(call.arg, "aggregation");
    }
    if total.bounds_reconciled {
        call.annotations.bounds_reconciled(call.arg, "aggregation");
    }
    Some(Sample::Histogram(Arc::new(total.finish())))
}

pub fn min(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    Ok(best(call, window, |value, best| value < best).map(|(_, value)| Sample::Float(value)))
}

pub fn max(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    Ok(best(call, window, |value, best| value > best).map(|(_, value)| Sample::Float(value)))
}

pub fn time_of_min(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    Ok(best(call, window, |value, best| value <= best).map(|(time, _)| seconds(time)))
}

pub fn time_of_max(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    Ok(best(call, window, |value, best| value >= best).map(|(time, _)| seconds(time)))
}

fn seconds(time_ms: i64) -> Sample {
    Sample::Float(time_ms as f64 / 1e3)
}

/// A NaN is only the best of NaNs.
fn best(call: &RangeCall, window: &Window, better: fn(f64, f64) -> bool) -> Option<(i64, f64)> {
    let samples = window.float_times.iter().copied().zip(window.floats.iter().copied());
    let best = samples.reduce(
        |best, sample| {
            if better(sample.1, best.1) || best.1.is_nan() { sample } else { best }
        },
    )?;
    call.note_ignored(window);
    Some(best)
}

pub fn first(_: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    let float = window.float_times.first().zip(window.floats.first());
    let histogram = window.histogram_times.first().zip(window.histograms.first());
    Ok(match (float, histogram) {
        (Some((time, value)), other) if other.is_none_or(|(histogram, _)| time < histogram) => {
            Some(Sample::Float(*value))
        }
        (_, Some((_, histogram))) => Some(Sample::Histogram(histogram.clone())),
        _ => None,
    })
}

pub fn last(_: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    let float = window.float_times.last().zip(window.floats.last());
    let histogram = window.histogram_times.last().zip(window.histograms.last());
    Ok(match (float, histogram) {
        (Some((time, value)), other) if other.is_none_or(|(histogram, _)| histogram < time) => {
            Some(Sample::Float(*value))
        }
        (_, Some((_, histogram))) => Some(Sample::Histogram(histogram.clone())),
        _ => None,
    })
}

pub fn time_of_first(_: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    let times = window.float_times.first().into_iter().chain(window.histogram_times.first());
    Ok(times.min().map(|time| seconds(*time)))
}

pub fn time_of_last(_: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    let times = window.float_times.last().into_iter().chain(window.histogram_times.last());
    Ok(times.max().map(|time| seconds(*time)))
}

pub fn stddev(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    spread(call, window, f64::sqrt)
}

pub fn stdvar(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    spread(call, window, |variance| variance)
}

fn spread(call: &RangeCall, window: &Window, finish: fn(f64) -> f64) -> RangeOutcome {
    if window.floats.is_empty() {
        return Ok(None);
    }
    call.note_ignored(window);
    float(finish(stats::variance(window.floats.iter().copied())))
}

pub fn quantile(call: &RangeCall, window: &Window, args: &[f64]) -> RangeOutcome {
    if window.floats.is_empty() {
        return Ok(None);
    }
    if !(0.0..=1.0).contains(&args[0]) {
        call.annotations.invalid_quantile(call.first_arg, args[0]);
    }
    if !window.histograms.is_empty() {
        call.annotations.histograms_ignored_in_range(call.first_arg, call.metric);
    }
    float(stats::quantile(args[0], &mut window.floats.to_vec()))
}

/// The median of the distances from the median; NaN where any value is.
pub fn mad(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    if window.floats.is_empty() {
        return Ok(None);
    }
    call.note_ignored(window);
    let mut values = window.floats.to_vec();
    if values.iter().any(|value| value.is_nan()) {
        return float(f64::NAN);
    }
    let median = stats::quantile(0.5, &mut values);
    values.iter_mut().for_each(|value| *value = (*value - median).abs());
    float(stats::quantile(0.5, &mut values))
}
