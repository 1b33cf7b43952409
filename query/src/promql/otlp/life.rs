//! Times of points.

const MS: i64 = 1_000_000;

/// A time of OTLP in Prometheus' milliseconds.
pub fn ms(ns: i64) -> i64 {
    // Nearly all are after 1970, and a division without a sign is quicker.
    u64::try_from(ns).map_or_else(|_| ns.div_euclid(MS), |after| (after / MS as u64) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_down() {
        for (ns, expected) in
            [(0, 0), (999_999, 0), (1_000_000, 1), (-1, -1), (-1_000_000, -1), (i64::MAX, 9_223_372_036_854)]
        {
            assert_eq!(ms(ns), expected);
        }
    }
}
