//! Means, variances and quantiles of plain numbers, as exact as Prometheus makes them.

use super::value::kahan_add;

/// The mean by a compensated sum, or by the running mean once the sum would overflow. NaN of none.
pub fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost, mut count, mut running) = (0.0, 0.0, 0.0, false);
    for value in values {
        count += 1.0;
        if !running {
            let (mut next, mut next_lost) = (sum, lost);
            kahan_add(value, &mut next, &mut next_lost);
            if !next.is_infinite() || count == 1.0 {
                (sum, lost) = (next, next_lost);
                continue;
            }
            running = true;
            sum /= count - 1.0;
            lost /= count - 1.0;
        }
        let share = (count - 1.0) / count;
        sum *= share;
        lost *= share;
        kahan_add(value / count, &mut sum, &mut lost);
    }
    if running { sum + lost } else { sum / count + lost / count }
}

/// The population's variance (Welford, compensated).
pub fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut mean, mut mean_lost, mut sum, mut sum_lost) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let distance = value - (mean + mean_lost);
        kahan_add(distance / count, &mut mean, &mut mean_lost);
        kahan_add(distance * (value - (mean + mean_lost)), &mut sum, &mut sum_lost);
    }
    (sum + sum_lost) / count
}

/// The population's variance (Welford), as aggregations compute it. NaN where the first is no
/// number or without bound.
pub fn plain_variance(mut values: impl Iterator<Item = f64>) -> f64 {
    let mut mean = values.next().unwrap_or(f64::NAN);
    let (mut count, mut sum) = (1.0, if mean.is_finite() { 0.0 } else { f64::NAN });
    for value in values {
        count += 1.0;
        let distance = value - mean;
        mean += distance / count;
        sum += distance * (value - mean);
    }
    sum / count
}

/// The quantile by linear interpolation between ranks; sorts the values, NaN first.
pub fn quantile(q: f64, values: &mut [f64]) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())));
    let rank = q * (values.len() - 1) as f64;
    let lower = rank.floor().max(0.0) as usize;
    let upper = (lower + 1).min(values.len() - 1);
    let weight = rank - rank.floor();
    if weight == 0.0 {
        return values[lower];
    }
    values[lower] * (1.0 - weight) + values[upper] * weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_do_not_overflow_or_lose() {
        assert_eq!(mean([f64::MAX, f64::MAX].into_iter()), f64::MAX);
        assert_eq!(mean([1e100, 1.0, -1e100, 1.0].into_iter()), 0.5);
        assert_eq!(mean([f64::INFINITY, 1.0].into_iter()), f64::INFINITY);
        assert!(mean([f64::INFINITY, f64::NEG_INFINITY].into_iter()).is_nan());
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(0.5, &mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(quantile(0.75, &mut [0.0, 1.0]), 0.75);
        assert_eq!(variance([1.0, 3.0].into_iter()), 1.0);
    }
}
