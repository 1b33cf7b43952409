//! Addition and subtraction of histograms whose layouts may differ.
//!
//! Differences of resolution, of the zero bucket's width and of custom bounds are reconciled
//! towards the coarser of both, as Prometheus does.

use super::buckets::exponential_bound;
use super::{Histogram, ResetHint, Side};
use std::borrow::Cow;
use std::sync::Arc;

/// Exponential and custom buckets can't be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incompatible;

/// What was odd about a combination that went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Combined {
    /// One says that the counter was reset, the other that it was not.
    pub reset_collision: bool,
    /// Custom bounds differed and only the common ones were kept.
    pub bounds_reconciled: bool,
}

impl Histogram {
    /// Adds `other` to this one.
    pub fn add(&mut self, other: &Histogram) -> Result<Combined, Incompatible> {
        self.combine(other, 1.0)
    }

    /// Subtracts `other` from this one. Buckets may become negative.
    pub fn subtract(&mut self, other: &Histogram) -> Result<Combined, Incompatible> {
        self.combine(other, -1.0)
    }

    fn combine(&mut self, other: &Histogram, sign: f64) -> Result<Combined, Incompatible> {
        let (other, bounds_reconciled) = self.reconcile(other)?;
        let reset_collision = self.combine_hint(other.hint);
        self.zero_count += sign * other.zero_count;
        self.count += sign * other.count;
        self.sum += sign * other.sum;
        merge(&mut self.positive, &other.positive, sign);
        merge(&mut self.negative, &other.negative, sign);
        Ok(Combined { reset_collision, bounds_reconciled })
    }

    /// Brings this one and a copy of the other to the layout that both can have. True where custom
    /// bounds differed.
    pub(super) fn reconcile<'a>(
        &mut self,
        other: &'a Histogram,
    ) -> Result<(Cow<'a, Histogram>, bool), Incompatible> {
        if self.is_custom() != other.is_custom() {
            return Err(Incompatible);
        }
        if !self.is_custom() {
            let equal = (self.zero_threshold, self.schema) == (other.zero_threshold, other.schema);
            let other =
                if equal { Cow::Borrowed(other) } else { Cow::Owned(self.reconcile_exponential(other)) };
            return Ok((other, false));
        }
        if self.custom_bounds == other.custom_bounds {
            return Ok((Cow::Borrowed(other), false));
        }
        let common = common_bounds(&self.custom_bounds, &other.custom_bounds);
        let other =
            Histogram { positive: remapped(other, &common), custom_bounds: common.clone(), ..other.clone() };
        self.positive = remapped(self, &common);
        self.custom_bounds = common;
        Ok((Cow::Owned(other), true))
    }

    /// Brings this one to a layout that is at most as fine as its own.
    pub(super) fn follow_layout(&mut self, layout: &Histogram) {
        if layout.is_custom() {
            if self.custom_bounds != layout.custom_bounds {
                self.positive = remapped(self, &layout.custom_bounds);
                self.custom_bounds = layout.custom_bounds.clone();
            }
            return;
        }
        self.reduce_to(layout.schema);
        self.take_into_zero(layout.zero_threshold);
    }

    /// True where the hints contradict each other.
    pub(super) fn combine_hint(&mut self, other: ResetHint) -> bool {
        use ResetHint::*;
        let (hint, collision) = match (self.hint, other) {
            (a, b) if a == b => (a, false),
            (Gauge, _) | (_, Gauge) => (Gauge, false),
            (Unknown, _) | (_, Unknown) => (Unknown, false),
            _ => (Unknown, true),
        };
        self.hint = hint;
        collision
    }

    /// Brings both to the lower resolution and the wider zero bucket; gives the other one's copy.
    fn reconcile_exponential(&mut self, other: &Histogram) -> Histogram {
        let mut other = other.clone();
        while self.zero_threshold != other.zero_threshold {
            if self.zero_threshold < other.zero_threshold {
                self.widen_zero(other.zero_threshold);
            } else {
                other.widen_zero(self.zero_threshold);
            }
        }
        self.reduce_to(other.schema);
        other.reduce_to(self.schema);
        other
    }

    /// Takes every bucket that starts below `threshold` into the zero bucket. Where one reaches
    /// beyond it, the zero bucket ends up wider than asked for.
    pub(super) fn widen_zero(&mut self, threshold: f64) {
        if threshold <= self.zero_threshold {
            return;
        }
        let mut widest = threshold;
        loop {
            let start = widest;
            for side in [&self.positive, &self.negative] {
                for (index, count) in side {
                    if self.bound(index - 1) < widest && *count != 0.0 {
                        widest = widest.max(self.bound(*index));
                    }
                }
            }
            if widest == start {
                break;
            }
        }
        self.take_into_zero(widest);
    }

    /// Every bucket that starts below `threshold` goes into the zero bucket.
    fn take_into_zero(&mut self, threshold: f64) {
        let schema = self.schema;
        let mut taken = 0.0;
        for side in [&mut self.positive, &mut self.negative] {
            side.retain(|(index, count)| {
                let inside = exponential_bound(index - 1, schema) < threshold;
                taken += if inside { *count } else { 0.0 };
                !inside
            });
        }
        self.zero_count += taken;
        self.zero_threshold = threshold;
    }
}

