//! The functions of the language: one table, one file a family.

mod absent;
mod counter;
pub mod date;
mod extended;
mod histogram;
mod info;
mod integral;
mod label;
mod over_time;
mod range;
mod rate;
mod regression;
mod slope;
mod sort;
mod starts;
mod vector;

use super::ast::ValueType::{self, Matrix, Scalar, Text, Vector};
use super::ast::{Call, Span};
use super::eval::Eval;
use super::histogram::Histogram;
use super::value::Value;
use crate::Error;
pub use extended::interpolated;
pub use info::{common_time, name_matchers as info_name_matchers};
pub use range::{RangeCall, RangeFn};
pub use slope::{Reaches, Slope};
pub use starts::{Started, is_reset};
pub use vector::map_floats;

#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    args: &'static [ValueType],
    /// How many of the last arguments may be left out.
    optional: usize,
    /// How often the last argument may come, where that is not once; it may also be left out.
    repeats: Option<usize>,
    pub returns: ValueType,
    pub run: Run,
}

const ANY_NUMBER: usize = usize::MAX;

/// How a function is computed.
#[derive(Clone, Copy)]
pub enum Run {
    /// From the window of each series; the other arguments are numbers.
    Range(RangeFn),
    /// The same, and the metric keeps its name.
    RangeNamed(RangeFn),
    /// Number by number; histograms are left out.
    Float(fn(f64) -> f64),
    /// Histogram by histogram; numbers are left out.
    Histogram(fn(&Histogram) -> f64),
    /// From a time in seconds, the evaluation's own where no argument is given.
    Date(fn(i64) -> f64),
    /// On its own terms.
    Whole(fn(&Eval, &Call, &Span) -> Result<Value, Error>),
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Run")
    }
}

impl Function {
    /// The least and, where there is one, the largest number of arguments.
    pub fn arity(&self) -> (usize, Option<usize>) {
        let least = self.args.len() - self.optional - usize::from(self.repeats.is_some());
        let most = match self.repeats {
            Some(ANY_NUMBER) => None,
            Some(times) => Some(self.args.len() - 1 + times),
            None => Some(self.args.len()),
        };
        (least, most)
    }

    pub fn arg_types(&self) -> &'static [ValueType] {
        self.args
    }

    /// As Prometheus' tables say it: how many arguments may be left out, or -1 for any number of them.
    pub fn variadic(&self) -> i64 {
        match self.repeats {
            Some(ANY_NUMBER) => -1,
            Some(times) => times as i64,
            None => self.optional as i64,
        }
    }

    pub fn arg_type(&self, at: usize) -> ValueType {
        self.args.get(at).or(self.args.last()).copied().unwrap_or(Scalar)
    }

    /// Depends on the evaluation time even where all arguments are pinned by `@`.
    pub fn depends_on_time(&self) -> bool {
        matches!(self.run, Run::Date(_))
            || ["predict_linear", "time", "timestamp", "start_timestamp"].contains(&self.name)
    }
}

/// The names of all functions, sorted.
pub fn names() -> Vec<&'static str> {
    TABLE.iter().map(|function| function.name).collect()
}

pub fn find(name: &str) -> Option<&'static Function> {
    TABLE.iter().find(|function| function.name == name)
}

const fn of(name: &'static str, args: &'static [ValueType], run: Run) -> Function {
    Function { name, args, optional: 0, repeats: None, returns: Vector, run }
}

const fn float(name: &'static str, run: fn(f64) -> f64) -> Function {
    of(name, &[Vector], Run::Float(run))
}

const fn range(name: &'static str, run: RangeFn) -> Function {
    of(name, &[Matrix], Run::Range(run))
}

const fn date(name: &'static str, run: fn(i64) -> f64) -> Function {
    Function { optional: 1, ..of(name, &[Vector], Run::Date(run)) }
}

const fn scalar(name: &'static str, args: &'static [ValueType], run: Run) -> Function {
    Function { returns: Scalar, ..of(name, args, run) }
}

/// Not of the language: what a language has to do that takes a division by zero for no number.
pub static ZERO_IS_NAN: Function =
    float("zero_is_nan", |number| if number == 0.0 { f64::NAN } else { number });

