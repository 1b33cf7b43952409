//! Classic histograms: cumulative bucket counts with upper bounds, one series a bucket.

use crate::promql::value::nearly_equal;
use std::cmp::Ordering;

/// One bucket: its upper bound and the count of everything at or below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassicBucket {
    pub upper: f64,
    pub count: f64,
}

/// Differences this small, relative to the counts, are noise of float arithmetic.
const TOLERANCE: f64 = 1e-12;

/// Where counts had to be raised because a larger bucket counted less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forced {
    pub min_bucket: f64,
    pub max_bucket: f64,
    pub max_diff: f64,
}

/// The buckets of one histogram, sorted, with rising counts.
#[derive(Clone, Debug, Default)]
pub struct Classic {
    buckets: Vec<ClassicBucket>,
    /// What was wrong with the counts.
    pub forced: Option<Forced>,
}

impl Classic {
    /// Sorts the buckets and mends counts that fall.
    pub fn of(mut buckets: Vec<ClassicBucket>) -> Classic {
        let ends = sort_and_join(&mut buckets);
        let forced = if ends { force_monotonic(&mut buckets) } else { None };
        Classic { buckets, forced }
    }

    /// The quantile by linear interpolation, and whether the counts mattered to it.
    pub fn quantile(&self, q: f64) -> (f64, bool) {
        if q.is_nan() {
            return (f64::NAN, false);
        }
        if q < 0.0 {
            return (f64::NEG_INFINITY, false);
        }
        if q > 1.0 {
            return (f64::INFINITY, false);
        }
        (self.interpolated(q), true)
    }

    fn interpolated(&self, q: f64) -> f64 {
        let buckets = &self.buckets;
        let infinite = buckets.last().is_some_and(|bucket| bucket.upper == f64::INFINITY);
        if !infinite || buckets.len() < 2 {
            return f64::NAN;
        }
        let last = buckets.len() - 1;
        let observations = buckets[last].count;
        if observations == 0.0 {
            return f64::NAN;
        }
        let mut rank = q * observations;
        // Not `<`: a count or a rank that is NaN is not large enough.
        #[allow(clippy::neg_cmp_op_on_partial_ord)]
        let at = buckets[..last].partition_point(|bucket| !(bucket.count >= rank));
        if at == last {
            return buckets[last - 1].upper;
        }
        if at == 0 && buckets[0].upper <= 0.0 {
            return buckets[0].upper;
        }
        let (mut start, mut count) = (0.0, buckets[at].count);
        if at > 0 {
            start = buckets[at - 1].upper;
            count -= buckets[at - 1].count;
            rank -= buckets[at - 1].count;
        }
        start + (buckets[at].upper - start) * (rank / count)
    }
}

/// The share of observations between two values. Counts are taken as they are.
pub fn fraction(lower: f64, upper: f64, buckets: &mut Vec<ClassicBucket>) -> f64 {
    if !sort_and_join(buckets) {
        return f64::NAN;
    }
    let count = buckets[buckets.len() - 1].count;
    if count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    let (low, high) = (rank(lower, buckets, count), rank(upper, buckets, count));
    let capped = |rank: f64| if rank > count { count } else { rank };
    (capped(high) - capped(low)) / count
}

fn rank(value: f64, buckets: &[ClassicBucket], count: f64) -> f64 {
    let (mut below, mut start) = (0.0, f64::NEG_INFINITY);
    for (i, bucket) in buckets.iter().enumerate() {
        if i == 0 && bucket.upper > 0.0 {
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

/// Sorts, and joins equal bounds. False without a +Inf bucket.
fn sort_and_join(buckets: &mut Vec<ClassicBucket>) -> bool {
    buckets.sort_by(|a, b| a.upper.partial_cmp(&b.upper).unwrap_or(Ordering::Equal));
    if buckets.last().is_none_or(|bucket| bucket.upper != f64::INFINITY) {
        return false;
    }
    buckets.dedup_by(|next, kept| {
        let same = next.upper == kept.upper;
        kept.count += if same { next.count } else { 0.0 };
        same
    });
    true
}

fn force_monotonic(buckets: &mut [ClassicBucket]) -> Option<Forced> {
    let mut previous = buckets[0].count;
    let mut forced: Option<Forced> = None;
    for bucket in &mut buckets[1..] {
        if bucket.count == previous {
            continue;
        }
        if nearly_equal(previous, bucket.count, TOLERANCE) {
            bucket.count = previous;
        } else if bucket.count < previous {
            let difference = previous - bucket.count;
            let (upper, max_diff) = (bucket.upper, difference);
            let seen = forced.get_or_insert(Forced { min_bucket: upper, max_bucket: upper, max_diff });
            seen.max_bucket = seen.max_bucket.max(upper);
            seen.max_diff = seen.max_diff.max(difference);
            bucket.count = previous;
        } else {
            previous = bucket.count;
        }
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
        assert_eq!(Classic::of(all.clone()).quantile(0.6).0, 1.5);
        assert_eq!(fraction(0.0, 1.5, &mut all), 0.6);
        assert!(Classic::of(buckets(&[(1.0, 2.0)])).quantile(0.5).0.is_nan());
    }

    #[test]
    fn a_falling_count_is_raised_and_told() {
        let all = buckets(&[(1.0, 5.0), (2.0, 4.0), (f64::INFINITY, 8.0)]);
        assert_eq!(Classic::of(all).forced, Some(Forced { min_bucket: 2.0, max_bucket: 2.0, max_diff: 1.0 }));
    }
}
