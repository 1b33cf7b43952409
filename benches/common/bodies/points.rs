//! 10,000 counters, each every 15 s: ten requests are one scrape of all. A request is what a collector
//! joins from ten processes, each of which has ten metrics by route and method.

use super::{FIRST_NS, ROUTES, SERVICES, attribute, resource, scope, text};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
    number_data_point,
};

pub const INTERVAL_NS: u64 = 15_000_000_000;
pub const REQUESTS_OF_A_SCRAPE: usize = 10;
const PROCESSES: usize = 10;
const METRICS: usize = 10;
const SERIES: usize = 10;

pub fn request(batch: usize) -> ExportMetricsServiceRequest {
    let (scrape, sender) = (batch / REQUESTS_OF_A_SCRAPE, batch % REQUESTS_OF_A_SCRAPE);
    let processes = (0..PROCESSES).map(|process| of_process(scrape, sender * PROCESSES + process));
    ExportMetricsServiceRequest { resource_metrics: processes.collect() }
}

fn of_process(scrape: usize, process: usize) -> ResourceMetrics {
    let service = SERVICES[process % SERVICES.len()];
    let mut resource = resource(service);
    if let Some(resource) = &mut resource {
        resource.attributes.push(text("service.instance.id", format!("{service}-{process}")));
    }
    let metrics = (0..METRICS).map(|metric| {
        let points = (0..SERIES).map(|series| point(scrape, process, metric, series)).collect();
        cumulative_sum(&format!("bench.requests.{metric}"), points)
    });
    let metrics = metrics.collect();
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..Default::default() }];
    ResourceMetrics { resource, scope_metrics, ..Default::default() }
}

/// A counter.
pub fn cumulative_sum(name: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    let aggregation_temporality = AggregationTemporality::Cumulative as i32;
    let data = metric::Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true });
    Metric { name: name.to_owned(), data: Some(data), ..Default::default() }
}

fn point(scrape: usize, process: usize, metric: usize, series: usize) -> NumberDataPoint {
    let number = (process * METRICS + metric) * SERIES + series;
    let method = if series < ROUTES.len() { "GET" } else { "POST" };
    NumberDataPoint {
        attributes: vec![
            text("http.request.method", method),
            text("http.route", ROUTES[series % ROUTES.len()]),
            attribute("http.response.status_code", Value::IntValue(200)),
            text("network.protocol.version", "1.1"),
        ],
        start_time_unix_nano: *FIRST_NS,
        time_unix_nano: *FIRST_NS + scrape as u64 * INTERVAL_NS,
        value: Some(number_data_point::Value::AsInt(count(number as u64, scrape as u64) as i64)),
        ..Default::default()
    }
}

/// What a counter says at a scrape: a rate of its own with noise, rising always. Slow counters are as
/// frequent as fast ones, from 1 to 256 in 15 seconds.
pub fn count(series: u64, scrape: u64) -> u64 {
    let rate = 1 << (mixed(series) % 9);
    rate * scrape + mixed(series << 32 | scrape) % rate
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a number that looks random.
pub fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
