//! Quantiles of native histograms: exponential interpolation inside a bucket, linear in the zero
//! bucket and in custom buckets.

use super::Histogram;
use super::buckets::{Bucket, BucketKind};

/// What is to be told about observations that were NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NanNote {
    None,
    /// The quantile falls among the NaNs.
    Result,
    /// The NaNs count as larger than everything else.
    Skew,
}

impl Histogram {
    /// The value below which a share `q` of the observations lies.
    pub fn quantile(&self, q: f64) -> (f64, NanNote) {
        if q < 0.0 {
            return (f64::NEG_INFINITY, NanNote::None);
        }
        if q > 1.0 {
            return (f64::INFINITY, NanNote::None);
        }
        if self.count == 0.0 || q.is_nan() {
            return (f64::NAN, NanNote::None);
        }
        // NaN observations are in the count but in no bucket, so ranks must be counted from below.
        let has_nan = self.sum.is_nan();
        let forward = has_nan || q < 0.5;
        let mut rank = if forward { q * self.count } else { (1.0 - q) * self.count };
        let (mut bucket, mut count) = self.bucket_of(rank, forward);
        match self.edge(&mut bucket) {
            Some(bound) if self.is_custom() => return (bound, NanNote::None),
            _ => {}
        }
        count = count.min(self.count);
        if count < rank {
            let note = if has_nan { NanNote::Result } else { NanNote::None };
            return (if has_nan { f64::NAN } else { bucket.upper }, note);
        }
        rank = if forward { rank - (count - bucket.count) } else { count - rank };
        let total: f64 = if has_nan { self.buckets().map(|bucket| bucket.count).sum() } else { self.count };
        let note = if total < self.count { NanNote::Skew } else { NanNote::None };
        (self.interpolate(&bucket, rank / bucket.count), note)
    }

    /// The bucket that the rank falls into, and the count up to its far end.
    fn bucket_of(&self, rank: f64, forward: bool) -> (Bucket, f64) {
        let mut last = Bucket { lower: 0.0, upper: 0.0, count: 0.0, kind: BucketKind::Zero };
        let mut count = 0.0;
        let mut visit = |bucket: Bucket| {
            if bucket.count != 0.0 {
                last = bucket;
                count += bucket.count;
            }
            bucket.count != 0.0 && count >= rank
        };
        if forward {
            let _ = self.buckets().any(&mut visit);
        } else {
            let _ = self.buckets().rev().any(&mut visit);
        }
        (last, count)
    }

    /// Narrows a bucket that reaches over zero; gives the answer for custom buckets without an end.
    fn edge(&self, bucket: &mut Bucket) -> Option<f64> {
        if !self.is_custom() {
            self.narrow_zero(bucket);
            return None;
        }
        if bucket.lower == f64::NEG_INFINITY {
            if bucket.upper <= 0.0 {
                return Some(bucket.upper);
            }
            bucket.lower = 0.0;
        } else if bucket.upper == f64::INFINITY {
            return Some(bucket.lower);
        }
        None
    }

    fn interpolate(&self, bucket: &Bucket, fraction: f64) -> f64 {
        if self.is_custom() || (bucket.lower <= 0.0 && bucket.upper >= 0.0) {
            return bucket.lower + (bucket.upper - bucket.lower) * fraction;
        }
        let (lower, upper) = (bucket.lower.abs().log2(), bucket.upper.abs().log2());
        if bucket.lower > 0.0 {
            return (lower + (upper - lower) * fraction).exp2();
        }
        -(upper + (lower - upper) * (1.0 - fraction)).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolates_on_the_exponential_scale() {
        let histogram =
            Histogram { schema: 0, count: 4.0, positive: vec![(1, 2.0), (2, 2.0)], ..Histogram::default() };
        assert_eq!(histogram.quantile(0.5).0, 2.0);
        assert!((histogram.quantile(0.25).0 - 2_f64.sqrt()).abs() < 1e-12);
        assert_eq!(histogram.quantile(1.0).0, 4.0);
        assert_eq!(histogram.quantile(-0.1).0, f64::NEG_INFINITY);
        assert!(Histogram::default().quantile(0.5).0.is_nan());
    }

    #[test]
    fn nan_observations_count_as_the_largest() {
        let histogram = Histogram {
            schema: 0,
            count: 4.0,
            sum: f64::NAN,
            positive: vec![(1, 2.0)],
            ..Histogram::default()
        };
        assert_eq!(histogram.quantile(0.5), (2.0, NanNote::Skew));
        assert_eq!(histogram.quantile(0.9).1, NanNote::Result);
    }
}
