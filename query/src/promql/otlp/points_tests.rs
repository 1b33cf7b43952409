use super::*;

const MS: i64 = 1_000_000;

/// One line a sample: `name le|quantile time value start`.
fn shown(series: Series, points: Vec<Point>) -> Vec<String> {
    let points: PointList = points.into_iter().collect();
    let identity = Identity::of(&series).unwrap();
    let mut lines = Vec::new();
    for (labels, samples) in convert(&identity, &series, &points).unwrap() {
        let bound = [labels.get("le"), labels.get("quantile")].concat();
        for (at, (time, value)) in samples.float_times.iter().zip(&samples.floats).enumerate() {
            let value =
                if crate::promql::value::is_stale(*value) { "stale".into() } else { value.to_string() };
            lines.push(format!(
                "{} {bound} {time} {value} {}",
                labels.metric_name(),
                samples.float_starts.get(at)
            ));
        }
        for (at, (time, value)) in samples.histogram_times.iter().zip(&samples.histograms).enumerate() {
            lines.push(format!(
                "{} {time} {} {}",
                labels.metric_name(),
                value.count,
                samples.histogram_starts.get(at)
            ));
        }
    }
    lines
}

fn point(start: i64, time: i64, value: PointValue) -> Point {
    let flags = u32::from(value == PointValue::None);
    Point { start: start * MS, time: time * MS, flags, value, exemplars: Default::default() }
}

fn series(kind: Kind, temporality: i32) -> Series {
    Series { name: "x".into(), kind, temporality, is_monotonic: kind == Kind::Sum, ..Series::default() }
}

/// `(start, time, value)`; NaN is a point without a value.
fn numbers(kind: Kind, temporality: i32, points: &[(i64, i64, f64)]) -> Vec<String> {
    let value = |value: f64| if value.is_nan() { PointValue::None } else { PointValue::Double(value) };
    shown(series(kind, temporality), points.iter().map(|(s, t, v)| point(*s, *t, value(*v))).collect())
}

fn explicit(start: i64, time: i64, bounds: &[f64], counts: &[u64], sum: Option<f64>) -> Point {
    let histogram = point::Histogram {
        count: counts.iter().sum(),
        sum,
        min: Some(-1.0),
        max: Some(99.0),
        bucket_counts: counts.to_vec(),
        explicit_bounds: bounds.to_vec(),
    };
    point(start, time, PointValue::Other(histogram.encode().into()))
}

#[test]
fn cumulative_points_stay_as_they_are_and_tell_their_starts() {
    let read = numbers(Kind::Sum, 2, &[(5, 10, 3.0), (5, 20, 4.0), (25, 30, 9.0), (0, 40, 9.0)]);
    assert_eq!(read, ["x_total  10 3 5", "x_total  20 4 5", "x_total  30 9 25", "x_total  40 9 0"]);
}

#[test]
fn delta_points_are_added_up() {
    let read = numbers(Kind::Sum, 1, &[(5, 10, 3.0), (10, 20, 4.0), (20, 30, 1.0)]);
    assert_eq!(read, ["x_total  10 3 5", "x_total  20 7 5", "x_total  30 8 5"]);
}

#[test]
fn a_gap_between_deltas_keeps_the_total_until_it_ends() {
    let read = numbers(Kind::Sum, 1, &[(5, 10, 3.0), (40, 50, 4.0), (40, 50, 4.0), (50, 60, f64::NAN)]);
    assert_eq!(read, ["x_total  10 3 5", "x_total  40 3 5", "x_total  50 7 5", "x_total  60 stale 0"]);
}