static TABLE: &[Function] = &[
    float("abs", f64::abs),
    of("absent", &[Vector], Run::Whole(absent::absent)),
    of("absent_over_time", &[Matrix], Run::Whole(absent::absent_over_time)),
    float("acos", f64::acos),
    float("acosh", f64::acosh),
    float("asin", f64::asin),
    float("asinh", f64::asinh),
    float("atan", f64::atan),
    float("atanh", f64::atanh),
    range("avg_over_time", over_time::avg),
    float("ceil", f64::ceil),
    range("changes", counter::changes),
    of("clamp", &[Vector, Scalar, Scalar], Run::Whole(vector::clamp)),
    of("clamp_max", &[Vector, Scalar], Run::Whole(vector::clamp_max)),
    of("clamp_min", &[Vector, Scalar], Run::Whole(vector::clamp_min)),
    float("cos", f64::cos),
    float("cosh", f64::cosh),
    range("count_over_time", over_time::count),
    date("day_of_month", date::day_of_month),
    date("day_of_week", date::day_of_week),
    date("day_of_year", date::day_of_year),
    date("days_in_month", date::days_in_month),
    float("deg", f64::to_degrees),
    range("delta", rate::delta),
    range("deriv", regression::deriv),
    of("double_exponential_smoothing", &[Matrix, Scalar, Scalar], Run::Range(regression::smoothing)),
    scalar("end", &[], Run::Whole(vector::end)),
    float("exp", f64::exp),
    of("first_over_time", &[Matrix], Run::RangeNamed(over_time::first)),
    float("floor", f64::floor),
    of("histogram_avg", &[Vector], Run::Histogram(|histogram| histogram.sum / histogram.count)),
    of("histogram_count", &[Vector], Run::Histogram(|histogram| histogram.count)),
    of("histogram_fraction", &[Scalar, Scalar, Vector], Run::Whole(histogram::fraction)),
    of("histogram_quantile", &[Scalar, Vector], Run::Whole(histogram::quantile)),
    Function {
        repeats: Some(9),
        ..of("histogram_quantiles", &[Vector, Text, Scalar, Scalar], Run::Whole(histogram::quantiles))
    },
    of("histogram_stddev", &[Vector], Run::Histogram(|histogram| histogram.variance().sqrt())),
    of("histogram_stdvar", &[Vector], Run::Histogram(Histogram::variance)),
    of("histogram_sum", &[Vector], Run::Histogram(|histogram| histogram.sum)),
    date("hour", date::hour),
    range("idelta", rate::idelta),
    range("increase", rate::increase),
    Function { optional: 1, ..of("info", &[Vector, Vector], Run::Whole(info::info)) },
    Function { optional: 1, ..of("integral", &[Matrix, Scalar], Run::Range(integral::integral)) },
    range("irate", rate::irate),
    Function {
        repeats: Some(ANY_NUMBER),
        ..of("label_join", &[Vector, Text, Text, Text], Run::Whole(label::join))
    },
    of("label_replace", &[Vector, Text, Text, Text, Text], Run::Whole(label::replace)),
    of("last_over_time", &[Matrix], Run::RangeNamed(over_time::last)),
    float("ln", f64::ln),
    float("log10", f64::log10),
    float("log2", f64::log2),
    range("mad_over_time", over_time::mad),
    scalar("max_of", &[Scalar, Scalar], Run::Whole(vector::max_of)),
    range("max_over_time", over_time::max),
    scalar("min_of", &[Scalar, Scalar], Run::Whole(vector::min_of)),
    range("min_over_time", over_time::min),
    date("minute", date::minute),
    date("month", date::month),
    scalar("pi", &[], Run::Whole(vector::pi)),
    of("predict_linear", &[Matrix, Scalar], Run::Range(regression::predict)),
    range("present_over_time", over_time::present),
    of("quantile_over_time", &[Scalar, Matrix], Run::Range(over_time::quantile)),
    float("rad", |degrees| degrees * std::f64::consts::PI / 180.0),
    scalar("range", &[], Run::Whole(vector::range)),
    range("rate", rate::rate),
    range("resets", counter::resets),
    Function { optional: 1, ..of("round", &[Vector, Scalar], Run::Whole(vector::round)) },
    scalar("scalar", &[Vector], Run::Whole(vector::scalar)),
    float("sgn", vector::sign),
    float("sin", f64::sin),
    float("sinh", f64::sinh),
    of("sort", &[Vector], Run::Whole(sort::ascending)),
    Function {
        repeats: Some(ANY_NUMBER),
        ..of("sort_by_label", &[Vector, Text], Run::Whole(sort::by_label))
    },
    Function {
        repeats: Some(ANY_NUMBER),
        ..of("sort_by_label_desc", &[Vector, Text], Run::Whole(sort::by_label_desc))
    },
    of("sort_desc", &[Vector], Run::Whole(sort::descending)),
    float("sqrt", f64::sqrt),
    scalar("start", &[], Run::Whole(vector::start)),
    of("start_timestamp", &[Vector], Run::Whole(vector::start_timestamp)),
    range("stddev_over_time", over_time::stddev),
    range("stdvar_over_time", over_time::stdvar),
    scalar("step", &[], Run::Whole(vector::step)),
    range("sum_over_time", over_time::sum),
    float("tan", f64::tan),
    float("tanh", f64::tanh),
    scalar("time", &[], Run::Whole(vector::time)),
    of("timestamp", &[Vector], Run::Whole(vector::timestamp)),
    range("ts_of_first_over_time", over_time::time_of_first),
    range("ts_of_last_over_time", over_time::time_of_last),
    range("ts_of_max_over_time", over_time::time_of_max),
    range("ts_of_min_over_time", over_time::time_of_min),
    of("vector", &[Scalar], Run::Whole(vector::vector)),
    date("year", date::year),
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted_and_whole() {
        let names: Vec<_> = super::TABLE.iter().map(|function| function.name).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(names, sorted);
    }
}
