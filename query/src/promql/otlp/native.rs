//! Exponential histograms as native ones.

use crate::promql::histogram::{Histogram, Side};
use ocelli_signal::point;

/// Prometheus' schemas; a finer scale is reduced, a coarser one can't be shown.
const MAX_SCHEMA: i32 = 8;
const MIN_SCHEMA: i32 = -4;
/// OTLP's scales go to 20; no bucket of a scale that is much finer can be told from its neighbour.
const MAX_SCALE: i32 = 30;
/// The zero bucket's width where the point says none.
const ZERO_THRESHOLD: f64 = 1e-128;

/// The histogram of a point; none where its scale or its buckets are out of Prometheus' range.
pub fn native(point: &point::ExponentialHistogram) -> Option<Histogram> {
    if !(MIN_SCHEMA..=MAX_SCALE).contains(&point.scale) {
        return None;
    }
    let mut histogram = Histogram {
        schema: point.scale,
        zero_threshold: if point.zero_threshold > 0.0 { point.zero_threshold } else { ZERO_THRESHOLD },
        zero_count: point.zero_count as f64,
        count: point.count as f64,
        sum: point.sum.unwrap_or_default(),
        positive: side(point.positive.as_ref())?,
        negative: side(point.negative.as_ref())?,
        ..Histogram::default()
    };
    histogram.reduce_to(MAX_SCHEMA);
    Some(histogram)
}

/// OTLP's bucket i covers (base^(offset+i), base^(offset+i+1)], which is Prometheus' index
/// offset + i + 1.
fn side(buckets: Option<&point::Buckets>) -> Option<Side> {
    let Some(buckets) = buckets else { return Some(Side::new()) };
    let mut side = Side::with_capacity(buckets.counts.len());
    for (index, count) in
        (i64::from(buckets.offset) + 1..).zip(&buckets.counts).filter(|(_, count)| **count != 0)
    {
        side.push((i32::try_from(index).ok()?, *count as f64));
    }
    Some(side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fine_scale_is_reduced_and_indexes_shift_by_one() {
        let buckets = point::Buckets { offset: -1, counts: vec![1, 2, 0, 4] };
        let read =
            point::ExponentialHistogram { count: 7, scale: 9, positive: Some(buckets), ..Default::default() };
        let histogram = native(&read).unwrap();
        // Indexes 0, 1, 3 at schema 9 are 0, 1, 2 at schema 8.
        assert_eq!((histogram.schema, &histogram.positive[..]), (8, &[(0, 1.0), (1, 2.0), (2, 4.0)][..]));
        assert_eq!(histogram.zero_threshold, 1e-128);
        let wide = native(&point::ExponentialHistogram { zero_threshold: 0.5, ..Default::default() });
        assert_eq!(wide.unwrap().zero_threshold, 0.5);
    }

    #[test]
    fn what_is_out_of_range_is_no_histogram() {
        for scale in [-5, 31, i32::MIN, i32::MAX] {
            assert_eq!(native(&point::ExponentialHistogram { scale, ..Default::default() }), None);
        }
        let at = |offset| {
            let buckets = Some(point::Buckets { offset, counts: vec![0, 1] });
            native(&point::ExponentialHistogram { scale: 20, negative: buckets, ..Default::default() })
        };
        assert_eq!(at(i32::MAX - 1), None);
        assert_eq!(at(-3).unwrap().negative, [(0, 1.0)]);
        assert_eq!(at(i32::MIN).unwrap().negative, [(-524_287, 1.0)]);
    }
}
