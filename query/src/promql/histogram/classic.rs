//! Classic histograms: cumulative bucket counts with upper bounds, one series a bucket.

/// One bucket: its upper bound and the count of everything at or below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassicBucket {
    pub upper: f64,
    pub count: f64,
}

/// Differences this small, relative to the count, are noise of float arithmetic.
const TOLERANCE: f64 = 1e-12;

/// Where counts had to be raised because a larger bucket counted less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forced {
    pub min_bucket: f64,
    pub max_bucket: f64,
    pub max_diff: f64,
}

/// The quantile by linear interpolation, and what was wrong with the buckets.
pub fn quantile(q: f64, buckets: &mut Vec<ClassicBucket>) -> (f64, Option<Forced>) {
    if q.is_nan() {
        return (f64::NAN, None);
    }
    if q < 0.0 {
        return (f64::NEG_INFINITY, None);
    }
    if q > 1.0 {
        return (f64::INFINITY, None);
    }
    let Some(forced) = prepare(buckets) else { return (f64::NAN, None) };
    if buckets.len() < 2 {
        return (f64::NAN, None);
    }
    let last = buckets.len() - 1;
    let observations = buckets[last].count;
    if observations == 0.0 {
        return (f64::NAN, None);
    }
    let mut rank = q * observations;
    let at = buckets[..last].partition_point(|bucket| bucket.count < rank);
    if at == last {
        return (buckets[last - 1].upper, forced);
    }
    if at == 0 && buckets[0].upper <= 0.0 {
        return (buckets[0].upper, forced);
    }
    let (mut start, mut count) = (0.0, buckets[at].count);
    if at > 0 {
        start = buckets[at - 1].upper;
        count -= buckets[at - 1].count;
        rank -= buckets[at - 1].count;
    }
    (start + (buckets[at].upper - start) * (rank / count), forced)
}

/// The share of observations between two values.
pub fn fraction(lower: f64, upper: f64, buckets: &mut Vec<ClassicBucket>) -> f64 {
    if prepare(buckets).is_none() {
        return f64::NAN;
    }
    let count = buckets[buckets.len() - 1].count;
    if count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    (rank(upper, buckets, count) - rank(lower, buckets, count)) / count
}

fn rank(value: f64, buckets: &[ClassicBucket], count: f64) -> f64 {
    let (mut below, mut start) = (0.0, f64::NEG_INFINITY);
    for (i, bucket) in buckets.iter().enumerate() {
        if i == 0 && bucket.upper > 0.0 && value >= 0.0 {
            start = 0.0;
        }
        if start >= value {
            return below;
        }
        if bucket.upper > value {
            // Nothing can be interpolated in a bucket without end: it lies below the value whole.
            if start == f64::NEG_INFINITY {
                return bucket.count;
            }
            return below + (bucket.count - below) * (value - start) / (bucket.upper - start);
        }
        (below, start) = (bucket.count, bucket.upper);
    }
    count
}

/// Sorts, joins equal bounds and makes counts rise. None without a +Inf bucket.
#[allow(clippy::option_option)]
fn prepare(buckets: &mut Vec<ClassicBucket>) -> Option<Option<Forced>> {
    buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
    if buckets.last()?.upper != f64::INFINITY {
        return None;
    }
    buckets.dedup_by(|next, kept| {
        let same = next.upper == kept.upper;
        kept.count += if same { next.count } else { 0.0 };
        same
    });
    correct_precision(buckets);
    Some(force_monotonic(buckets))
}

fn correct_precision(buckets: &mut [ClassicBucket]) {
    let mut previous = buckets[0].count;
    for bucket in &mut buckets[1..] {
        let difference = (bucket.count - previous).abs();
        if difference == 0.0 {
            continue;
        }
        if difference / bucket.count <= TOLERANCE {
            bucket.count = previous;
        } else {
            previous = bucket.count;
        }
    }
}

fn force_monotonic(buckets: &mut [ClassicBucket]) -> Option<Forced> {
    let mut most = buckets[0].count;
    let mut forced: Option<Forced> = None;
    for bucket in &mut buckets[1..] {
        if bucket.count >= most || bucket.count.is_nan() {
            most = if bucket.count.is_nan() { most } else { bucket.count };
            continue;
        }
        let difference = most - bucket.count;
        let seen = forced.get_or_insert(Forced {
            min_bucket: bucket.upper,
            max_bucket: bucket.upper,
            max_diff: difference,
        });
        seen.max_bucket = seen.max_bucket.max(bucket.upper);
        seen.max_diff = seen.max_diff.max(difference);
        bucket.count = most;
    }
    forced
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(pairs: &[(f64, f64)]) -> Vec<ClassicBucket> {
        pairs.iter().map(|(upper, count)| ClassicBucket { upper: *upper, count: *count }).collect()
    }

    #[test]
    fn interpolates_linearly() {
        let mut all = buckets(&[(f64::INFINITY, 10.0), (1.0, 2.0), (2.0, 10.0)]);
        assert_eq!(quantile(0.6, &mut all), (1.5, None));
        assert_eq!(fraction(0.0, 1.5, &mut all), 0.6);
        assert!(quantile(0.5, &mut buckets(&[(1.0, 2.0)])).0.is_nan());
    }

    #[test]
    fn a_falling_count_is_raised_and_told() {
        let mut all = buckets(&[(1.0, 5.0), (2.0, 4.0), (f64::INFINITY, 8.0)]);
        let (_, forced) = quantile(0.5, &mut all);
        assert_eq!(forced, Some(Forced { min_bucket: 2.0, max_bucket: 2.0, max_diff: 1.0 }));
    }
}
