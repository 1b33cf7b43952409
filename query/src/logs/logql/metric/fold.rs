//! What is kept of the values of one cell, and made of those of a window.

use crate::logs::logql::ast::RangeOp;
use crate::promql::embed::quantile;
use crate::promql::value::kahan_add;
use std::cmp::Ordering;

/// The values of some lines.
#[derive(Clone, Debug, PartialEq)]
pub enum Fold {
    Sum {
        sum: f64,
        lost: f64,
    },
    Min(f64),
    Max(f64),
    /// With its time.
    First(i64, f64),
    Last(i64, f64),
    /// The squares are those of the distances from the mean.
    Moments {
        count: f64,
        mean: f64,
        squares: f64,
    },
    /// With their times, in no order.
    All(Vec<(i64, f64)>),
}

impl Fold {
    /// Of one line.
    pub fn of(op: RangeOp, time: i64, value: f64) -> Fold {
        match op {
            RangeOp::Rate
            | RangeOp::CountOverTime
            | RangeOp::BytesRate
            | RangeOp::BytesOverTime
            | RangeOp::AbsentOverTime
            | RangeOp::SumOverTime => Fold::Sum { sum: value, lost: 0.0 },
            RangeOp::MinOverTime => Fold::Min(value),
            RangeOp::MaxOverTime => Fold::Max(value),
            RangeOp::FirstOverTime => Fold::First(time, value),
            RangeOp::LastOverTime => Fold::Last(time, value),
            RangeOp::AvgOverTime | RangeOp::StddevOverTime | RangeOp::StdvarOverTime => {
                Fold::Moments { count: 1.0, mean: value, squares: 0.0 }
            }
            RangeOp::QuantileOverTime | RangeOp::RateCounter => Fold::All(vec![(time, value)]),
        }
    }

    /// Takes in the values of another one of the same kind.
    pub fn join(&mut self, other: &Fold) {
        match (self, other) {
            (Fold::Sum { sum, lost }, Fold::Sum { sum: more, lost: also }) => {
                kahan_add(*more, sum, lost);
                *lost += also;
            }
            (Fold::Min(least), Fold::Min(other)) => *least = least.min(*other),
            (Fold::Max(most), Fold::Max(other)) => *most = most.max(*other),
            (Fold::First(time, value), Fold::First(at, other))
                if order(*at, *other, *time, *value).is_lt() =>
            {
                (*time, *value) = (*at, *other);
            }
            (Fold::Last(time, value), Fold::Last(at, other)) if order(*at, *other, *time, *value).is_gt() => {
                (*time, *value) = (*at, *other);
            }
            (
                Fold::Moments { count, mean, squares },
                Fold::Moments { count: others, mean: their_mean, squares: their_squares },
            ) => {
                let (all, distance) = (*count + others, their_mean - *mean);
                *squares += their_squares + distance * distance * *count * others / all;
                *mean += distance * others / all;
                *count = all;
            }
            (Fold::All(values), Fold::All(more)) => values.extend_from_slice(more),
            _ => {}
        }
    }

    /// What the function gives over a window of so many seconds.
    pub fn value(self, op: RangeOp, parameter: f64, range_s: f64) -> f64 {
        match self {
            Fold::Sum { sum, lost } if matches!(op, RangeOp::Rate | RangeOp::BytesRate) => {
                (sum + lost) / range_s
            }
            Fold::Sum { sum, lost } => sum + lost,
            Fold::Min(value) | Fold::Max(value) | Fold::First(_, value) | Fold::Last(_, value) => value,
            Fold::Moments { count, mean, squares } => match op {
                RangeOp::StddevOverTime => (squares / count).sqrt(),
                RangeOp::StdvarOverTime => squares / count,
                _ => mean,
            },
            Fold::All(mut values) => {
                values.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.total_cmp(&b.1)));
                match op {
                    RangeOp::RateCounter => rate_of_counter(&values, range_s),
                    _ => quantile(
                        parameter,
                        &mut values.into_iter().map(|(_, value)| value).collect::<Vec<_>>(),
                    ),
                }
            }
        }
    }

    /// Of its values beside itself, in memory.
    pub fn extra_bytes(&self) -> usize {
        if let Fold::All(values) = self { size_of_val(&values[..]) } else { 0 }
    }
}

/// Of lines of one time the choice must not depend on where they lie.
fn order(at: i64, value: f64, than_at: i64, than: f64) -> Ordering {
    at.cmp(&than_at).then_with(|| value.total_cmp(&than))
}

/// The increase of a counter a second, as Loki extends it to the begin of the range: by the mean
/// distance of samples, or by half of it, and not below zero.
fn rate_of_counter(values: &[(i64, f64)], range_s: f64) -> f64 {
    let ([(first_at, first), ..], [.., (last_at, last)]) = (values, values) else { return 0.0 };
    let sampled_s = (last_at - first_at) as f64 / 1e9;
    if values.len() < 2 || sampled_s <= 0.0 {
        return 0.0;
    }
    let resets: f64 = values.windows(2).filter(|pair| pair[1].1 < pair[0].1).map(|pair| pair[0].1).sum();
    let increase = last - first + resets;
    let mean_s = sampled_s / (values.len() - 1) as f64;
    let mut to_start_s = range_s;
    if increase > 0.0 && *first >= 0.0 {
        to_start_s = to_start_s.min(sampled_s * (first / increase));
    }
    let extended_s = sampled_s + if to_start_s < mean_s * 1.1 { to_start_s } else { mean_s / 2.0 };
    increase * (extended_s / sampled_s) / range_s
}
