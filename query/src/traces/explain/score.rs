//! How much a share or a distribution differs, so that few spans prove little.

/// Differences that chance makes once in 370 comparisons are not counted as such.
const Z: f64 = 3.0;
/// The critical value of the Kolmogorov–Smirnov statistic at one in a thousand.
const KS: f64 = 1.95;

/// Wilson's score interval of a share, with the correction for continuity that keeps it from being
/// too narrow where there are few: where the true share lies.
fn interval(count: f64, of: f64) -> (f64, f64) {
    if of == 0.0 {
        return (0.0, 1.0);
    }
    let (share, z2) = (count / of, Z * Z);
    let scale = 2.0 * (of + z2);
    let root = |inner: f64| Z * inner.max(0.0).sqrt();
    let below = root(z2 - 2.0 - 1.0 / of + 4.0 * share * (of * (1.0 - share) + 1.0));
    let above = root(z2 + 2.0 - 1.0 / of + 4.0 * share * (of * (1.0 - share) - 1.0));
    let low = (2.0 * of * share + z2 - 1.0 - below) / scale;
    let high = (2.0 * of * share + z2 + 1.0 + above) / scale;
    (if count == 0.0 { 0.0 } else { low.max(0.0) }, if count == of { 1.0 } else { high.min(1.0) })
}

/// The least difference of two shares that the counts prove, 0 to 1: the near end of Newcombe's
/// hybrid score interval ("Interval estimation for the difference between independent proportions",
/// Statistics in Medicine 1998, method 11).
pub fn shares(count_a: u64, of_a: u64, count_b: u64, of_b: u64) -> f64 {
    if of_a == 0 || of_b == 0 {
        return 0.0;
    }
    let [count_a, of_a, count_b, of_b] = [count_a, of_a, count_b, of_b].map(|n| n as f64);
    let (a, b) = (count_a / of_a, count_b / of_b);
    let ((low_a, high_a), (low_b, high_b)) = (interval(count_a, of_a), interval(count_b, of_b));
    let error = if a >= b { (a - low_a).hypot(high_b - b) } else { (high_a - a).hypot(b - low_b) };
    ((a - b).abs() - error).max(0.0)
}

/// The greatest difference, over all bounds, of the shares of values below the bound, less what
/// chance makes of it: the Kolmogorov–Smirnov statistic. Both lists are sorted.
pub fn distributions(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut most) = (0, 0, 0f64);
    while i < a.len() && j < b.len() {
        let at = a[i].min(b[j]);
        while i < a.len() && a[i] <= at {
            i += 1;
        }
        while j < b.len() && b[j] <= at {
            j += 1;
        }
        most = most.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    let chance = KS * ((a.len() + b.len()) as f64 / (a.len() as f64 * b.len() as f64)).sqrt();
    (most - chance).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_spans_prove_little() {
        // One of one against none of a thousand says nothing; all of fifty says much.
        assert!(shares(1, 1, 0, 1_000) < 0.03);
        assert!(shares(1, 3, 0, 1_000) < 0.01);
        assert_eq!(shares(2, 3, 100, 1_000), 0.0);
        assert!(shares(50, 50, 100, 1_000) > 0.6);
        assert!(shares(5_000, 10_000, 1_000, 10_000) > 0.37);
        assert!(shares(500, 10_000, 510, 10_000) == 0.0);
        assert_eq!(shares(5, 5, 0, 0), 0.0);
        // It does not matter which side has more.
        assert_eq!(shares(100, 1_000, 50, 50), shares(50, 50, 100, 1_000));
    }

    #[test]
    fn distributions_differ_by_shift_and_not_by_chance() {
        let low: Vec<f64> = (0..1_000).map(f64::from).collect();
        let high: Vec<f64> = (500..1_500).map(f64::from).collect();
        assert!((distributions(&low, &high) - 0.5 + KS * (2e-3f64).sqrt()).abs() < 1e-9);
        assert_eq!(distributions(&low, &low), 0.0);
        assert_eq!(distributions(&low[..3], &high[..3]), 0.0);
        assert_eq!(distributions(&[], &low), 0.0);
    }
}
