//! Times whose spans and logs outlive retention: the evidence of an alert.

use crate::catalog::SegmentEntry;
use ocelli_signal::Signal;
use serde::{Deserialize, Serialize};

/// Nanoseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub tenant: String,
    /// The time that is kept, both ends included.
    pub from_ns: i64,
    pub to_ns: i64,
    /// How long it is kept.
    pub until_ns: i64,
}

/// From the first to the last time of a segment that is pinned at a time. One range, so that what was written
/// anew for it can be told from what is still to be.
pub fn pinned(pins: &[Pin], segment: &SegmentEntry, now_ns: i64) -> Option<(i64, i64)> {
    if segment.signal == Signal::Points {
        return None;
    }
    let holds = |pin: &&Pin| {
        pin.tenant == segment.tenant && now_ns < pin.until_ns && segment.overlaps(pin.from_ns, pin.to_ns)
    };
    let hull = |(from, to): (i64, i64), pin: &Pin| (from.min(pin.from_ns), to.max(pin.to_ns));
    pins.iter()
        .filter(holds)
        .fold(None, |range, pin| Some(range.map_or((pin.from_ns, pin.to_ns), |range| hull(range, pin))))
}
