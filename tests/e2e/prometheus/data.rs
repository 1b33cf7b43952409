//! The samples that both servers get: what is sent over OTLP here and over remote write there is the
//! same series, name and labels one to one.

use crate::harness::otlp::{
    ExportMetricsServiceRequest, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, attribute, metric,
    number_data_point, text,
};
use crate::harness::prometheus::{Histogram, Label, Sample, Span, TimeSeries};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Sum,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Of each series, one about every step.
pub const SAMPLES: i64 = 160;
/// OTLP's aggregation temporality "cumulative".
const CUMULATIVE: i32 = 2;
/// OTLP's flag of a point without a value, and Prometheus' value of one.
const NO_RECORDED_VALUE: u32 = 1;
const STALE: u64 = 0x7ff0_0000_0000_0002;

pub struct Line {
    name: &'static str,
    labels: Vec<(&'static str, String)>,
    points: Points,
}

enum Points {
    /// Milliseconds and value.
    Gauge(Vec<(i64, f64)>),
    Counter(Vec<(i64, f64)>),
    Native(Vec<(i64, Native)>),
}

#[derive(Clone, Default)]
struct Native {
    sum: f64,
    zero_count: u64,
    positive: Vec<u64>,
    negative: Vec<u64>,
}

const SCHEMA: i32 = 2;
const POSITIVE_OFFSET: i32 = -3;
const NEGATIVE_OFFSET: i32 = 1;

/// Always the same values; no sample lies on a whole second, so that it does not matter whether a
/// range is open or closed at its start, which differs between versions.
pub fn lines(base_ms: i64, step_ms: i64) -> Vec<Line> {
    let mut random = StdRng::seed_from_u64(7);
    let times = |random: &mut StdRng| -> Vec<i64> {
        (0..SAMPLES).map(|i| base_ms + i * step_ms + random.random_range(1..999)).collect()
    };
    let mut lines = Vec::new();
    for (room, floor) in [("a", "1"), ("b", "1"), ("c", "2"), ("d", "2")] {
        let at = times(&mut random);
        let mut value = 20.0;
        let points = at.into_iter().enumerate().map(|(i, time)| {
            value += f64::from(random.random_range(-20..=20)) / 8.0;
            let special = match (room, i) {
                ("c", 60..=64) => f64::from_bits(STALE),
                ("d", 30) => f64::NAN,
                ("d", 90) => f64::INFINITY,
                _ => value,
            };
            (time, special)
        });
        let labels = vec![("floor", floor.to_owned()), ("room", room.to_owned())];
        lines.push(Line { name: "temp", labels, points: Points::Gauge(points.collect()) });
    }
    for (service, code, reset) in [
        ("cart", "200", 47),
        ("cart", "500", 999),
        ("pay", "200", 80),
        ("pay", "503", 111),
        ("ship", "200", 999),
    ] {
        let at = times(&mut random);
        let mut total = 0.0;
        let skip = if code == "503" { 40 } else { 0 };
        let points = at.into_iter().enumerate().skip(skip).map(|(i, time)| {
            total = if i == reset { 0.0 } else { total } + f64::from(random.random_range(0..50));
            (time, total)
        });
        let labels = vec![("code", code.to_owned()), ("service", service.to_owned())];
        lines.push(Line { name: "requests_total", labels, points: Points::Counter(points.collect()) });
    }
    lines.extend(classic(&times(&mut random), &mut random));
    for service in ["cart", "pay"] {
        let at = times(&mut random);
        let points = native(&at, &mut random, service == "pay");
        let labels = vec![("service", service.to_owned())];
        lines.push(Line { name: "latency", labels, points: Points::Native(points) });
    }
    lines
}

/// The buckets of a classic histogram, as gauges that go up.
fn classic(times: &[i64], random: &mut StdRng) -> Vec<Line> {
    let bounds = ["0.1", "0.5", "1", "2.5", "+Inf"];
    let mut counts = [0.0; 5];
    let mut all: Vec<Vec<(i64, f64)>> = vec![Vec::new(); bounds.len()];
    for time in times {
        let mut more = 0.0;
        for (count, points) in counts.iter_mut().zip(&mut all) {
            more += f64::from(random.random_range(0..9));
            *count += more;
            points.push((*time, *count));
        }
    }
    let line = |(bound, points): (&str, Vec<(i64, f64)>)| Line {
        name: "size_bucket",
        labels: vec![("le", bound.to_owned()), ("service", "cart".to_owned())],
        points: Points::Gauge(points),
    };
    bounds.into_iter().zip(all).map(line).collect()
}

fn native(times: &[i64], random: &mut StdRng, resets: bool) -> Vec<(i64, Native)> {
    let mut total = Native { positive: vec![0; 9], negative: vec![0; 2], ..Native::default() };
    let mut points = Vec::new();
    for (i, time) in times.iter().enumerate() {
        if resets && i == 70 {
            total = Native { positive: vec![0; 9], negative: vec![0; 2], ..Native::default() };
        }
        total.zero_count += random.random_range(0..2);
        total.sum += f64::from(random.random_range(0..40)) / 4.0;
        for count in total.positive.iter_mut().chain(&mut total.negative) {
            *count += random.random_range(0..5);
        }
        points.push((*time, total.clone()));
    }
    points
}

/// What Ocelli gets.
pub fn otlp(lines: &[Line]) -> ExportMetricsServiceRequest {
    let metrics = lines.iter().map(Line::metric).collect();
    let scope_metrics = vec![ScopeMetrics { metrics, ..Default::default() }];
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics { scope_metrics, ..Default::default() }],
    }
}