/// The bounds that both have.
pub(super) fn common_bounds(a: &[f64], b: &[f64]) -> Arc<[f64]> {
    a.iter().copied().filter(|bound| b.contains(bound)).collect()
}

/// The buckets of a custom histogram poured into coarser bounds that are a part of its own.
pub(super) fn remapped(histogram: &Histogram, bounds: &[f64]) -> Side {
    let mut side: Side = Vec::new();
    for (index, count) in &histogram.positive {
        let upper = histogram.bound(*index);
        let index = bounds.partition_point(|bound| *bound < upper) as i32;
        match side.last_mut() {
            Some((last, sum)) if *last == index => *sum += count,
            _ => side.push((index, *count)),
        }
    }
    side
}

/// Adds the other side's counts, both being sorted.
fn merge(side: &mut Side, other: &Side, sign: f64) {
    if side.len() == other.len() && side.iter().zip(other).all(|(a, b)| a.0 == b.0) {
        side.iter_mut().zip(other).for_each(|(a, b)| a.1 += sign * b.1);
        return;
    }
    let mut merged = Vec::with_capacity(side.len().max(other.len()));
    let (mut a, mut b) = (side.iter().peekable(), other.iter().peekable());
    loop {
        let entry = match (a.peek(), b.peek()) {
            (None, None) => break,
            (Some((i, _)), Some((j, _))) if i == j => {
                let (index, count) = a.next().copied().unwrap_or_default();
                (index, count + sign * b.next().map_or(0.0, |entry| entry.1))
            }
            (Some((i, _)), Some((j, _))) if i < j => a.next().copied().unwrap_or_default(),
            (Some(_), None) => a.next().copied().unwrap_or_default(),
            _ => b.next().map(|(index, count)| (*index, sign * count)).unwrap_or_default(),
        };
        merged.push(entry);
    }
    *side = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exponential(schema: i32, positive: &[(i32, f64)]) -> Histogram {
        let count = positive.iter().map(|entry| entry.1).sum();
        Histogram { schema, count, positive: positive.to_vec(), ..Histogram::default() }
    }

    #[test]
    fn different_resolutions_meet_at_the_coarser() {
        let mut a = exponential(1, &[(1, 1.0), (2, 2.0), (5, 4.0)]);
        a.add(&exponential(0, &[(1, 10.0), (7, 1.0)])).unwrap();
        assert_eq!((a.schema, &a.positive[..]), (0, &[(1, 13.0), (3, 4.0), (7, 1.0)][..]));
        assert_eq!(a.count, 18.0);
    }

    #[test]
    fn a_wider_zero_bucket_takes_small_observations() {
        let mut a = exponential(0, &[(-3, 1.0), (-1, 2.0), (1, 4.0)]);
        let mut b = exponential(0, &[(1, 1.0)]);
        (b.zero_threshold, b.zero_count) = (0.3, 5.0);
        a.add(&b).unwrap();
        // (0.25, 0.5] is cut by 0.3, so the zero bucket grows to 0.5.
        assert_eq!((a.zero_threshold, a.zero_count, &a.positive[..]), (0.5, 8.0, &[(1, 5.0)][..]));
    }

    #[test]
    fn custom_bounds_meet_at_the_common_ones() {
        let custom = |bounds: &[f64], positive: &[(i32, f64)]| Histogram {
            schema: super::super::CUSTOM_SCHEMA,
            custom_bounds: bounds.into(),
            positive: positive.to_vec(),
            ..Histogram::default()
        };
        let mut a = custom(&[1.0, 2.0, 5.0], &[(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0)]);
        let outcome = a.add(&custom(&[2.0, 3.0, 5.0], &[(0, 1.0), (1, 1.0), (3, 1.0)])).unwrap();
        assert!(outcome.bounds_reconciled);
        assert_eq!(&*a.custom_bounds, [2.0, 5.0]);
        assert_eq!(a.positive, [(0, 3.0), (1, 2.0), (2, 2.0)]);
        assert_eq!(a.add(&exponential(0, &[])), Err(Incompatible));
    }
}
