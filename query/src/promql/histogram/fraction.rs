//! The share of a native histogram's observations between two values: the inverse of the quantile,
//! with the same interpolation.

use super::Histogram;
use super::buckets::Bucket;

impl Histogram {
    /// The share in `lower` to `upper`, 0 to 1, and whether NaN observations were left out.
    pub fn fraction(&self, lower: f64, upper: f64) -> (f64, bool) {
        if self.count == 0.0 || lower.is_nan() || upper.is_nan() {
            return (f64::NAN, false);
        }
        if lower >= upper {
            return (0.0, false);
        }
        let counted: f64 = self.buckets().map(|bucket| bucket.count).sum();
        let has_nan = self.sum.is_nan() && counted < self.count;
        let most = if has_nan { counted } else { self.count };
        let (low, high) = (self.rank(lower, most), self.rank(upper, most));
        ((high - low) / self.count, has_nan)
    }

    /// How many observations lie below `value`.
    fn rank(&self, value: f64, most: f64) -> f64 {
        let mut below = 0.0_f64;
        for mut bucket in self.buckets() {
            let zero = !self.is_custom() && bucket.lower <= 0.0 && bucket.upper >= 0.0;
            if zero {
                self.narrow_zero(&mut bucket);
            }
            // The first custom bucket starts at 0, as a classic histogram's does.
            if self.is_custom() && bucket.lower == f64::NEG_INFINITY && bucket.upper > 0.0 {
                bucket.lower = 0.0;
            }
            if bucket.lower >= value {
                return below.min(most);
            }
            if bucket.upper > value {
                return (below + bucket.count * self.share(&bucket, value, zero)).min(most);
            }
            below += bucket.count;
        }
        most
    }

    /// The part of a bucket that lies below a value inside it.
    fn share(&self, bucket: &Bucket, value: f64, zero: bool) -> f64 {
        let linear = self.is_custom() || zero;
        // Nothing can be interpolated in a bucket without end: it lies below the value whole.
        if linear && bucket.lower == f64::NEG_INFINITY {
            return 1.0;
        }
        bucket.share_below(value, linear)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inverts_the_quantile() {
        let histogram = Histogram {
            schema: 1,
            count: 10.0,
            positive: vec![(0, 1.0), (1, 4.0), (2, 5.0)],
            ..Histogram::default()
        };
        for q in [0.05, 0.3, 0.5, 0.77, 1.0] {
            let (fraction, _) = histogram.fraction(f64::NEG_INFINITY, histogram.quantile(q).0);
            assert!((fraction - q).abs() < 1e-12, "{q} {fraction}");
        }
        assert_eq!(histogram.fraction(2.0, 1.0).0, 0.0);
    }
}
