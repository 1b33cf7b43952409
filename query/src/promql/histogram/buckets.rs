//! The buckets of a histogram with their bounds.

use super::bounds::BOUNDS;
use super::{Histogram, Side};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub lower: f64,
    pub upper: f64,
    pub count: f64,
    pub kind: BucketKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketKind {
    Negative,
    Zero,
    Positive,
    /// The first custom bucket, which has no lower bound.
    Lowest,
}

impl Bucket {
    /// Whether the bounds themselves belong to the bucket, for the API: 0 open left, 1 open right,
    /// 2 open both, 3 closed both.
    pub fn boundary_rule(&self) -> u8 {
        match self.kind {
            BucketKind::Negative => 1,
            BucketKind::Zero | BucketKind::Lowest => 3,
            BucketKind::Positive => 0,
        }
    }

    /// The part of a bucket, 0 to 1, that lies below a value inside of its bounds, which are finite.
    pub fn share_below(&self, value: f64, linear: bool) -> f64 {
        if value <= self.lower {
            return 0.0;
        }
        if value >= self.upper {
            return 1.0;
        }
        if linear {
            return (value - self.lower) / (self.upper - self.lower);
        }
        let [lower, upper, at] = [self.lower, self.upper, value].map(|bound| bound.abs().log2());
        if value > 0.0 { (at - lower) / (upper - lower) } else { 1.0 - (at - upper) / (lower - upper) }
    }
}

impl Histogram {
    /// All buckets from the lowest to the highest. As in Prometheus the zero bucket is left out where
    /// it counted nothing, or less than nothing, which a difference can.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        self.buckets_with(self.zero_count > 0.0)
    }

    pub(super) fn buckets_with(&self, zero: bool) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        let negative = self.negative.iter().rev().map(|(index, count)| Bucket {
            lower: -self.bound(*index),
            upper: -self.bound(index - 1),
            count: *count,
            kind: BucketKind::Negative,
        });
        let zero = zero.then_some(Bucket {
            lower: -self.zero_threshold,
            upper: self.zero_threshold,
            count: self.zero_count,
            kind: BucketKind::Zero,
        });
        let positive = self.positive.iter().map(|(index, count)| Bucket {
            lower: self.bound(index - 1),
            upper: self.bound(*index),
            count: *count,
            kind: if self.is_custom() && *index == 0 { BucketKind::Lowest } else { BucketKind::Positive },
        });
        negative.chain(zero).chain(positive)
    }

    /// The upper bound of the positive bucket with this index.
    pub fn bound(&self, index: i32) -> f64 {
        if self.is_custom() {
            return match usize::try_from(index) {
                Err(_) => f64::NEG_INFINITY,
                Ok(index) => self.custom_bounds.get(index).copied().unwrap_or(f64::INFINITY),
            };
        }
        exponential_bound(index, self.schema)
    }

    /// With only positive buckets the zero bucket starts at 0, with only negative ones it ends there.
    pub(super) fn narrow_zero(&self, bucket: &mut Bucket) {
        if bucket.lower < 0.0 && bucket.upper > 0.0 {
            if self.negative.is_empty() && !self.positive.is_empty() {
                bucket.lower = 0.0;
            } else if self.positive.is_empty() && !self.negative.is_empty() {
                bucket.upper = 0.0;
            }
        }
    }
}

/// `2^(index * 2^-schema)`, exact where the result is a power of two, and never above the largest
/// float: the last bucket holds everything that is finite.
pub(super) fn exponential_bound(index: i32, schema: i32) -> f64 {
    if schema <= 0 {
        let exponent = i64::from(index) << (-schema).min(30);
        return if exponent == 1024 { f64::MAX } else { power_of_two(exponent) };
    }
    let part = index & ((1 << schema) - 1);
    let exponent = i64::from(index >> schema) + 1;
    if part == 0 && exponent == 1025 {
        return f64::MAX;
    }
    BOUNDS[(part as usize) << (8 - schema)] * power_of_two(exponent)
}

/// In two factors, so that what lies below the smallest normal float is exact too.
fn power_of_two(exponent: i64) -> f64 {
    let exponent = exponent.clamp(-1100, 1100) as i32;
    2_f64.powi(exponent / 2) * 2_f64.powi(exponent - exponent / 2)
}

/// Adds a count to the bucket of an index, keeping the order.
pub fn add_to(side: &mut Side, index: i32, count: f64) {
    match side.binary_search_by_key(&index, |(index, _)| *index) {
        Ok(at) => side[at].1 += count,
        Err(at) => side.insert(at, (index, count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        assert_eq!([-1, 0, 1, 2].map(|index| exponential_bound(index, 0)), [0.5, 1.0, 2.0, 4.0]);
        assert_eq!(exponential_bound(8, 3), 2.0);
        assert_eq!(exponential_bound(1, -2), 16.0);
        assert!((exponential_bound(1, 2) - 2_f64.powf(0.25)).abs() < 1e-15);
        assert_eq!(exponential_bound(1024, 0), f64::MAX);
        assert_eq!(exponential_bound(1025, 0), f64::INFINITY);
    }
}
