//! The width of a histogram's buckets: a step that people count in.

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Milliseconds, ascending. Each divides a day or is a multiple of one, so buckets start on it.
const STEPS: [i64; 34] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    182 * DAY,
    364 * DAY,
];

/// The step of the table that comes nearest to `buckets` buckets over the range (by ratio).
pub fn readable_step_ms(duration_ns: i64, buckets: i64) -> i64 {
    let wanted = (duration_ns as f64 / 1e6 / buckets.max(1) as f64).max(1.0);
    let distance = |step: i64| (step as f64 / wanted).ln().abs();
    let nearest = STEPS.into_iter().min_by(|a, b| distance(*a).total_cmp(&distance(*b))).unwrap_or(DAY);
    // Longer than the table: whole years of 364 days, so that the count stays bounded.
    let longest = STEPS[STEPS.len() - 1];
    if wanted > longest as f64 { (wanted / longest as f64).ceil() as i64 * longest } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_readable_and_near_the_wish() {
        assert_eq!(readable_step_ms(3_600 * 1_000_000_000, 60), MINUTE);
        assert_eq!(readable_step_ms(15 * 60 * 1_000_000_000, 60), 15 * SECOND);
        assert_eq!(readable_step_ms(24 * 3_600 * 1_000_000_000, 60), 30 * MINUTE);
        assert_eq!(readable_step_ms(7 * 86_400 * 1_000_000_000, 60), 3 * HOUR);
        assert_eq!(readable_step_ms(1, 60), 1);
        assert!(STEPS.is_sorted());
        for exponent in 6..63 {
            let duration = 1i64 << exponent;
            for buckets in [1, 60, 500] {
                let count = duration as f64 / 1e6 / readable_step_ms(duration, buckets) as f64;
                assert!(count <= 2.0 * buckets as f64 + 1.0, "{duration} ns in {buckets}: {count}");
            }
        }
    }
}
