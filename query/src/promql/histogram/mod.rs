//! Native histograms: exponential buckets (schema -4 to 8) or custom ones (schema -53), with
//! counts as floats, because rates and averages make fractions of them.

mod bounds;
pub mod buckets;
pub mod classic;
mod combine;
pub mod fraction;
pub mod quantile;
pub mod reset;
pub mod sum;
mod text;
pub mod trim;
mod variance;

pub use buckets::Bucket;
pub use combine::{Combined, Incompatible};

use std::sync::Arc;

/// The schema of custom buckets (`NHCB`), whose bounds are listed in `custom_bounds`.
pub const CUSTOM_SCHEMA: i32 = -53;

/// What is known about a counter reset between the sample before and this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResetHint {
    #[default]
    Unknown,
    Reset,
    NoReset,
    Gauge,
}

/// Buckets with a count of their own, by index, sorted. A count may be 0.
pub type Side = Vec<(i32, f64)>;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    pub hint: ResetHint,
    /// Bucket bounds grow by 2^(2^-schema); or [`CUSTOM_SCHEMA`].
    pub schema: i32,
    /// Half the width of the zero bucket.
    pub zero_threshold: f64,
    pub zero_count: f64,
    pub count: f64,
    pub sum: f64,
    /// Index i covers (base^(i-1), base^i]; with custom buckets (bound i-1, bound i].
    pub positive: Side,
    /// Index i covers [-base^i, -base^(i-1)).
    pub negative: Side,
    /// Upper bounds of custom buckets, without the last one, +Inf.
    pub custom_bounds: Arc<[f64]>,
}

impl Histogram {
    pub fn is_custom(&self) -> bool {
        self.schema == CUSTOM_SCHEMA
    }

    /// About what it takes, but for bounds, which others have too.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Histogram>() + size_of_val(&*self.positive) + size_of_val(&*self.negative)
    }

    /// Multiplies every count and the sum.
    pub fn scale(&mut self, factor: f64) {
        self.each_number(|number| *number *= factor);
        if factor < 0.0 {
            self.hint = ResetHint::Gauge;
        }
    }

    /// Divides every count and the sum. Not the same as scaling by the inverse, to the last bit.
    pub fn divide(&mut self, divisor: f64) {
        self.each_number(|number| *number /= divisor);
        if divisor == 0.0 {
            self.positive.clear();
            self.negative.clear();
        }
        if divisor < 0.0 {
            self.hint = ResetHint::Gauge;
        }
    }

    fn each_number(&mut self, change: impl Fn(&mut f64)) {
        change(&mut self.zero_count);
        change(&mut self.count);
        change(&mut self.sum);
        self.positive.iter_mut().chain(&mut self.negative).for_each(|(_, count)| change(count));
    }

    /// Drops the buckets that are empty.
    pub fn compact(&mut self) {
        self.positive.retain(|(_, count)| *count != 0.0);
        self.negative.retain(|(_, count)| *count != 0.0);
    }

    /// Equal as data: counts and sum to the bit, buckets by index. The hint does not count.
    pub fn same_data(&self, other: &Histogram) -> bool {
        let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
        let same_side = |a: &Side, b: &Side| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        };
        self.schema == other.schema
            && same(self.count, other.count)
            && same(self.sum, other.sum)
            && (!self.is_custom() || self.custom_bounds == other.custom_bounds)
            && self.zero_threshold == other.zero_threshold
            && same(self.zero_count, other.zero_count)
            && same_side(&self.positive, &other.positive)
            && same_side(&self.negative, &other.negative)
    }

    /// A number went over what a float holds.
    pub fn has_overflow(&self) -> bool {
        let sides = self.positive.iter().chain(&self.negative).map(|(_, count)| *count);
        [self.zero_count, self.count, self.sum].into_iter().chain(sides).any(f64::is_infinite)
    }

    /// Lowers the resolution to `schema`: pairs of buckets join at every step.
    pub fn reduce_to(&mut self, schema: i32) {
        if self.is_custom() || schema >= self.schema {
            return;
        }
        let shift = (self.schema - schema) as u32;
        self.positive = reduced(&self.positive, shift);
        self.negative = reduced(&self.negative, shift);
        self.schema = schema;
    }
}

/// Bucket `i` goes into `ceil(i / 2^shift)`.
fn reduced(side: &Side, shift: u32) -> Side {
    let mut joined: Side = Vec::with_capacity(side.len());
    for (index, count) in side {
        let index = ((index - 1) >> shift) + 1;
        match joined.last_mut() {
            Some((last, sum)) if *last == index => *sum += count,
            _ => joined.push((index, *count)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_resolution_joins_pairs() {
        let mut histogram = Histogram {
            schema: 1,
            positive: vec![(-1, 1.0), (0, 2.0), (1, 4.0), (2, 8.0), (3, 16.0)],
            ..Histogram::default()
        };
        histogram.reduce_to(0);
        // (2^-1, 2^-0.5] and (2^-0.5, 1] are (0.5, 1] of schema 0.
        assert_eq!(histogram.positive, [(0, 3.0), (1, 12.0), (2, 16.0)]);
    }
}
