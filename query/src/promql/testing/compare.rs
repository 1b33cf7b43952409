//! Equality as the reference harness has it: floats within a relative 1e-6.

use crate::promql::histogram::{Histogram, ResetHint};
use crate::promql::value::{Sample, nearly_equal};

const TOLERANCE: f64 = 1e-6;

pub fn same_sample(expected: &Sample, found: &Sample) -> bool {
    match (expected, found) {
        (Sample::Float(expected), Sample::Float(found)) => same(*expected, *found),
        (Sample::Histogram(expected), Sample::Histogram(found)) => same_histogram(expected, found),
        _ => false,
    }
}

fn same(a: f64, b: f64) -> bool {
    nearly_equal(a, b, TOLERANCE)
}

/// Empty buckets don't count; the hint counts where the script gives one.
fn same_histogram(expected: &Histogram, found: &Histogram) -> bool {
    let (mut expected, mut found) = (expected.clone(), found.clone());
    expected.compact();
    found.compact();
    let same_side = |a: &[(i32, f64)], b: &[(i32, f64)]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
    };
    expected.schema == found.schema
        && same(expected.count, found.count)
        && same(expected.sum, found.sum)
        && expected.zero_threshold == found.zero_threshold
        && same(expected.zero_count, found.zero_count)
        && (!expected.is_custom() || expected.custom_bounds == found.custom_bounds)
        && same_side(&expected.positive, &found.positive)
        && same_side(&expected.negative, &found.negative)
        && (expected.hint == ResetHint::Unknown || expected.hint == found.hint)
}
