//! Gauges and cumulative sums, column by column: most of all series are such.

use super::life::ms;
use crate::promql::value::{Samples, stale_nan};
use ocelli_signal::points::FLAG_NO_RECORDED_VALUE;
use ocelli_storage::{PointList, Values};
use std::sync::Arc;

/// The samples of points that are numbers of one kind; none where they are something else.
pub fn convert(points: &PointList) -> Option<Samples> {
    match points.values() {
        Values::Doubles(values) => Some(samples(points, values.iter().copied())),
        Values::Ints(values) => Some(samples(points, values.iter().map(|value| *value as f64))),
        Values::Any(_) => None,
    }
}

fn samples(points: &PointList, values: impl ExactSizeIterator<Item = f64> + Clone) -> Samples {
    by_column(points, values.clone()).unwrap_or_else(|| point_by_point(points, values))
}

/// Where no point is stale and none shares its millisecond with another one, which is almost always.
fn by_column(points: &PointList, values: impl ExactSizeIterator<Item = f64>) -> Option<Samples> {
    if points.flags().iter().any(|(_, flags)| flags & FLAG_NO_RECORDED_VALUE != 0) {
        return None;
    }
    let mut samples = Samples {
        float_times: Arc::new(points.times().iter().map(|time| ms(*time)).collect()),
        floats: values.collect(),
        ..Samples::default()
    };
    points.starts().iter().for_each(|(first, start)| samples.float_starts.set_last(*first, ms(*start)));
    samples.float_times.is_sorted_by(|a, b| a < b).then_some(samples)
}

fn point_by_point(points: &PointList, values: impl Iterator<Item = f64>) -> Samples {
    let mut out = Samples::default();
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

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_storage::{Point, PointValue};
    use proptest::prelude::*;

    prop_compose! {
        fn any_point()(
            start in prop_oneof![8 => Just(0), 8 => Just(7_000_000), 1 => 0..60_000_000_i64],
            gap in 1..3_000_000_i64,
            flags in prop_oneof![20 => Just(0), 1 => Just(FLAG_NO_RECORDED_VALUE)],
            value in -2..5_i32,
        ) -> (i64, Point) {
            let value = PointValue::Double(value.into());
            (gap, Point { start, time: 0, flags, value, exemplars: Default::default() })
        }
    }

    proptest! {
        #[test]
        fn columns_give_what_points_give(
            points in prop::collection::vec(any_point(), 0..12),
        ) {
            let mut time = 10_000_000;
            let points = points.into_iter().map(|(gap, point)| {
                time += gap;
                Point { time, ..point }
            });
            let points: PointList = points.collect();
            let Values::Doubles(values) = points.values() else { unreachable!("all are doubles") };
            if let Some(samples) = by_column(&points, values.iter().copied()) {
                prop_assert_eq!(samples, point_by_point(&points, values.iter().copied()));
            }
        }
    }
}