#[test]
fn a_point_without_a_value_is_a_stale_marker() {
    assert_eq!(numbers(Kind::Gauge, 0, &[(0, 10, 3.0), (0, 20, f64::NAN)]), ["x  10 3 0", "x  20 stale 0"]);
    let point = point::Histogram { count: 1, sum: Some(1.0), ..Default::default() };
    let mut end = super::tests::point(0, 20, PointValue::Other(point.encode().into()));
    end.flags = FLAG_NO_RECORDED_VALUE;
    let read = shown(series(Kind::Histogram, 2), vec![explicit(0, 10, &[1.0], &[1, 0], None), end.clone()]);
    let expected = [
        "x_bucket 1 10 1 0",
        "x_bucket 1 20 stale 0",
        "x_bucket +Inf 10 1 0",
        "x_bucket +Inf 20 stale 0",
        "x_count  10 1 0",
        "x_count  20 stale 0",
    ];
    assert_eq!(read, expected);
    assert_eq!(shown(series(Kind::ExponentialHistogram, 2), vec![end]), ["x  20 stale 0"]);
}

#[test]
fn an_explicit_histogram_becomes_a_classic_one() {
    let series = Series { unit: "s".into(), ..series(Kind::Histogram, 2) };
    let read = shown(series, vec![explicit(5, 10, &[0.0000005, 1.0, 2.5], &[1, 2, 3, 4], Some(7.5))]);
    let expected = [
        "x_seconds_bucket 0.0000005 10 1 5",
        "x_seconds_bucket 1 10 3 5",
        "x_seconds_bucket 2.5 10 6 5",
        "x_seconds_bucket +Inf 10 10 5",
        "x_seconds_count  10 10 5",
        "x_seconds_sum  10 7.5 5",
    ];
    assert_eq!(read, expected);
}

#[test]
fn deltas_of_explicit_histograms_are_added_up_while_their_bounds_stay() {
    let points = vec![
        explicit(0, 10, &[1.0, 2.0], &[1, 1, 0], Some(2.0)),
        explicit(10, 20, &[1.0, 2.0], &[0, 2, 1], Some(4.0)),
        explicit(20, 30, &[1.0, 5.0], &[7, 0, 0], None),
    ];
    let expected = [
        "x_bucket 1 10 1 0",
        "x_bucket 1 20 1 0",
        "x_bucket 1 30 7 20",
        "x_bucket 2 10 2 0",
        "x_bucket 2 20 4 0",
        "x_bucket 2 30 stale 0",
        "x_bucket +Inf 10 2 0",
        "x_bucket +Inf 20 5 0",
        "x_bucket +Inf 30 7 20",
        "x_count  10 2 0",
        "x_count  20 5 0",
        "x_count  30 7 20",
        "x_sum  10 2 0",
        "x_sum  20 6 0",
        "x_bucket 5 30 7 20",
    ];
    assert_eq!(shown(series(Kind::Histogram, 1), points), expected);
}

#[test]
fn exponential_histograms_are_native_and_their_deltas_added_up() {
    let at = |start, time, scale, counts: &[u64]| {
        let count = counts.iter().sum();
        let positive = Some(point::Buckets { offset: 0, counts: counts.to_vec() });
        let histogram = point::ExponentialHistogram { scale, count, positive, ..Default::default() };
        point(start, time, PointValue::Other(histogram.encode().into()))
    };
    let points = vec![at(5, 10, 2, &[1, 2]), at(10, 20, 1, &[4]), at(20, 30, -5, &[1])];
    assert_eq!(shown(series(Kind::ExponentialHistogram, 2), points.clone()), ["x 10 3 5", "x 20 4 10"]);
    assert_eq!(shown(series(Kind::ExponentialHistogram, 1), points), ["x 10 3 5", "x 20 7 5"]);
}

#[test]
fn a_summary_becomes_its_quantiles() {
    let summary = point::Summary { count: 4, sum: 6.5, quantiles: vec![(0.0, 1.0), (0.99, 3.0)] };
    let read =
        shown(series(Kind::Summary, 0), vec![point(5, 10, PointValue::Other(summary.encode().into()))]);
    assert_eq!(read, ["x 0 10 1 5", "x 0.99 10 3 5", "x_count  10 4 5", "x_sum  10 6.5 5"]);
}
