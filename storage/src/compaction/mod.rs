//! Which segments are merged, and when: a pure policy. `store/compact.rs` does what it says.

mod policy;

pub use policy::{Candidate, Sizes, When, choose};

use crate::limits;
use ocelli_signal::Signal;

/// How large the segments of each signal become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentSizes {
    pub spans: Sizes,
    pub logs: Sizes,
    pub points: Sizes,
}

impl SegmentSizes {
    pub fn of(&self, signal: Signal) -> &Sizes {
        match signal {
            Signal::Spans => &self.spans,
            Signal::Logs => &self.logs,
            Signal::Points => &self.points,
        }
    }
}

impl Default for SegmentSizes {
    fn default() -> SegmentSizes {
        SegmentSizes { spans: limits::SPAN_SIZES, logs: limits::LOG_SIZES, points: limits::POINT_SIZES }
    }
}
