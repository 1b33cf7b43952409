//! Gauges and cumulative sums, column by column: most of all series are such.

use super::life::ms;
use crate::promql::value::{Samples, stale_nan};
use ocelli_signal::points::FLAG_NO_RECORDED_VALUE;
use ocelli_storage::{PointList, Values};

/// The samples of points that are numbers of one kind; none where they are something else.
pub fn convert(points: &PointList) -> Option<Samples> {
    match points.values() {
        Values::Doubles(values) => Some(samples(points, values.iter().copied())),
        Values::Ints(values) => Some(samples(points, values.iter().map(|value| *value as f64))),
        Values::Any(_) => None,
    }
}

fn samples(points: &PointList, values: impl Iterator<Item = f64>) -> Samples {
    let mut out = Samples::default();
    out.float_times.reserve(points.len());
    out.floats.reserve(points.len());
    let mut stale = points.flags().iter().filter(|(_, flags)| flags & FLAG_NO_RECORDED_VALUE != 0).peekable();
    let mut starts = points.starts().iter().peekable();
    let mut start_ms = 0;
    for (at, (time, value)) in points.times().iter().zip(values).enumerate() {
        if let Some((_, next)) = starts.next_if(|(first, _)| *first == at) {
            start_ms = ms(*next);
        }
        let ends = stale.next_if(|(place, _)| *place == at).is_some();
        out.push_float(ms(*time), if ends { stale_nan() } else { value }, start_ms);
    }
    out
}
