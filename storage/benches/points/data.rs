//! Points as services send them: 10,000 series, each every 15 s, ten requests a scrape of all.

use arrow::array::RecordBatch;
use ocelli_signal::point::Histogram;
use ocelli_signal::points::{PointBody, PointRow, PointsBuilder};
use ocelli_signal::series::{Kind, Series, TEMPORALITY_CUMULATIVE};
use ocelli_signal::span_parts::Number;
use ocelli_signal::{AnyValue, attributes, origin};

/// Points of a request.
pub const REQUEST: usize = 1000;
const PROCESSES: usize = 10;
const METRICS: usize = 10;
/// 2026-01-01T00:00:00Z.
const EPOCH_NS: i64 = 1_767_225_600_000_000_000;
const INTERVAL_NS: i64 = 15_000_000_000;
const ROUTES: [&str; 6] =
    ["/api/cart", "/api/checkout", "/api/products", "/api/product/{id}", "/api/ship", "/"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// Whole numbers that rise evenly, at even times: `benches/ingest`.
    Counters,
    /// Whole numbers that rise by chance; each process has its own clock, of nanoseconds.
    Requests,
    /// Doubles of two decimals that wander; times of milliseconds that differ by series.
    Gauges,
    /// Doubles with noise in every bit.
    Noise,
    /// Explicit buckets.
    Histograms,
    /// Every point a series of its own, as a label with an id in it makes them.
    Churn,
}

impl Data {
    pub const ALL: [Data; 6] =
        [Data::Counters, Data::Requests, Data::Gauges, Data::Noise, Data::Histograms, Data::Churn];

    pub fn as_str(self) -> &'static str {
        match self {
            Data::Counters => "counters",
            Data::Requests => "requests",
            Data::Gauges => "gauges",
            Data::Noise => "noise",
            Data::Histograms => "histograms",
            Data::Churn => "churn",
        }
    }
}

/// A number that follows from others, by splitmix64.
fn chance(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The request of this number; the same number gives the same rows.
pub fn batch(data: Data, request: usize) -> RecordBatch {
    let (scrape, process) = (request / PROCESSES, request % PROCESSES);
    let service = format!("service-{process}");
    let resource = attributes::encode([
        ("service.name", AnyValue::String(&service)),
        ("service.version", AnyValue::String("1.4.0")),
        ("host.name", AnyValue::String("node-7d9f")),
        ("deployment.environment.name", AnyValue::String("production")),
    ]);
    let mut series = Series {
        unit: "{request}".into(),
        description: "Requests that were answered.".into(),
        resource: origin::encode(&resource, "").into(),
        scope: origin::encode(&attributes::encode([]), "").into(),
        ..Series::default()
    };
    (series.kind, series.temporality, series.is_monotonic) = match data {
        Data::Gauges | Data::Noise => (Kind::Gauge, 0, false),
        Data::Histograms => (Kind::Histogram, TEMPORALITY_CUMULATIVE, false),
        _ => (Kind::Sum, TEMPORALITY_CUMULATIVE, true),
    };
    let mut builder = PointsBuilder::new();
    for at in 0..REQUEST {
        let (metric, instance) = (at / (REQUEST / METRICS), at % (REQUEST / METRICS));
        series.name = format!("bench.requests.{metric}").into();
        let pod = match data {
            Data::Churn => format!("pod-{request}-{at}"),
            _ => format!("pod-{process}-{instance}"),
        };
        series.attributes = attributes::encode([
            ("http.route", AnyValue::String(ROUTES[instance % ROUTES.len()])),
            ("instance", AnyValue::String(&pod)),
        ])
        .into();
        builder.set_series(&series.encode());
        push(&mut builder, data, scrape, process, at);
    }
    builder.finish()
}

fn push(builder: &mut PointsBuilder, data: Data, scrape: usize, process: usize, at: usize) {
    let own = (process * REQUEST + at) as u64;
    let seed = chance(own) ^ scrape as u64;
    // The sum of what all scrapes before added, without keeping it.
    let rising = |scale: u64| scrape as u64 * scale + chance(seed) % scale.max(1);
    let even = EPOCH_NS + scrape as i64 * INTERVAL_NS;
    let per_process = chance((process * 1_000_003 + scrape) as u64) % 20_000_000;
    let (time, body, other);
    match data {
        Data::Counters | Data::Churn => {
            time = even;
            body = PointBody::Number(Number::Int((scrape * (at % 100 + 7)) as i64));
        }
        Data::Requests => {
            time = even + per_process as i64;
            body = PointBody::Number(Number::Int(rising(own % 97 + 1) as i64));
        }
        Data::Gauges => {
            time = even + (chance(seed) % 10) as i64 * 1_000_000;
            let cents = 5_000 + (chance(seed ^ 1) % 200) as i64 - (chance(own) % 3_000) as i64;
            body = PointBody::Number(Number::Double(cents as f64 / 100.0));
        }
        Data::Noise => {
            time = even;
            let share = chance(seed ^ 1) as f64 / u64::MAX as f64;
            body = PointBody::Number(Number::Double(0.5 + share / 10.0));
        }
        Data::Histograms => {
            time = even + per_process as i64;
            let counts: Vec<u64> = (0..12).map(|bucket| rising(own % 50 * (12 - bucket) / 40)).collect();
            let point = Histogram {
                count: counts.iter().sum(),
                sum: Some(rising(1_000) as f64 / 64.0),
                min: None,
                max: None,
                bucket_counts: counts,
                explicit_bounds: (0..11).map(|at| 0.005 * f64::from(1 << at)).collect(),
            };
            other = point.encode();
            body = PointBody::Other(&other);
        }
    }
    builder.push(&PointRow { start_time: EPOCH_NS, time, flags: 0, body, exemplars: &[] });
}
