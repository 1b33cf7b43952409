//! An exponential histogram of durations whose scale falls as far as its values need.
//!
//! Source: the OpenTelemetry metrics data model, "Exponential Histogram", and the base-2 exponential
//! aggregation of the SDK specification.

use crate::limits::MAX_BUCKETS;
use ocelli_signal::point::{Buckets, ExponentialHistogram};

/// Prometheus knows native histograms up to this scale and would merge buckets of a finer one.
const MAX_SCALE: i32 = 8;

/// Durations in seconds since the series began.
#[derive(Clone, Debug, PartialEq)]
pub struct DurationHistogram {
    scale: i32,
    /// Index of the first of `counts`.
    offset: i32,
    counts: Vec<u64>,
    zero_count: u64,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Default for DurationHistogram {
    fn default() -> DurationHistogram {
        DurationHistogram {
            scale: MAX_SCALE,
            offset: 0,
            counts: Vec::new(),
            zero_count: 0,
            count: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        }
    }
}

impl DurationHistogram {
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds a duration; one that is not positive counts as zero.
    pub fn record(&mut self, seconds: f64) {
        let seconds = if seconds > 0.0 { seconds } else { 0.0 };
        self.count += 1;
        self.sum += seconds;
        self.min = self.min.min(seconds);
        self.max = self.max.max(seconds);
        if seconds == 0.0 {
            self.zero_count += 1;
            return;
        }
        let mut index = bucket_index(seconds, self.scale);
        if self.counts.is_empty() {
            self.offset = index;
        }
        let last = self.offset + (self.counts.len() as i32 - 1).max(0);
        let shift = shift_to_fit(self.offset.min(index), last.max(index));
        if shift > 0 {
            self.downscale(shift);
            index >>= shift;
        }
        self.make_room(index);
        self.counts[(index - self.offset) as usize] += 1;
    }

    /// Halves the resolution `shift` times: bucket i goes to i / 2^shift, rounded down.
    fn downscale(&mut self, shift: i32) {
        let offset = self.offset >> shift;
        let mut counts: Vec<u64> = Vec::with_capacity(self.counts.len() / 2 + 1);
        for (at, count) in self.counts.iter().enumerate() {
            let to = (((self.offset + at as i32) >> shift) - offset) as usize;
            if to == counts.len() {
                counts.push(0);
            }
            counts[to] += count;
        }
        (self.scale, self.offset, self.counts) = (self.scale - shift, offset, counts);
    }

    fn make_room(&mut self, index: i32) {
        if index < self.offset {
            let missing = (self.offset - index) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.offset = index;
        }
        let len = (index - self.offset) as usize + 1;
        if len > self.counts.len() {
            self.counts.resize(len, 0);
        }
    }

    /// The OTLP data point.
    pub fn to_point(&self) -> ExponentialHistogram {
        ExponentialHistogram {
            count: self.count,
            sum: Some(self.sum),
            min: (self.count > 0).then_some(self.min),
            max: (self.count > 0).then_some(self.max),
            scale: self.scale,
            zero_count: self.zero_count,
            zero_threshold: 0.0,
            positive: Some(Buckets { offset: self.offset, counts: self.counts.clone() }),
            negative: None,
        }
    }

    /// What the histogram was before its first value, at the same scale.
    pub fn to_zero_point(&self) -> ExponentialHistogram {
        ExponentialHistogram { sum: Some(0.0), scale: self.scale, ..ExponentialHistogram::default() }
    }
}

/// The bucket of a positive value: (base^index, base^(index+1)], base = 2^(2^-scale).
fn bucket_index(value: f64, scale: i32) -> i32 {
    (value.log2() * f64::from(scale).exp2()).ceil() as i32 - 1
}

/// How often the range of indexes must be halved to have at most `MAX_BUCKETS`.
fn shift_to_fit(first: i32, last: i32) -> i32 {
    let mut shift = 0;
    while ((last >> shift) - (first >> shift)) as usize >= MAX_BUCKETS {
        shift += 1;
    }
    shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64]) -> DurationHistogram {
        let mut histogram = DurationHistogram::default();
        values.iter().for_each(|value| histogram.record(*value));
        histogram
    }

    #[test]
    fn a_power_of_the_base_is_the_upper_bound() {
        let point = of(&[1.0, 2.0, 4.0]).to_point();
        // At scale 8 the values are 256 buckets apart, which is too far for 160: three steps down.
        let buckets = point.positive.unwrap();
        assert_eq!((point.scale, buckets.offset), (6, -1));
        assert_eq!(
            (buckets.counts.len(), buckets.counts[0], buckets.counts[64], buckets.counts[128]),
            (129, 1, 1, 1)
        );
    }

    #[test]
    fn what_is_not_positive_counts_as_zero() {
        let point = of(&[0.0, -3.0, f64::NAN]).to_point();
        assert_eq!((point.count, point.zero_count, point.sum), (3, 3, Some(0.0)));
        assert_eq!((point.min, point.max), (Some(0.0), Some(0.0)));
    }

    #[test]
    fn nanoseconds_beside_days_fit() {
        let buckets = of(&[1e-9, 86_400.0, 1e-9, 5e6]).to_point().positive.unwrap();
        assert!(buckets.counts.len() <= MAX_BUCKETS);
        assert_eq!(buckets.counts.iter().sum::<u64>(), 4);
    }

    proptest! {
        #[test]
        fn every_value_is_in_its_bucket(values in prop::collection::vec(1e-9..1e6f64, 1..200)) {
            let point = of(&values).to_point();
            let buckets = point.positive.unwrap();
            prop_assert!(buckets.counts.len() <= MAX_BUCKETS);
            prop_assert_eq!(buckets.counts.iter().sum::<u64>(), values.len() as u64);
            let mut expected = vec![0; buckets.counts.len()];
            for value in values {
                expected[(bucket_index(value, point.scale) - buckets.offset) as usize] += 1;
            }
            prop_assert_eq!(expected, buckets.counts);
        }
    }
}
