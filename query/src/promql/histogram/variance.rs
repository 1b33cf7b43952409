//! Mean and spread of a native histogram, estimated from its buckets.

use super::Histogram;
use crate::promql::value::kahan_add;

impl Histogram {
    /// The variance around the mean. A bucket stands for its geometric middle, a custom bucket for
    /// its arithmetic one, the zero bucket for 0.
    pub fn variance(&self) -> f64 {
        let mean = self.sum / self.count;
        let (mut variance, mut lost) = (0.0, 0.0);
        for bucket in self.buckets().filter(|bucket| bucket.count != 0.0) {
            let middle = if self.is_custom() {
                (bucket.upper + bucket.lower) / 2.0
            } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
                0.0
            } else {
                (bucket.upper * bucket.lower).sqrt().copysign(bucket.upper)
            };
            let distance = middle - mean;
            kahan_add(bucket.count * distance * distance, &mut variance, &mut lost);
        }
        (variance + lost) / self.count
    }
}
