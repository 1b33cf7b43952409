//! Points for tests, and a store that holds them: two services that call each other, as span
//! metrics, and one metric of every kind.

use crate::http::testing::NOW;
use ocelli_signal::point::{Buckets, ExponentialHistogram, Histogram, Summary};
use ocelli_signal::points::{PointBody, PointRow, PointsBuilder};
use ocelli_signal::span_parts::Number;
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Batch, Kind, Series, Signal, attributes, origin};
use ocelli_storage::{Options, Retention, Store};

const SECOND: i64 = 1_000_000_000;
/// Span metrics begin here, so much before now.
pub const AGE_S: i64 = 120;

/// A store with the points, partly in segments, and the directory that it lives in.
pub async fn store(flushed: bool) -> (Store, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let options = Options { retention: Retention::forever(), ..Options::new(directory.path()) };
    let store = Store::open(options, None).await.expect("a new store");
    for part in [span_metrics(), kinds()] {
        store.append("default", part).await.expect("appended");
        if flushed {
            store.flush().await.expect("flushed");
        }
    }
    (store, directory)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<u8> {
    attributes::encode(pairs.iter().map(|(key, value)| (*key, AnyValue::String(value))))
}

/// `shop` is called ten times every five seconds, in 100 ms; since 30 s ago half of it fails. It
/// calls `bank` as often.
fn span_metrics() -> Batch {
    let mut builder = PointsBuilder::new();
    for (service, name, kind, status, since_s) in [
        ("shop", "GET /", "SPAN_KIND_SERVER", "STATUS_CODE_UNSET", AGE_S),
        ("shop", "GET /", "SPAN_KIND_SERVER", "STATUS_CODE_ERROR", 30),
        ("shop", "charge", "SPAN_KIND_CLIENT", "STATUS_CODE_UNSET", AGE_S),
        ("bank", "job", "SPAN_KIND_INTERNAL", "STATUS_CODE_UNSET", AGE_S),
    ] {
        let labels =
            [("service.name", service), ("span.kind", kind), ("span.name", name), ("status.code", status)];
        calls(&mut builder, "traces.span.metrics.duration", &labels, since_s, true);
        calls(&mut builder, "traces.span.metrics.calls", &labels, since_s, false);
    }
    let edge = [("client", "shop"), ("connection_type", ""), ("server", "bank")];
    for (name, histogram) in
        [("traces_service_graph_request", false), ("traces_service_graph_request_client", true)]
    {
        calls(&mut builder, name, &edge, AGE_S, histogram);
    }
    Batch { signal: Signal::Points, rows: builder.finish() }
}

/// A cumulative series from a zero point `since_s` ago, ten calls every five seconds.
fn calls(builder: &mut PointsBuilder, name: &str, labels: &[(&str, &str)], since_s: i64, histogram: bool) {
    let kind = if histogram { Kind::ExponentialHistogram } else { Kind::Sum };
    let unit = if histogram { "s" } else { "" };
    let series = Series {
        name: name.into(),
        unit: unit.into(),
        kind,
        temporality: 2,
        is_monotonic: !histogram,
        attributes: pairs(labels).into(),
        ..Series::default()
    };
    builder.set_series(&series.encode());
    let start_time = NOW - since_s * SECOND;
    for tick in 0..=since_s / 5 {
        let count = tick as u64 * 10;
        let time = start_time + tick * 5 * SECOND;
        // 0.1 s is in (2^-3.5, 2^-3] of scale 1: offset -8 is index -7.
        let point = ExponentialHistogram {
            count,
            sum: Some(count as f64 * 0.1),
            scale: 1,
            positive: Some(Buckets { offset: -8, counts: vec![0, count] }),
            ..ExponentialHistogram::default()
        };
        let point = point.encode();
        let body =
            if histogram { PointBody::Other(&point) } else { PointBody::Number(Number::Int(count as i64)) };
        let exemplars = if histogram && tick > 0 { exemplar(time - SECOND) } else { Vec::new() };
        builder.push(&PointRow { start_time, time, flags: 0, body, exemplars: &exemplars });
    }
}

fn exemplar(time_ns: i64) -> Vec<u8> {
    let mut list = Writer::new();
    list.put_message(1, |message| {
        message.put_fixed64(2, time_ns as u64);
        message.put_double_always(3, 0.1);
        message.put_bytes(4, &[2; 8]);
        message.put_bytes(5, &[1; 16]);
    });
    list.into_bytes()
}

/// One point of every kind, 10 s ago, of the service `probe`.
fn kinds() -> Batch {
    let mut resource = Writer::new();
    for (key, value) in [("service.name", "probe"), ("host.name", "h1")] {
        attributes::put_pair(&mut resource, 1, key, &AnyValue::String(value));
    }
    let resource = origin::encode(resource.as_bytes(), "");
    let histogram = Histogram {
        count: 6,
        sum: Some(7.5),
        bucket_counts: vec![1, 2, 3],
        explicit_bounds: vec![0.5, 1.0],
        ..Histogram::default()
    };
    let summary = Summary { count: 4, sum: 2.0, quantiles: vec![(0.5, 0.25)] };
    let (histogram, summary) = (histogram.encode(), summary.encode());
    let mut builder = PointsBuilder::new();
    for (name, unit, kind, body) in [
        ("cpu.utilization", "1", Kind::Gauge, PointBody::Number(Number::Double(0.25))),
        ("requests", "{request}", Kind::Sum, PointBody::Number(Number::Int(i64::MAX))),
        ("wait", "s", Kind::Histogram, PointBody::Other(&histogram)),
        ("size", "By", Kind::Summary, PointBody::Other(&summary)),
    ] {
        let series = Series {
            name: name.into(),
            unit: unit.into(),
            description: format!("about {name}").into(),
            kind,
            temporality: if matches!(kind, Kind::Sum | Kind::Histogram) { 2 } else { 0 },
            is_monotonic: kind == Kind::Sum,
            attributes: pairs(&[("k", "v")]).into(),
            resource: resource.clone().into(),
            ..Series::default()
        };
        builder.set_series(&series.encode());
        let exemplars = if kind == Kind::Histogram { exemplar(NOW - 12 * SECOND) } else { Vec::new() };
        let row = PointRow { time: NOW - 10 * SECOND, body, exemplars: &exemplars, ..PointRow::default() };
        builder.push(&row);
    }
    Batch { signal: Signal::Points, rows: builder.finish() }
}
