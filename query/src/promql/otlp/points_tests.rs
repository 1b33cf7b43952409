use super::*;

const MS: i64 = 1_000_000;

fn points(kind: Kind, temporality: i32, points: &[(i64, i64, f64)]) -> Vec<(i64, f64)> {
    let series = Series { name: "x".into(), kind, temporality, is_monotonic: true, ..Series::default() };
    let point = |(start, time, value): &(i64, i64, f64)| Point {
        start: start * MS,
        time: time * MS,
        flags: u32::from(value.is_nan()),
        value: PointValue::Double(*value),
        exemplars: Default::default(),
    };
    let read = SeriesPoints { id: 0, series: Arc::new(series), points: points.iter().map(point).collect() };
    let identity = Identity::of(&read.series).unwrap();
    let mut converted = convert(&identity, &read, 0).unwrap();
    let (_, samples) = converted.remove(0);
    samples.float_times.iter().copied().zip(samples.floats).collect()
}

#[test]
fn a_new_start_shows_a_reset_that_the_values_hide() {
    let read = points(Kind::Sum, 2, &[(5, 10, 3.0), (5, 20, 4.0), (25, 30, 9.0)]);
    assert_eq!(read, [(5, 0.0), (10, 3.0), (20, 4.0), (25, 0.0), (30, 9.0)]);
}

#[test]
fn an_unknown_start_adds_nothing() {
    assert_eq!(points(Kind::Sum, 2, &[(10, 10, 3.0), (10, 20, 4.0)]), [(10, 3.0), (20, 4.0)]);
    assert_eq!(points(Kind::Sum, 2, &[(0, 10, 3.0)]), [(10, 3.0)]);
}

#[test]
fn delta_points_are_added_up() {
    let read = points(Kind::Sum, 1, &[(5, 10, 3.0), (10, 20, 4.0), (20, 30, 1.0)]);
    assert_eq!(read, [(5, 0.0), (10, 3.0), (20, 7.0), (30, 8.0)]);
}

#[test]
fn a_point_without_a_value_is_a_stale_marker() {
    let read = points(Kind::Gauge, 0, &[(0, 10, 3.0), (0, 20, f64::NAN)]);
    assert!(crate::promql::value::is_stale(read[1].1));
}

#[test]
fn a_fine_scale_is_reduced_and_indexes_shift_by_one() {
    let buckets = point::Buckets { offset: -1, counts: vec![1, 2, 0, 4] };
    let read =
        point::ExponentialHistogram { count: 7, scale: 9, positive: Some(buckets), ..Default::default() };
    let histogram = native(&read).unwrap();
    // Indexes 0, 1, 3 at schema 9 are 0, 1, 2 at schema 8.
    assert_eq!((histogram.schema, &histogram.positive[..]), (8, &[(0, 1.0), (1, 2.0), (2, 4.0)][..]));
    assert!(native(&point::ExponentialHistogram { scale: -5, ..Default::default() }).is_none());
}

#[test]
fn an_explicit_histogram_becomes_a_classic_one() {
    let series = Series { name: "d".into(), unit: "s".into(), kind: Kind::Histogram, ..Series::default() };
    let histogram = point::Histogram {
        count: 6,
        sum: Some(7.5),
        bucket_counts: vec![1, 2, 3],
        explicit_bounds: vec![0.5, 1.0],
        ..Default::default()
    };
    let point = Point {
        start: 0,
        time: 10 * MS,
        flags: 0,
        value: PointValue::Other(histogram.encode().into()),
        exemplars: Default::default(),
    };
    let read = SeriesPoints { id: 0, series: Arc::new(series), points: [point].into_iter().collect() };
    let identity = Identity::of(&read.series).unwrap();
    let shown: Vec<String> = convert(&identity, &read, 0)
        .unwrap()
        .iter()
        .map(|(labels, samples)| {
            format!("{} {} {}", labels.metric_name(), labels.get("le"), samples.floats[0])
        })
        .collect();
    assert_eq!(
        shown,
        [
            "d_seconds_bucket 0.5 1",
            "d_seconds_bucket 1 3",
            "d_seconds_bucket +Inf 6",
            "d_seconds_count  6",
            "d_seconds_sum  7.5"
        ]
    );
}
