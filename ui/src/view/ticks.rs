//! Where an axis has its ticks: round numbers that people count in.

/// From 0 to at least `max` in about `target` steps of 1, 2 or 5 times a power of ten.
pub fn linear(max: f64, target: usize) -> Vec<f64> {
    let step = round_step(if max > 0.0 && max.is_finite() { max } else { 1.0 }, target);
    let mut ticks = vec![0.0];
    while ticks[ticks.len() - 1] < max && ticks.len() < 50 {
        ticks.push(step * ticks.len() as f64);
    }
    if ticks.len() == 1 {
        ticks.push(step);
    }
    ticks
}

/// From at most `min` to at least `max`, 0 included, in steps as above.
pub fn around_zero(min: f64, max: f64, target: usize) -> Vec<f64> {
    if min >= 0.0 || !min.is_finite() {
        return linear(max, target);
    }
    let step = round_step(max.max(0.0) - min, target);
    let below = (-min / step).ceil().min(50.0) as i32;
    let above = (max.max(0.0) / step).ceil().min(50.0) as i32;
    (-below..=above).map(|count| step * f64::from(count)).collect()
}

/// The least of 1, 2, 5 × 10ⁿ that covers `width` in at most `target` steps.
pub fn round_step(width: f64, target: usize) -> f64 {
    let rough = (width / target.max(1) as f64).max(f64::MIN_POSITIVE);
    let power = 10f64.powi(rough.log10().floor() as i32);
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// Powers of ten inside `from..=to`.
pub fn decades(from: f64, to: f64) -> Vec<f64> {
    let first = from.max(f64::MIN_POSITIVE).log10().ceil() as i32;
    let last = to.max(f64::MIN_POSITIVE).log10().floor() as i32;
    (first..=last).map(|power| 10f64.powi(power)).collect()
}

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Steps that a clock or a calendar has.
const TIME_STEPS_MS: [i64; 27] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    SECOND_MS,
    2 * SECOND_MS,
    5 * SECOND_MS,
    10 * SECOND_MS,
    15 * SECOND_MS,
    30 * SECOND_MS,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
    HOUR_MS,
    3 * HOUR_MS,
    6 * HOUR_MS,
    12 * HOUR_MS,
    DAY_MS,
    7 * DAY_MS,
];

/// The step and the ticks of a time axis with at most `target` ticks. They lie on round times of the
/// zone whose offset is given.
pub fn time(from_ms: i64, to_ms: i64, target: usize, offset_min: i32) -> (i64, Vec<i64>) {
    let width = to_ms.saturating_sub(from_ms).max(1);
    let target = i64::try_from(target.max(1)).unwrap_or(1);
    let fits = |step: &i64| width / step <= target;
    let longest = (width / target / DAY_MS + 1) * DAY_MS;
    let step = TIME_STEPS_MS.into_iter().find(fits).unwrap_or(longest);
    let shift = i64::from(offset_min) * MINUTE_MS;
    let first = (from_ms + shift + step - 1).div_euclid(step) * step - shift;
    (step, (0..).map(|n| first + n * step).take_while(|&at| at < to_ms).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_axes_reach_above_the_highest() {
        assert_eq!(linear(9.3, 4), [0.0, 5.0, 10.0]);
        assert_eq!(linear(4.0, 4), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(linear(0.0, 4), [0.0, 0.5]);
        assert!(linear(f64::INFINITY, 4).len() <= 50);
    }

    #[test]
    fn an_axis_goes_below_zero_where_values_do() {
        assert_eq!(around_zero(0.0, 4.0, 4), linear(4.0, 4));
        assert_eq!(around_zero(-0.3, 1.0, 4), [-0.5, 0.0, 0.5, 1.0]);
        assert_eq!(around_zero(-3.0, -1.0, 3), [-3.0, -2.0, -1.0, 0.0]);
    }

    #[test]
    fn time_axes_lie_on_the_clock() {
        let (step, ticks) = time(1_795_230_245_000, 1_795_231_145_000, 6, 0);
        assert_eq!(step, 5 * MINUTE_MS);
        assert!(ticks.iter().all(|tick| tick % step == 0) && ticks.len() == 3);
        let (step, ticks) = time(0, 3 * DAY_MS, 4, 330);
        assert_eq!(step, DAY_MS);
        assert_eq!(ticks[0] + 330 * MINUTE_MS, DAY_MS);
        assert_eq!(time(0, 900 * DAY_MS, 6, 0).0 % DAY_MS, 0);
    }

    #[test]
    fn decades_inside() {
        assert_eq!(decades(0.5, 150.0), [1.0, 10.0, 100.0]);
    }
}
