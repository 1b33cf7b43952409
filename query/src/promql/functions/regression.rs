//! Straight lines through a window, and double exponential smoothing.

use super::range::{RangeCall, RangeOutcome, float};
use crate::Error;
use crate::promql::value::kahan_add;
use crate::promql::window::Window;

pub fn deriv(call: &RangeCall, window: &Window, _: &[f64]) -> RangeOutcome {
    if !enough(call, window) {
        return Ok(None);
    }
    float(line(window, window.float_times[0]).0)
}

/// The value in `args[0]` seconds from the evaluation time.
pub fn predict(call: &RangeCall, window: &Window, args: &[f64]) -> RangeOutcome {
    if !enough(call, window) {
        return Ok(None);
    }
    let (slope, intercept) = line(window, window.eval_ms);
    float(slope * args[0] + intercept)
}

/// Two floats at least.
fn enough(call: &RangeCall, window: &Window) -> bool {
    if !window.floats.is_empty() {
        call.note_ignored(window);
    }
    window.floats.len() >= 2
}

/// Least squares: slope per second, and value at `origin_ms`.
fn line(window: &Window, origin_ms: i64) -> (f64, f64) {
    let first = window.floats[0];
    if window.floats.iter().all(|value| *value == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let mut sums = [(0.0, 0.0); 4];
    for (time, y) in window.float_times.iter().zip(window.floats) {
        let x = (time - origin_ms) as f64 / 1e3;
        for ((sum, lost), value) in sums.iter_mut().zip([x, *y, x * y, x * x]) {
            kahan_add(value, sum, lost);
        }
    }
    let [x, y, xy, xx] = sums.map(|(sum, lost)| sum + lost);
    let n = window.floats.len() as f64;
    let slope = (xy - x * y / n) / (xx - x * x / n);
    (slope, y / n - slope * x / n)
}

/// Holt's linear method: `args` are the smoothing factor and the trend factor.
pub fn smoothing(call: &RangeCall, window: &Window, args: &[f64]) -> RangeOutcome {
    for (name, factor) in ["smoothing", "trend"].iter().zip(args) {
        if *factor <= 0.0 || *factor >= 1.0 {
            let letter = &name[..1];
            return Err(Error::Execution(format!(
                "invalid {name} factor. Expected: 0 < {letter}f < 1, got: {factor:.6}"
            )));
        }
    }
    if !enough(call, window) {
        return Ok(None);
    }
    let (smoothing, trend) = (args[0], args[1]);
    let mut slope = window.floats[1] - window.floats[0];
    let (mut before, mut level) = (0.0, window.floats[0]);
    for (i, value) in window.floats.iter().enumerate().skip(1) {
        if i > 1 {
            slope = trend * (level - before) + (1.0 - trend) * slope;
        }
        (before, level) = (level, smoothing * value + (1.0 - smoothing) * (level + slope));
    }
    float(level)
}
