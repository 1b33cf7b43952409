//! What a Prometheus server of some size holds, for queries: series that are scraped every 15 s for hours,
//! few series over weeks, and very many series with few samples.
//!
//! Names of metrics and of attributes are already as Prometheus writes them, so that every product keeps them.

use super::points::{count, cumulative_sum, mixed};
use super::{FIRST_NS, NANOS_PER_S, resource, scope, text};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point::Value,
};
use std::ops::Range;

pub const SCRAPE_S: u64 = 15;
/// Of one process: six counters by ten routes, three gauges of thirteen workers, one native histogram.
pub const SERIES_OF_A_PROCESS: usize = 100;
const COUNTERS: usize = 6;
const ROUTES: usize = 10;
const GAUGES: usize = 3;
const WORKERS: usize = 13;
/// Buckets of the native histogram, each 9 % wider than the one before.
const BUCKETS: usize = 40;
const SCALE: i32 = 3;
/// The first bucket begins near 8 ms.
const OFFSET: i32 = -56;

/// Of the series that are kept for weeks.
pub const LONG_STEP_S: u64 = 60;

/// One scrape of some processes.
pub fn scrape(scrape: u64, processes: Range<usize>) -> ExportMetricsServiceRequest {
    let of_process = |process: usize| {
        let counters = (0..COUNTERS).map(|number| {
            let point = |route: usize| {
                let series = (process * COUNTERS + number) * ROUTES + route;
                let attributes = vec![text("route", format!("/api/{route}")), text("method", "GET")];
                number_point(scrape * SCRAPE_S, attributes, counted(series as u64, scrape))
            };
            cumulative_sum(&format!("bench_requests_{number}_total"), (0..ROUTES).map(point).collect())
        });
        let gauges = (0..GAUGES).map(|number| {
            let point = |worker: usize| {
                let series = ((process * GAUGES + number) * WORKERS + worker) as u64;
                let value = Value::AsDouble((mixed(series << 32 | scrape) % 10_000) as f64 / 100.0);
                number_point(scrape * SCRAPE_S, vec![text("worker", worker.to_string())], value)
            };
            gauge(&format!("bench_usage_{number}_percent"), (0..WORKERS).map(point).collect())
        });
        let metrics = counters.chain(gauges).chain([durations(process as u64, scrape)]).collect();
        of_resource(process, metrics)
    };
    ExportMetricsServiceRequest { resource_metrics: processes.map(of_process).collect() }
}

/// Some minutes of a counter of each of some instances, `days` before all else begins.
pub fn long(days: u64, instances: usize, minutes: Range<u64>) -> ExportMetricsServiceRequest {
    let of_instance = |instance: usize| {
        let point = |minute| {
            let mut point = number_point(0, Vec::new(), counted(instance as u64, minute));
            point.start_time_unix_nano = *FIRST_NS - days * 24 * 3600 * NANOS_PER_S;
            point.time_unix_nano = point.start_time_unix_nano + minute * LONG_STEP_S * NANOS_PER_S;
            point
        };
        let points = minutes.clone().map(point).collect();
        of_resource(instance, vec![cumulative_sum("bench_long_total", points)])
    };
    ExportMetricsServiceRequest { resource_metrics: (0..instances).map(of_instance).collect() }
}

/// Some of the very many series, at so many seconds after the begin. A thousand neighbours are of one pod.
pub fn many(series: Range<usize>, at_s: u64) -> ExportMetricsServiceRequest {
    let point = |number: usize| {
        let (pod, path, status) = (number / 1000, number / 5 % 200, number % 5);
        let attributes = vec![
            text("service", service_of(pod)),
            text("pod", format!("{}-7d9f{:04x}", service_of(pod), mixed(pod as u64) & 0xffff)),
            text("node", format!("node-{}", mixed(pod as u64) % 40)),
            text("path", path_of(path)),
            text("method", if path % 4 == 3 { "POST" } else { "GET" }),
            text("status", ["200", "301", "404", "500", "503"][status]),
        ];
        number_point(at_s, attributes, counted(number as u64, at_s))
    };
    let points = series.clone().map(point).collect();
    let metrics = vec![cumulative_sum("bench_many_total", points)];
    ExportMetricsServiceRequest { resource_metrics: vec![of_resource(series.start / 1000, metrics)] }
}

/// One of fifty services.
pub fn service_of(pod: usize) -> String {
    format!("{}-{}", super::SERVICES[pod % 8], pod % 50 / 8)
}

/// A tenth of the paths are of the first version of the API.
fn path_of(path: usize) -> String {
    format!("/api/v{}/resource-{path}", path % 10 + 1)
}

fn counted(series: u64, step: u64) -> Value {
    Value::AsInt(count(series, step) as i64)
}

fn number_point(at_s: u64, attributes: Vec<KeyValue>, value: Value) -> NumberDataPoint {
    NumberDataPoint {
        attributes,
        start_time_unix_nano: *FIRST_NS,
        time_unix_nano: *FIRST_NS + at_s * NANOS_PER_S,
        value: Some(value),
        ..Default::default()
    }
}

fn gauge(name: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    let data = Some(metric::Data::Gauge(Gauge { data_points }));
    Metric { name: name.to_owned(), data, ..Default::default() }
}

/// Most requests are in the middle buckets.
fn durations(process: u64, scrape: u64) -> Metric {
    let bucket_counts: Vec<u64> = (0..BUCKETS as u64)
        .map(|bucket| count(process * BUCKETS as u64 + bucket, scrape) * (1 + bucket.min(40 - bucket)))
        .collect();
    let upper = |bucket: usize| f64::powf(2.0, f64::from(OFFSET + bucket as i32 + 1) / 8.0);
    let sum = bucket_counts.iter().enumerate().map(|(bucket, count)| upper(bucket) * *count as f64).sum();
    let point = ExponentialHistogramDataPoint {
        start_time_unix_nano: *FIRST_NS,
        time_unix_nano: *FIRST_NS + scrape * SCRAPE_S * NANOS_PER_S,
        count: bucket_counts.iter().sum(),
        sum: Some(sum),
        scale: SCALE,
        positive: Some(Buckets { offset: OFFSET, bucket_counts }),
        ..Default::default()
    };
    let data = ExponentialHistogram {
        data_points: vec![point],
        aggregation_temporality: AggregationTemporality::Cumulative as i32,
    };
    let data = Some(metric::Data::ExponentialHistogram(data));
    Metric { name: "bench_duration_seconds".to_owned(), data, ..Default::default() }
}

fn of_resource(process: usize, metrics: Vec<Metric>) -> ResourceMetrics {
    let service = super::SERVICES[process % super::SERVICES.len()];
    let mut resource = resource(service);
    if let Some(resource) = &mut resource {
        resource.attributes.push(text("service.instance.id", format!("{service}-{process}")));
    }
    let scope_metrics = vec![ScopeMetrics { scope: scope(), metrics, ..Default::default() }];
    ResourceMetrics { resource, scope_metrics, ..Default::default() }
}
