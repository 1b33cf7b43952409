//! Counters of live services, and of a month of one that is at fault now and then.

use crate::common::bodies::NANOS_PER_S;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric,
    number_data_point::Value,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

pub fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

fn text(key: &str, value: impl Into<String>) -> KeyValue {
    let value = AnyValue { value: Some(any_value::Value::StringValue(value.into())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..Default::default() }
}

/// A request with one counter.
fn request(name: &str, data_points: Vec<NumberDataPoint>) -> Vec<u8> {
    let aggregation_temporality = AggregationTemporality::Cumulative as i32;
    let data = metric::Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true });
    let metrics = vec![Metric { name: name.to_owned(), data: Some(data), ..Default::default() }];
    let resource = Some(Resource { attributes: vec![text("service.name", "shop")], ..Default::default() });
    let scope_metrics = vec![ScopeMetrics { metrics, ..Default::default() }];
    let resource_metrics = vec![ResourceMetrics { resource, scope_metrics, ..Default::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

fn point(at_ns: u64, attributes: Vec<KeyValue>, value: u64) -> NumberDataPoint {
    NumberDataPoint {
        attributes,
        time_unix_nano: at_ns,
        value: Some(Value::AsInt(value as i64)),
        ..Default::default()
    }
}

/// Of some series one sample at this time. `share` of them are of one rule.
pub fn live(series: Range<usize>, share: usize, at_ns: u64) -> Vec<u8> {
    let one = |number: usize| {
        let attributes = vec![
            text("team", format!("team-{}", number / share.max(1))),
            text("instance", format!("shop-{number}")),
        ];
        point(at_ns, attributes, at_ns / NANOS_PER_S * (1 + number as u64 % 7))
    };
    request("bench_live_total", series.map(one).collect())
}

/// How often an hour of the history is at fault: one of so many.
const AT_FAULT_HOURS: u64 = 60;
const MINUTES_OF_AN_HOUR: u64 = 60;

/// Of all series of the history the samples of some minutes. A third counts failures: one request of ten thousand
/// fails, and in an hour of sixty one of five.
pub fn month(series: usize, minutes: Range<u64>, begin_ns: u64) -> Vec<u8> {
    let one = |number: usize| {
        let outcome = ["ok", "redirected", "failed"][number % 3];
        let attributes =
            move || vec![text("outcome", outcome), text("route", format!("/api/{}", number / 3))];
        minutes.clone().map(move |minute| {
            let value = if number % 3 == 2 { failed(minute) } else { minute * 600 };
            point(begin_ns + minute * 60 * NANOS_PER_S, attributes(), value)
        })
    };
    request("bench_payments_total", (0..series).flat_map(one).collect())
}

/// All failures until a minute.
fn failed(minute: u64) -> u64 {
    let (hours, rest) = (minute / MINUTES_OF_AN_HOUR, minute % MINUTES_OF_AN_HOUR);
    let bad_hours = hours / AT_FAULT_HOURS;
    let bad_rest = if hours % AT_FAULT_HOURS == AT_FAULT_HOURS - 1 { rest } else { 0 };
    minute / 8 + (bad_hours * MINUTES_OF_AN_HOUR + bad_rest) * 240
}
