//! What is known of the spans of one series, step by step.

use super::Steps;
use crate::traces::traceql::ast::{Fold, Function};
use ocelli_api::TimeRange;
use std::collections::BTreeMap;

/// Buckets of quantiles grow by this power of two: a quantile is at most 2.2 % off.
const BUCKETS_PER_DOUBLING: f64 = 16.0;

/// Of a bucket in its tree, whose nodes are half full at least.
const BUCKET_BYTES: usize = 32;

/// One cell a step.
#[derive(Clone, Debug)]
pub enum Cells {
    Count(Vec<u64>),
    /// Count of values, and their fold.
    Fold(Fold, Vec<(u64, f64)>),
    /// Counts by bucket.
    Quantile(Vec<BTreeMap<i16, u64>>),
}

impl Cells {
    pub fn new(function: &Function, steps: usize) -> Cells {
        match function {
            Function::Rate | Function::CountOverTime | Function::Histogram(_) | Function::Compare { .. } => {
                Cells::Count(vec![0; steps])
            }
            Function::Over(fold, _) => Cells::Fold(*fold, vec![(0, 0.0); steps]),
            Function::Quantile(..) => Cells::Quantile(vec![BTreeMap::new(); steps]),
        }
    }

    /// Bytes of a series at its beginning.
    pub fn bytes(&self) -> usize {
        match self {
            Cells::Count(cells) => cells.len() * 8,
            Cells::Fold(_, cells) => cells.len() * 16,
            Cells::Quantile(cells) => cells.len() * 24,
        }
    }

    /// Enters a span; `value` is not looked at where spans are only counted. Gives by about how many bytes it grew.
    pub fn add(&mut self, step: usize, value: f64) -> usize {
        match self {
            Cells::Count(cells) => cells[step] += 1,
            Cells::Fold(fold, cells) => {
                let (count, so_far) = cells[step];
                let folded = match fold {
                    _ if count == 0 => value,
                    Fold::Min => so_far.min(value),
                    Fold::Max => so_far.max(value),
                    Fold::Sum | Fold::Avg => so_far + value,
                };
                cells[step] = (count + 1, folded);
            }
            Cells::Quantile(cells) => {
                let before = cells[step].len();
                *cells[step].entry(bucket(value)).or_default() += 1;
                return (cells[step].len() - before) * BUCKET_BYTES;
            }
        }
        0
    }

    /// Takes in what cells of the same function and steps have counted.
    pub fn merge(&mut self, other: Cells) {
        match (self, other) {
            (Cells::Count(own), Cells::Count(more)) => {
                own.iter_mut().zip(more).for_each(|(own, more)| *own += more)
            }
            (Cells::Fold(fold, own), Cells::Fold(_, more)) => {
                for ((count, folded), (others, other)) in own.iter_mut().zip(more) {
                    *folded = match fold {
                        _ if others == 0 => *folded,
                        _ if *count == 0 => other,
                        Fold::Min => folded.min(other),
                        Fold::Max => folded.max(other),
                        Fold::Sum | Fold::Avg => *folded + other,
                    };
                    *count += others;
                }
            }
            (Cells::Quantile(own), Cells::Quantile(more)) => {
                for (own, more) in own.iter_mut().zip(more) {
                    more.into_iter().for_each(|(bucket, count)| *own.entry(bucket).or_default() += count);
                }
            }
            _ => {}
        }
    }

    /// The values of the steps; a rate where `per_second` is given.
    pub fn values(&self, per_second: Option<(&Steps, TimeRange)>) -> Vec<Option<f64>> {
        match self {
            Cells::Count(cells) => {
                let value = |(step, count): (usize, &u64)| match per_second {
                    Some((steps, range)) => *count as f64 / steps.seconds(step, range).max(f64::MIN_POSITIVE),
                    None => *count as f64,
                };
                cells.iter().enumerate().map(|cell| Some(value(cell))).collect()
            }
            Cells::Fold(fold, cells) => {
                let value = |(count, folded): &(u64, f64)| match (count, fold) {
                    (0, _) => None,
                    (count, Fold::Avg) => Some(folded / *count as f64),
                    _ => Some(*folded),
                };
                cells.iter().map(value).collect()
            }
            Cells::Quantile(_) => Vec::new(),
        }
    }

    pub fn quantile(&self, quantile: f64) -> Vec<Option<f64>> {
        let Cells::Quantile(cells) = self else { return Vec::new() };
        cells.iter().map(|cell| quantile_of(cell, quantile)).collect()
    }
}

/// The number of the bucket whose upper bound is the least that is not below the value. Nothing and
/// less is the lowest bucket.
fn bucket(value: f64) -> i16 {
    if value <= 0.0 {
        return i16::MIN;
    }
    (value.log2() * BUCKETS_PER_DOUBLING).ceil().clamp(-32_000.0, 32_000.0) as i16
}

/// The value at the rank, within its bucket by the share of the bucket below it.
fn quantile_of(cell: &BTreeMap<i16, u64>, quantile: f64) -> Option<f64> {
    let total: u64 = cell.values().sum();
    let rank = (quantile * total as f64).max(f64::MIN_POSITIVE);
    let mut below = 0.0;
    for (bucket, count) in cell {
        let count = *count as f64;
        if below + count >= rank || below + count >= total as f64 {
            if *bucket == i16::MIN {
                return Some(0.0);
            }
            let share = ((rank - below) / count).clamp(0.0, 1.0);
            return Some(((f64::from(*bucket) - 1.0 + share) / BUCKETS_PER_DOUBLING).exp2());
        }
        below += count;
    }
    None
}

/// The bound of a histogram's bucket that a value belongs to: the least power of two, of a duration
/// in nanoseconds, that is not below it.
pub fn power_of_two(value: f64, is_duration: bool) -> f64 {
    let scale = if is_duration { 1e9 } else { 1.0 };
    if value <= 0.0 { 0.0 } else { (value * scale).log2().ceil().exp2() / scale }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_near_the_value_at_its_rank() {
        let values: Vec<f64> = (1..=1000).map(|n| f64::from(n * n) / 1e6).collect();
        let mut cell = BTreeMap::new();
        values.iter().for_each(|value| *cell.entry(bucket(*value)).or_default() += 1);
        for (quantile, rank) in [(0.0, 0), (0.5, 499), (0.9, 899), (0.99, 989), (1.0, 999)] {
            let (found, exact) = (quantile_of(&cell, quantile).unwrap(), values[rank]);
            assert!((found / exact - 1.0).abs() < 0.045, "{quantile}: {found} for {exact}");
        }
        assert_eq!(quantile_of(&BTreeMap::new(), 0.5), None);
        assert_eq!(quantile_of(&BTreeMap::from([(bucket(-1.0), 3)]), 0.5), Some(0.0));
    }

    #[test]
    fn bounds_are_powers_of_two() {
        assert_eq!(power_of_two(5.0, false), 8.0);
        assert_eq!(power_of_two(8.0, false), 8.0);
        assert_eq!(power_of_two(-1.0, false), 0.0);
        assert_eq!(power_of_two(0.001, true), (1u64 << 20) as f64 / 1e9);
    }
}
