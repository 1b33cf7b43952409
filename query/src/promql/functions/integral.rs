//! `integral`: the area below the samples, over seconds.

use super::range::{RangeCall, RangeOutcome, float};
use crate::promql::value::{format_general, kahan_add};
use crate::promql::window::Window;

/// The optional argument chooses the rule: 0 takes an interval's left value, 1 its right one, 2 (as
/// without it) their mean. A NaN counts as 0.
pub fn integral(call: &RangeCall, window: &Window, args: &[f64]) -> RangeOutcome {
    if window.floats.is_empty() {
        return Ok(None);
    }
    call.note_ignored(window);
    let rule = match args.first().copied() {
        None => 2.0,
        Some(rule) if [0.0, 1.0, 2.0].contains(&rule) => rule,
        Some(wrong) => {
            let wrong = format_general(wrong);
            let text = format!("strategy should be 0, 1, or 2 (default), using 2, got {wrong}");
            call.annotations.warn(&call.args[1].span, text);
            2.0
        }
    };
    let number = |value: f64| if value.is_nan() { 0.0 } else { value };
    let (mut sum, mut lost) = (0.0, 0.0);
    for (times, values) in window.float_times.windows(2).zip(window.floats.windows(2)) {
        let (left, right) = (number(values[0]), number(values[1]));
        let (height, height_lost) = match rule {
            0.0 => (left, 0.0),
            1.0 => (right, 0.0),
            _ => mean_of_two(left, right),
        };
        if height != 0.0 || height_lost != 0.0 {
            let seconds = (times[1] - times[0]) as f64 / 1e3;
            lost += height_lost * seconds;
            kahan_add(height * seconds, &mut sum, &mut lost);
        }
    }
    float(if sum.is_infinite() { sum } else { sum + lost })
}

/// The mean and what rounding took off it. It does not overflow where the sum does.
fn mean_of_two(left: f64, right: f64) -> (f64, f64) {
    let (mut sum, mut lost) = (left, 0.0);
    kahan_add(right, &mut sum, &mut lost);
    if sum.is_infinite() && left.is_finite() && right.is_finite() {
        (sum, lost) = (left / 2.0, 0.0);
        kahan_add(right / 2.0, &mut sum, &mut lost);
        return (sum, lost);
    }
    (sum / 2.0, lost / 2.0)
}
