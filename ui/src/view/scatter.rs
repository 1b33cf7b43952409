//! Traces as points: when against how long.

/// Of the drawn points, the nearest to the pointer within a radius, all in pixels.
pub fn nearest(points: &[(f64, f64)], x: f64, y: f64, radius: f64) -> Option<usize> {
    let distance = |point: &(f64, f64)| (point.0 - x).powi(2) + (point.1 - y).powi(2);
    let best = points.iter().enumerate().min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
    (distance(best.1) <= radius * radius).then_some(best.0)
}

/// A domain of durations for a logarithmic axis: whole decades around all of them, at least one.
pub fn decades_around(durations: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
    for duration in durations.filter(|duration| *duration > 0.0 && duration.is_finite()) {
        low = low.min(duration);
        high = high.max(duration);
    }
    if !low.is_finite() {
        return (1e6, 1e9);
    }
    let from = 10f64.powi(low.log10().floor() as i32);
    let to = 10f64.powi(high.log10().ceil() as i32).max(from * 10.0);
    (from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_within_reach() {
        let points = [(0.0, 0.0), (10.0, 10.0)];
        assert_eq!(nearest(&points, 9.0, 9.0, 5.0), Some(1));
        assert_eq!(nearest(&points, 5.0, 5.0, 5.0), None);
        assert_eq!(nearest(&[], 5.0, 5.0, 5.0), None);
    }

    #[test]
    fn whole_decades() {
        assert_eq!(decades_around([3e6, 4.2e8].into_iter()), (1e6, 1e9));
        assert_eq!(decades_around([1e6].into_iter()), (1e6, 1e7));
        assert_eq!(decades_around([0.0].into_iter()), (1e6, 1e9));
    }
}
