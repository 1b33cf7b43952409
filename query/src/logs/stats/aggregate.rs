//! One figure of one group while rows come in.

use super::quantile::Quantiles;
use super::uniq::Uniq;
use super::{Column, Function};
use crate::logs::field::Reader;
use serde_json::Value as Json;

#[derive(Clone, Debug)]
pub enum Aggregate {
    Count(u64),
    /// Of how many values, too.
    Sum(Sum, u64),
    Least(Option<f64>),
    Most(Option<f64>),
    Uniq(Uniq),
    Quantiles(Quantiles),
}

/// With what rounding lost (Neumaier 1974), so that millions of small values are not lost in a large sum.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        let lost =
            if self.sum.abs() >= value.abs() { self.sum - sum + value } else { value - sum + self.sum };
        self.lost += if sum.is_finite() { lost } else { 0.0 };
        self.sum = sum;
    }

    fn value(self) -> f64 {
        self.sum + self.lost
    }
}

impl Aggregate {
    pub fn of(function: Function) -> Aggregate {
        match function {
            Function::Count | Function::Rate => Aggregate::Count(0),
            Function::Sum | Function::Avg => Aggregate::Sum(Sum::default(), 0),
            Function::Min => Aggregate::Least(None),
            Function::Max => Aggregate::Most(None),
            Function::Uniq => Aggregate::Uniq(Uniq::default()),
            Function::Quantile(_) => Aggregate::Quantiles(Quantiles::default()),
        }
    }

    /// Takes in a row; without a field every row counts. Whether the row had a value.
    pub fn add(&mut self, of: Option<&Reader<'_>>, row: usize) -> bool {
        let Some(reader) = of else {
            if let Aggregate::Count(count) = self {
                *count += 1;
            }
            return true;
        };
        match self {
            Aggregate::Count(count) => {
                let exists = reader.exists(row);
                *count += u64::from(exists);
                exists
            }
            Aggregate::Uniq(values) => {
                let text = reader.text(row);
                text.as_ref().inspect(|text| values.add(text)).is_some()
            }
            numeric => match reader.number(row) {
                Some(number) => {
                    numeric.add_number(number);
                    true
                }
                None => reader.exists(row),
            },
        }
    }

    fn add_number(&mut self, number: f64) {
        match self {
            Aggregate::Sum(sum, count) => {
                sum.add(number);
                *count += 1;
            }
            Aggregate::Least(least) => *least = Some(least.map_or(number, |least| least.min(number))),
            Aggregate::Most(most) => *most = Some(most.map_or(number, |most| most.max(number))),
            Aggregate::Quantiles(quantiles) => quantiles.add(number),
            Aggregate::Count(_) | Aggregate::Uniq(_) => {}
        }
    }

    /// Takes in what one of the same function has seen.
    pub fn merge(&mut self, other: Aggregate) {
        match (self, other) {
            (Aggregate::Count(own), Aggregate::Count(more)) => *own += more,
            (Aggregate::Sum(own, count), Aggregate::Sum(more, others)) => {
                own.add(more.sum);
                own.add(more.lost);
                *count += others;
            }
            (Aggregate::Least(own), Aggregate::Least(more)) => {
                *own = (*own).into_iter().chain(more).reduce(f64::min)
            }
            (Aggregate::Most(own), Aggregate::Most(more)) => {
                *own = (*own).into_iter().chain(more).reduce(f64::max)
            }
            (Aggregate::Uniq(own), Aggregate::Uniq(more)) => own.merge(more),
            (Aggregate::Quantiles(own), Aggregate::Quantiles(more)) => own.merge(more),
            _ => {}
        }
    }

    /// The figure, `null` where no row had a value. `seconds`: of the range, or of a bucket of time.
    pub fn value(&self, column: &Column, seconds: f64) -> Json {
        let number = |number: Option<f64>| number.map_or(Json::Null, Json::from);
        match (self, column.function) {
            (Aggregate::Count(count), Function::Rate) => Json::from(*count as f64 / seconds),
            (Aggregate::Count(count), _) => Json::from(*count),
            (Aggregate::Sum(_, 0), _) => Json::Null,
            (Aggregate::Sum(sum, count), Function::Avg) => Json::from(sum.value() / *count as f64),
            (Aggregate::Sum(sum, _), _) => Json::from(sum.value()),
            (Aggregate::Least(value) | Aggregate::Most(value), _) => number(*value),
            (Aggregate::Uniq(values), _) => Json::from(values.count()),
            (Aggregate::Quantiles(quantiles), Function::Quantile(part)) => number(quantiles.at(part)),
            (Aggregate::Quantiles(_), _) => Json::Null,
        }
    }

    pub fn is_exact(&self) -> bool {
        match self {
            Aggregate::Uniq(values) => values.is_exact(),
            Aggregate::Quantiles(quantiles) => quantiles.is_exact(),
            _ => true,
        }
    }

    /// Bytes that it may come to hold beyond its own size, about.
    pub fn bytes(&self) -> usize {
        match self {
            Aggregate::Uniq(values) => values.bytes(),
            Aggregate::Quantiles(quantiles) => quantiles.bytes(),
            _ => 0,
        }
    }
}