/// What Prometheus gets.
pub fn remote_write(lines: &[Line]) -> Vec<TimeSeries> {
    lines.iter().map(Line::time_series).collect()
}

impl Line {
    fn metric(&self) -> Metric {
        let attributes: Vec<_> =
            self.labels.iter().map(|(name, value)| attribute(name, text(value))).collect();
        let number = |(time, value): &(i64, f64)| NumberDataPoint {
            attributes: attributes.clone(),
            time_unix_nano: (time * 1_000_000) as u64,
            flags: if value.to_bits() == STALE { NO_RECORDED_VALUE } else { 0 },
            value: (value.to_bits() != STALE).then_some(number_data_point::Value::AsDouble(*value)),
            ..Default::default()
        };
        let data = match &self.points {
            Points::Gauge(points) => {
                metric::Data::Gauge(Gauge { data_points: points.iter().map(number).collect() })
            }
            Points::Counter(points) => metric::Data::Sum(Sum {
                data_points: points.iter().map(number).collect(),
                aggregation_temporality: CUMULATIVE,
                is_monotonic: true,
            }),
            Points::Native(points) => metric::Data::ExponentialHistogram(ExponentialHistogram {
                data_points: points
                    .iter()
                    .map(|(time, point)| ExponentialHistogramDataPoint {
                        attributes: attributes.clone(),
                        ..point.otlp(*time)
                    })
                    .collect(),
                aggregation_temporality: CUMULATIVE,
            }),
        };
        Metric { name: self.name.to_owned(), data: Some(data), ..Default::default() }
    }

    pub fn samples(&self) -> usize {
        match &self.points {
            Points::Gauge(points) | Points::Counter(points) => points.len(),
            Points::Native(points) => points.len(),
        }
    }

    fn time_series(&self) -> TimeSeries {
        let name = Label { name: "__name__".to_owned(), value: self.name.to_owned() };
        let others =
            self.labels.iter().map(|(name, value)| Label { name: (*name).to_owned(), value: value.clone() });
        let labels = [name].into_iter().chain(others).collect();
        let mut series = TimeSeries { labels, ..TimeSeries::default() };
        match &self.points {
            Points::Gauge(points) | Points::Counter(points) => {
                let sample = |(time, value): &(i64, f64)| Sample { value: *value, timestamp: *time };
                series.samples = points.iter().map(sample).collect();
            }
            Points::Native(points) => {
                series.histograms = points.iter().map(|(time, point)| point.remote_write(*time)).collect();
            }
        }
        series
    }
}

impl Native {
    fn count(&self) -> u64 {
        self.zero_count + self.positive.iter().chain(&self.negative).sum::<u64>()
    }

    fn otlp(&self, time_ms: i64) -> ExponentialHistogramDataPoint {
        let buckets = |offset, counts: &[u64]| Some(Buckets { offset, bucket_counts: counts.to_vec() });
        ExponentialHistogramDataPoint {
            time_unix_nano: (time_ms * 1_000_000) as u64,
            count: self.count(),
            sum: Some(self.sum),
            scale: SCHEMA,
            zero_count: self.zero_count,
            zero_threshold: 0.01,
            positive: buckets(POSITIVE_OFFSET, &self.positive),
            negative: buckets(NEGATIVE_OFFSET, &self.negative),
            ..Default::default()
        }
    }

    /// Bucket i of OTLP is i + 1 of Prometheus; counts are differences to the bucket before.
    fn remote_write(&self, time_ms: i64) -> Histogram {
        let spans =
            |offset: i32, counts: &[u64]| vec![Span { offset: offset + 1, length: counts.len() as u32 }];
        let deltas = |counts: &[u64]| -> Vec<i64> {
            let before = [0].into_iter().chain(counts.iter().copied());
            counts.iter().zip(before).map(|(count, before)| *count as i64 - before as i64).collect()
        };
        Histogram {
            count: self.count(),
            sum: self.sum,
            schema: SCHEMA,
            zero_threshold: 0.01,
            zero_count: self.zero_count,
            positive_spans: spans(POSITIVE_OFFSET, &self.positive),
            positive_deltas: deltas(&self.positive),
            negative_spans: spans(NEGATIVE_OFFSET, &self.negative),
            negative_deltas: deltas(&self.negative),
            timestamp: time_ms,
        }
    }
}
