//! A sample, and what an expression evaluates to.
//!
//! Evaluation is by column: a node's value holds every step of the query at once, one cell a step.

use super::histogram::Histogram;
use super::labels::Labels;
pub use super::samples::Samples;
use std::sync::Arc;

/// Marks the end of a series: this NaN and no other (Prometheus' `value.StaleNaN`).
const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;
/// The NaN that arithmetic makes in Prometheus (`value.NormalNaN`).
pub const NORMAL_NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0001);

pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    Float(f64),
    Histogram(Arc<Histogram>),
}

impl Sample {
    pub fn float(&self) -> Option<f64> {
        match self {
            Sample::Float(value) => Some(*value),
            Sample::Histogram(_) => None,
        }
    }

    pub fn is_stale(&self) -> bool {
        match self {
            Sample::Float(value) => is_stale(*value),
            Sample::Histogram(histogram) => is_stale(histogram.sum),
        }
    }
}

/// One series of an instant vector over all steps of the query.
#[derive(Clone, Debug)]
pub struct Series {
    pub labels: Labels,
    /// The metric's name is to be taken off when the query is done (not at once, so that
    /// `label_replace` can still read it).
    pub drop_name: bool,
    /// One cell a step; none where the series has no sample.
    pub values: Vec<Option<Sample>>,
}

/// One series of a range vector: raw samples, of which each step sees a window.
#[derive(Clone, Debug)]
pub struct RangeSeries {
    pub labels: Labels,
    pub drop_name: bool,
    pub samples: Arc<Samples>,
}

/// What an expression evaluates to over all steps.
#[derive(Clone, Debug)]
pub enum Value {
    /// One number a step.
    Scalar(Vec<f64>),
    Vector(Vec<Series>),
    Text(String),
}

/// The shortest form that reads back the same, as Prometheus' API writes values: `+Inf`, `NaN`,
/// `1e+21`.
pub fn format_float(value: f64) -> String {
    let magnitude = value.abs();
    if !magnitude.is_finite() || magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return special(value).unwrap_or_else(|| value.to_string());
    }
    exponential(&format!("{value:e}"))
}

/// Go's `%g`, which Prometheus' messages are made with: six digits before the exponent comes.
pub fn format_general(value: f64) -> String {
    let scientific = format!("{value:e}");
    match exponent_of(&scientific) {
        Some(exponent) if !(-4..6).contains(&exponent) => exponential(&scientific),
        _ => special(value).unwrap_or_else(|| value.to_string()),
    }
}

/// Go's `%.2g`: two digits that count.
pub fn format_two_digits(value: f64) -> String {
    let scientific = format!("{value:.1e}");
    match exponent_of(&scientific) {
        Some(exponent) if !(-4..2).contains(&exponent) => exponential(&scientific.replace(".0e", "e")),
        Some(_) => scientific.parse::<f64>().unwrap_or(value).to_string(),
        None => special(value).unwrap_or_default(),
    }
}

fn special(value: f64) -> Option<String> {
    if value.is_nan() {
        return Some("NaN".to_owned());
    }
    let infinite = if value > 0.0 { "+Inf" } else { "-Inf" };
    value.is_infinite().then(|| infinite.to_owned())
}

fn exponent_of(scientific: &str) -> Option<i32> {
    scientific.split_once('e')?.1.parse().ok()
}

/// `1e21` as Go writes it: `1e+21`.
fn exponential(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// Equal but for a relative difference; NaN equals NaN, but a stale marker only a stale marker.
pub fn nearly_equal(a: f64, b: f64, tolerance: f64) -> bool {
    if is_stale(a) || is_stale(b) {
        return is_stale(a) && is_stale(b);
    }
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < tolerance * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < tolerance
}

/// Neumaier's compensated summation: adds to `sum`, keeps what rounding lost in `lost`.
pub fn kahan_add(value: f64, sum: &mut f64, lost: &mut f64) {
    let total = *sum + value;
    if total.is_infinite() {
        *lost = 0.0;
    } else if sum.abs() >= value.abs() {
        *lost += (*sum - total) + value;
    } else {
        *lost += (value - total) + *sum;
    }
    *sum = total;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_prometheus_writes_them() {
        let texts: Vec<String> =
            [0.1, 1.0, 1e21, 1e-7, 123456789.0, -0.0, f64::INFINITY].map(format_float).into();
        assert_eq!(texts, ["0.1", "1", "1e+21", "1e-07", "123456789", "-0", "+Inf"]);
        let texts: Vec<String> = [0.0, 1e-5, 100000.5, 1234567.0, f64::NAN].map(format_general).into();
        assert_eq!(texts, ["0", "1e-05", "100000.5", "1.234567e+06", "NaN"]);
        let texts: Vec<String> = [0.0, 1.0, 12.34, 100.0, 0.5].map(format_two_digits).into();
        assert_eq!(texts, ["0", "1", "12", "1e+02", "0.5"]);
    }

    #[test]
    fn only_the_stale_nan_is_stale() {
        assert!(is_stale(stale_nan()) && !is_stale(f64::NAN) && !is_stale(NORMAL_NAN));
    }
}
