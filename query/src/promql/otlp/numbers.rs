//! Gauges and cumulative sums, column by column: most of all series are such.

use super::life::{Life, ms};
use crate::promql::value::{Samples, stale_nan};
use ocelli_signal::points::FLAG_NO_RECORDED_VALUE;
use ocelli_storage::{PointList, Values};

/// The samples of points that are numbers of one kind; none where they are something else.
pub fn convert(points: &PointList, counter: bool, after_ms: i64) -> Option<Samples> {
    match points.values() {
        Values::Doubles(values) => Some(samples(points, values.iter().copied(), counter, after_ms)),
        Values::Ints(values) => {
            Some(samples(points, values.iter().map(|value| *value as f64), counter, after_ms))
        }
        Values::Any(_) => None,
    }
}

fn samples(points: &PointList, values: impl Iterator<Item = f64>, counter: bool, after_ms: i64) -> Samples {
    let mut out = Out { samples: Samples::default(), life: Life::default(), after_ms };
    out.samples.float_times.reserve(points.len());
    out.samples.floats.reserve(points.len());
    let mut stale = points.flags().iter().filter(|(_, flags)| flags & FLAG_NO_RECORDED_VALUE != 0).peekable();
    let starts = if counter { points.starts() } else { &[] };
    let mut starts = starts.iter().peekable();
    let mut start = 0;
    for (at, (time, value)) in points.times().iter().zip(values).enumerate() {
        if let Some((_, next)) = starts.next_if(|(first, _)| *first == at) {
            start = *next;
        }
        if stale.next_if(|(place, _)| *place == at).is_some() {
            out.samples.push_float(ms(*time), stale_nan(), 0);
        } else if counter {
            out.push_counted(start, *time, value);
        } else {
            out.samples.push_float(ms(*time), value, 0);
        }
    }
    out.samples
}

struct Out {
    samples: Samples,
    life: Life,
    after_ms: i64,
}

impl Out {
    fn push_counted(&mut self, start_ns: i64, time_ns: i64, value: f64) {
        if let Some(at) = self.life.begins(start_ns, time_ns, self.after_ms, self.samples.is_empty()) {
            self.samples.push_float(at, 0.0, 0);
        }
        self.life.seen(start_ns, time_ns);
        self.samples.push_float(ms(time_ns), value, 0);
    }
}
