//! Cutting off a histogram's observations above or below a value. A bucket that the value falls
//! into is split as a quantile would split it, and the sum is made anew from the middles of what
//! is left.

use super::buckets::{Bucket, BucketKind};
use super::{Histogram, Side};

/// Which side of the value stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Below,
    Above,
}

/// A count that stays, and the value that its observations are taken to have.
struct Kept {
    count: f64,
    middle: f64,
}

impl Kept {
    const NOTHING: Kept = Kept { count: 0.0, middle: 0.0 };
}

impl Histogram {
    /// Keeps what lies on one side of `value`.
    pub fn trim(&mut self, value: f64, keep: Keep) {
        let is_custom = self.is_custom();
        let kept = |bucket: &Bucket| trimmed(bucket, value, keep, is_custom);
        let (mut count, mut sum, mut changed) = (0.0, 0.0, false);
        let populated = |side: &Side| side.iter().any(|(_, count)| *count != 0.0);
        let (has_positive, has_negative) = (populated(&self.positive), populated(&self.negative));
        for kind in [BucketKind::Positive, BucketKind::Negative] {
            let buckets = self.side_buckets(kind);
            let side = if kind == BucketKind::Positive { &mut self.positive } else { &mut self.negative };
            for (entry, bucket) in side.iter_mut().zip(&buckets).filter(|(entry, _)| entry.1 != 0.0) {
                let kept = kept(bucket);
                count += kept.count;
                sum += kept.middle * kept.count;
                changed |= entry.1 != kept.count;
                entry.1 = kept.count;
            }
        }
        if self.zero_count > 0.0 {
            let threshold = self.zero_threshold;
            let lower = if has_positive && !has_negative { 0.0 } else { -threshold };
            let upper = if has_negative && !has_positive { 0.0 } else { threshold };
            let kept = trimmed_linearly(lower, upper, self.zero_count, value, keep);
            count += kept.count;
            sum += kept.middle * kept.count;
            changed |= self.zero_count != kept.count;
            self.zero_count = kept.count;
        }
        if changed {
            (self.count, self.sum) = (count, sum);
            self.compact();
        }
    }

    fn side_buckets(&self, kind: BucketKind) -> Vec<Bucket> {
        let bounds = |index: i32| match kind {
            BucketKind::Negative => (-self.bound(index), -self.bound(index - 1)),
            _ => (self.bound(index - 1), self.bound(index)),
        };
        let side = if kind == BucketKind::Negative { &self.negative } else { &self.positive };
        let bucket = |(index, count): &(i32, f64)| {
            let (lower, upper) = bounds(*index);
            Bucket { lower, upper, count: *count, kind }
        };
        side.iter().map(bucket).collect()
    }
}

fn trimmed(bucket: &Bucket, value: f64, keep: Keep, is_custom: bool) -> Kept {
    let positive = bucket.kind != BucketKind::Negative;
    let (whole, part) = match keep {
        Keep::Below => (bucket.upper <= value, bucket.lower < value),
        Keep::Above => (bucket.lower >= value, bucket.upper > value),
    };
    if whole {
        let middle = middle(bucket.lower, bucket.upper, positive, is_custom);
        return Kept { count: bucket.count, middle };
    }
    if !part {
        return Kept::NOTHING;
    }
    if bucket.lower == f64::NEG_INFINITY {
        return trimmed_lowest(bucket, value, keep);
    }
    if bucket.upper == f64::INFINITY {
        // How the observations lie is not known: only the part above a value in it can be kept.
        return match keep {
            Keep::Above if value >= bucket.lower => Kept { count: bucket.count, middle: value },
            _ => Kept::NOTHING,
        };
    }
    let below = bucket.count * bucket.share_below(value, is_custom);
    match keep {
        Keep::Below => Kept { count: below, middle: middle(bucket.lower, value, positive, is_custom) },
        Keep::Above => {
            let middle = middle(value, bucket.upper, positive, is_custom);
            Kept { count: bucket.count - below, middle }
        }
    }
}

/// The first custom bucket has no lower bound. It is taken to start at 0 where it ends above.
fn trimmed_lowest(bucket: &Bucket, value: f64, keep: Keep) -> Kept {
    let upper = bucket.upper;
    let starts_at_zero = upper > 0.0 && upper.is_finite();
    match keep {
        Keep::Below if value > 0.0 && starts_at_zero => {
            Kept { count: bucket.count * value / upper, middle: value / 2.0 }
        }
        Keep::Below if upper <= 0.0 => Kept { count: bucket.count, middle: value },
        Keep::Above if value == f64::NEG_INFINITY => Kept { count: bucket.count, middle: 0.0 },
        Keep::Above if value >= 0.0 && starts_at_zero && upper > value => {
            Kept { count: bucket.count * (1.0 - value / upper), middle: (value + upper) / 2.0 }
        }
        _ => Kept::NOTHING,
    }
}

fn trimmed_linearly(lower: f64, upper: f64, count: f64, value: f64, keep: Keep) -> Kept {
    let whole = Kept { count, middle: (lower + upper) / 2.0 };
    match keep {
        Keep::Below if value <= lower => Kept::NOTHING,
        Keep::Below if value >= upper => whole,
        Keep::Below => {
            Kept { count: count * ((value - lower) / (upper - lower)), middle: (lower + value) / 2.0 }
        }
        Keep::Above if value <= lower => whole,
        Keep::Above if value >= upper => Kept::NOTHING,
        Keep::Above => {
            Kept { count: count * ((upper - value) / (upper - lower)), middle: (value + upper) / 2.0 }
        }
    }
}

/// The geometric mean of exponential buckets, the arithmetic one of custom ones.
fn middle(lower: f64, upper: f64, positive: bool, is_custom: bool) -> f64 {
    match (lower.is_infinite(), upper.is_infinite()) {
        (true, true) => 0.0,
        (true, false) if upper > 0.0 => upper / 2.0,
        (true, false) => upper,
        (false, true) => lower,
        (false, false) if is_custom => (lower + upper) / 2.0,
        (false, false) => {
            let geometric = (lower * upper).abs().sqrt();
            if positive { geometric } else { -geometric }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_split_where_the_value_falls() {
        let mut histogram =
            Histogram { count: 8.0, sum: 20.0, positive: vec![(1, 4.0), (2, 4.0)], ..Histogram::default() };
        let whole = histogram.clone();
        histogram.trim(4.0, Keep::Below);
        assert_eq!(histogram, whole);
        // The middle of (2, 4] on a logarithmic scale.
        histogram.trim(8_f64.sqrt(), Keep::Below);
        assert!((histogram.count - 6.0).abs() < 1e-12, "{histogram:?}");
        histogram.trim(2.0, Keep::Above);
        assert!((histogram.count - 2.0).abs() < 1e-12 && histogram.positive.len() == 1, "{histogram:?}");
    }
}
