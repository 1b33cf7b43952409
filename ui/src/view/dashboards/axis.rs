//! The value axis of a panel.

use crate::view::scale::within;
use crate::view::ticks::round_step;

const TICKS: usize = 4;
const MOST: i32 = 50;

/// Ticks from at most the lowest to at least the highest value. 0 is among them unless a panel says where its
/// axis ends.
pub fn ticks(lowest: f64, highest: f64, min: Option<f64>, max: Option<f64>) -> Vec<f64> {
    let finite = |number: Option<f64>| number.filter(|number| number.is_finite());
    let low = finite(min).unwrap_or_else(|| lowest.min(0.0));
    let high = finite(max).unwrap_or_else(|| highest.max(0.0));
    let high = if high > low { high } else { low + 1.0 };
    let step = round_step(high - low, TICKS);
    let first = (low / step + 1e-9).floor();
    let count = within((high / step - 1e-9).ceil() - first, 1.0, f64::from(MOST)) as i32;
    (0..=count).map(|tick| (first + f64::from(tick)) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_reaches_around_the_values() {
        assert_eq!(ticks(0.0, 9.3, None, None), [0.0, 5.0, 10.0]);
        assert_eq!(ticks(-0.3, 1.0, None, None), [-0.5, 0.0, 0.5, 1.0]);
        assert_eq!(ticks(90.0, 99.0, Some(90.0), Some(100.0)), [90.0, 95.0, 100.0]);
        assert_eq!(ticks(0.0, 0.0, None, None), [0.0, 0.5, 1.0]);
        assert!(ticks(5.0, 1.0, Some(7.0), Some(7.0)).len() > 1);
    }
}
