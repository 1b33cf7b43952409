use super::cells::Cell;
use super::grid::Grid;
use super::group::{Group, Role};
use crate::promql::histogram::Histogram;
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Series;
use ocelli_storage::{Point, PointValue, SeriesPoints};
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;
/// Aligned to every step up to a minute.
const T0: i64 = 1_795_230_000;

fn range(from_s: i64, to_s: i64) -> TimeRange {
    TimeRange { from: UnixNano((T0 + from_s) * SECOND), to: UnixNano((T0 + to_s) * SECOND) }
}

/// A counter by `(start, time, value)` in seconds after [`T0`].
fn counter(points: &[(i64, i64, i64)]) -> SeriesPoints {
    let point = |(start, time, value): &(i64, i64, i64)| Point {
        start: (T0 + start) * SECOND,
        time: (T0 + time) * SECOND,
        flags: 0,
        value: PointValue::Int(*value),
        exemplars: Default::default(),
    };
    SeriesPoints { id: 0, series: Arc::new(Series::default()), points: points.iter().map(point).collect() }
}

/// Ten calls every five seconds since `start`.
fn steady(start: i64, until: i64) -> Vec<(i64, i64, i64)> {
    (0..=(until - start) / 5).map(|i| (start, start + i * 5, i * 10)).collect()
}

fn calls(range: &TimeRange, points: &[(i64, i64, i64)]) -> (f64, f64, Vec<Option<f64>>) {
    let mut group = Group::new(&Grid::of(range));
    group.add(&counter(points), Role::Calls).unwrap();
    let (red, series) = group.finish();
    (red.calls, red.rate, series.rate)
}

#[test]
fn a_steady_rate_is_exact_in_totals_and_steps() {
    let (calls, rate, steps) = calls(&range(0, 300), &steady(-600, 400));
    assert_eq!((calls, rate), (600.0, 2.0));
    assert_eq!(steps, vec![Some(2.0); 60]);
}

#[test]
fn a_new_series_counts_from_its_zero() {
    let (calls, rate, steps) = calls(&range(0, 300), &steady(240, 300));
    assert_eq!((calls, rate), (120.0, 2.0));
    assert_eq!((steps[47], steps[48], steps[59]), (None, Some(2.0), Some(2.0)));
}

#[test]
fn a_restart_neither_loses_nor_adds() {
    let mut points = steady(-600, 100);
    points.extend(steady(160, 300));
    let (calls, rate, steps) = calls(&range(0, 300), &points);
    assert_eq!((calls, rate), (200.0 + 280.0, 2.0));
    assert_eq!((steps[19], steps[25], steps[40]), (Some(2.0), None, Some(2.0)));
}

#[test]
fn an_idle_service_has_a_rate_of_zero_and_no_ratio() {
    let points: Vec<_> = (0..100).map(|i| (-600, i * 5 - 100, 7)).collect();
    let mut group = Group::new(&Grid::of(&range(0, 300)));
    group.add(&counter(&points), Role::Calls).unwrap();
    let (red, series) = group.finish();
    assert_eq!((red.calls, red.error_ratio, red.p50_ms), (0.0, None, None));
    assert_eq!((series.rate[30], series.error_ratio[30]), (Some(0.0), None));
}

#[test]
fn a_fault_shows_after_two_emissions() {
    let mut group = Group::new(&Grid::of(&range(0, 300)));
    group.add(&counter(&steady(-600, 300)), Role::Calls).unwrap();
    let failed: Vec<_> = (0..=2).map(|i| (290, 290 + i * 5, i * 10)).collect();
    group.add(&counter(&failed), Role::Errors).unwrap();
    let (_, series) = group.finish();
    assert_eq!(series.error_ratio[57], Some(0.0));
    assert_eq!(series.error_ratio[59], Some(0.5));
}

#[test]
fn percentiles_are_in_milliseconds() {
    let durations = Histogram { schema: 0, count: 4.0, positive: vec![(0, 4.0)], ..Histogram::default() };
    let cell = Cell { durations, calls: 4.0, errors: 1.0, observed_ms: 2_000 };
    let red = cell.red();
    assert_eq!((red.rate, red.error_ratio), (2.0, Some(0.25)));
    assert!((red.p50_ms.unwrap() - 1e3 * 0.5_f64.sqrt()).abs() < 1e-9);
}
