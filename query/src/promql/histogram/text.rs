//! A histogram as text, as Prometheus prints it: `{count:3, sum:4, (1,2]:3}`.

use super::Histogram;
use super::buckets::BucketKind;
use crate::promql::value::format_general;
use std::fmt;

impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{{count:{}, sum:{}", format_general(self.count), format_general(self.sum))?;
        for bucket in self.buckets_with(true).filter(|bucket| bucket.count != 0.0) {
            let (open, close) = match bucket.kind {
                BucketKind::Negative => ('[', ')'),
                BucketKind::Zero | BucketKind::Lowest => ('[', ']'),
                BucketKind::Positive => ('(', ']'),
            };
            let (lower, upper) = (format_general(bucket.lower), format_general(bucket.upper));
            write!(f, ", {open}{lower},{upper}{close}:{}", format_general(bucket.count))?;
        }
        f.write_str("}")
    }
}
