//! Quantiles: exact of few values, of many to within half a percent of the value.

use std::collections::BTreeMap;

/// So many values are kept as they are.
const EXACT: usize = 1_000;
/// Each bucket's bounds have this ratio, so that its middle is off by at most half of it (as in DDSketch,
/// Masson et al. 2019).
const RATIO: f64 = 1.01;

#[derive(Clone, Debug, PartialEq)]
pub enum Quantiles {
    Exact(Vec<f64>),
    Buckets(Buckets),
}

/// How many values lie in each bucket, by the power of the ratio that bounds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    negative: Counts,
    zero: u64,
    positive: Counts,
}

/// Neighbours lie in one page: values are near each other, and a tree of all of them is slow to search.
const PAGE: usize = 1 << PAGE_BITS;
const PAGE_BITS: u32 = 6;
/// Of a page, and its place in the tree.
const PAGE_BYTES: usize = PAGE * size_of::<u64>() + 48;

#[derive(Clone, Debug, Default, PartialEq)]
struct Counts(BTreeMap<i32, Box<[u64; PAGE]>>);

impl Counts {
    fn add(&mut self, power: i32, count: u64) {
        let page = self.0.entry(power >> PAGE_BITS).or_insert_with(|| Box::new([0; PAGE]));
        page[power as usize % PAGE] += count;
    }

    /// The buckets that have values, ascending.
    fn iter(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> + '_ {
        self.0.iter().flat_map(|(page, counts)| {
            let power = move |at: usize| (page << PAGE_BITS) + at as i32;
            let counts = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            counts.map(move |(at, count)| (power(at), *count))
        })
    }
}

impl Default for Quantiles {
    fn default() -> Quantiles {
        Quantiles::Exact(Vec::new())
    }
}

impl Quantiles {
    /// What is no number does not count.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        match self {
            Quantiles::Exact(values) => {
                values.push(value);
                self.settle();
            }
            Quantiles::Buckets(buckets) => buckets.add(value, 1),
        }
    }

    fn settle(&mut self) {
        if let Quantiles::Exact(values) = self
            && values.len() > EXACT
        {
            let mut buckets = Buckets::default();
            values.iter().for_each(|value| buckets.add(*value, 1));
            *self = Quantiles::Buckets(buckets);
        }
    }

    pub fn merge(&mut self, other: Quantiles) {
        match (&mut *self, other) {
            (Quantiles::Exact(own), Quantiles::Exact(more)) => {
                own.extend(more);
                self.settle();
            }
            (Quantiles::Buckets(own), Quantiles::Exact(more)) => {
                more.iter().for_each(|value| own.add(*value, 1))
            }
            (Quantiles::Exact(own), Quantiles::Buckets(mut more)) => {
                own.iter().for_each(|value| more.add(*value, 1));
                *self = Quantiles::Buckets(more);
            }
            (Quantiles::Buckets(own), Quantiles::Buckets(more)) => own.merge(more),
        }
    }

    /// Bytes beyond its own size, about.
    pub fn bytes(&self) -> usize {
        match self {
            Quantiles::Exact(values) => values.capacity() * size_of::<f64>(),
            Quantiles::Buckets(buckets) => (buckets.negative.0.len() + buckets.positive.0.len()) * PAGE_BYTES,
        }
    }

    pub fn is_exact(&self) -> bool {
        matches!(self, Quantiles::Exact(_))
    }

    /// The value below or at which this part of all values lies: of n values the one in place
    /// ⌈part · n⌉, at least the first.
    pub fn at(&self, part: f64) -> Option<f64> {
        match self {
            Quantiles::Exact(values) => {
                let mut sorted = values.clone();
                sorted.sort_by(f64::total_cmp);
                sorted.get(rank(part, sorted.len() as u64)? as usize - 1).copied()
            }
            Quantiles::Buckets(buckets) => buckets.at(part),
        }
    }
}

fn rank(part: f64, count: u64) -> Option<u64> {
    (count > 0).then(|| ((part * count as f64).ceil() as u64).clamp(1, count))
}

impl Buckets {
    fn add(&mut self, value: f64, count: u64) {
        // The least positive double is far above the power that an i32 can't hold.
        let power = |value: f64| {
            let power = value.min(f64::MAX).ln() / RATIO.ln();
            // Rounded up, which is a call otherwise.
            let whole = power as i32;
            whole + i32::from(power > f64::from(whole))
        };
        match value {
            0.0 => self.zero += count,
            value if value > 0.0 => self.positive.add(power(value), count),
            value => self.negative.add(power(-value), count),
        }
    }

    fn merge(&mut self, other: Buckets) {
        other.negative.iter().for_each(|(power, count)| self.negative.add(power, count));
        other.positive.iter().for_each(|(power, count)| self.positive.add(power, count));
        self.zero += other.zero;
    }

    fn at(&self, part: f64) -> Option<f64> {
        let sum = |counts: &Counts| counts.iter().map(|(_, count)| count).sum::<u64>();
        let count = sum(&self.negative) + self.zero + sum(&self.positive);
        let mut left = rank(part, count)?;
        // Of a bucket the value whose ratio to both bounds is the same, about.
        let middle = |power: i32| 2.0 * RATIO.powi(power) / (RATIO + 1.0);
        let ascending = self.negative.iter().rev().map(|(power, count)| (-middle(power), count));
        let ascending = ascending.chain([(0.0, self.zero)]);
        let mut ascending =
            ascending.chain(self.positive.iter().map(|(power, count)| (middle(power), count)));
        ascending.find_map(|(value, count)| {
            let here = left <= count;
            left = left.saturating_sub(count);
            here.then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> Quantiles {
        let mut all = Quantiles::default();
        values.iter().for_each(|value| all.add(*value));
        all
    }

    #[test]
    fn few_values_are_exact() {
        let all = of(&[5.0, 1.0, f64::NAN, 3.0, 2.0, 4.0]);
        assert_eq!([0.0, 0.5, 0.9, 1.0].map(|part| all.at(part).unwrap()), [1.0, 3.0, 5.0, 5.0]);
        assert_eq!(Quantiles::default().at(0.5), None);
    }

    proptest! {
        #[test]
        fn many_values_are_within_half_a_percent_in_any_order_of_merging(
            values in prop::collection::vec(prop_oneof![-1e9..1e9f64, Just(0.0), 1e-9..1.0], 1..3_000),
            cut in 0usize..3_000, part in 0.0..=1.0f64,
        ) {
            let (left, right) = values.split_at(cut.min(values.len()));
            let (mut merged, mut other) = (of(left), of(right));
            other.merge(of(left));
            merged.merge(of(right));
            prop_assert_eq!(merged.at(part), other.at(part));
            prop_assert_eq!(merged.is_exact(), values.len() <= EXACT);
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let exact = sorted[rank(part, sorted.len() as u64).unwrap() as usize - 1];
            let found = merged.at(part).unwrap();
            prop_assert!((found - exact).abs() <= exact.abs() * 0.0051, "{} for {}", found, exact);
        }
    }
}
