//! Everything that the reference encoder writes is in the batch, and only bad items are not.

use crate::samples;
use crate::support::NOW_NS;
use ocelli_collector::Rejection;
use ocelli_collector::decode::{Decoded, Format, decode};
use ocelli_collector::limits::DecodeLimits;
use ocelli_signal::logs::{BodyKind, Logs};
use ocelli_signal::origin::{Resource, Scope};
use ocelli_signal::point::{ExponentialHistogram, Histogram, Summary};
use ocelli_signal::points::{PointBody, Points};
use ocelli_signal::span_parts::{Number, iter_events, iter_exemplars, iter_links};
use ocelli_signal::spans::Spans;
use ocelli_signal::{AnyValue, Attributes, Kind, Signal};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{self as common, KeyValueList};
use opentelemetry_proto::tonic::metrics::v1 as otlp;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

fn take(signal: Signal, request: &impl Message) -> Decoded {
    decode(signal, Format::Protobuf, &request.encode_to_vec(), NOW_NS, &DecodeLimits::default()).unwrap()
}

/// An attributes column is a `KeyValueList`.
fn pairs(column: &[u8]) -> Vec<common::KeyValue> {
    KeyValueList::decode(column).unwrap().values
}

#[test]
fn nothing_of_a_span_is_lost() {
    let sent = samples::span(1);
    let decoded = take(Signal::Spans, &samples::spans(vec![sent.clone()]));
    let spans = Spans::new(&decoded.batch.rows).unwrap();
    let row = spans.row(0);
    assert_eq!((row.trace_id, row.span_id, row.parent_span_id), ([1; 16], [1; 8], Some([9; 8])));
    assert_eq!((row.trace_state, row.flags, row.name, row.kind), ("vendor=1", 0x101, "GET /1", 2));
    assert_eq!(row.start_time as u64, sent.start_time_unix_nano);
    assert_eq!(row.end_time as u64, sent.end_time_unix_nano);
    assert_eq!((row.status_code, row.status_message), (2, "declined"));
    assert_eq!(pairs(row.attributes), sent.attributes);
    assert_eq!((row.dropped_attributes_count, row.dropped_events_count, row.dropped_links_count), (1, 2, 3));
    let event = iter_events(row.events).next().unwrap();
    assert_eq!(
        (event.time_ns, event.name, event.dropped_attributes_count),
        (1_700_000_000_100_000_000, "exception", 2)
    );
    assert_eq!(event.attributes.get_str("exception.type"), Some("Declined"));
    let link = iter_links(row.links).next().unwrap();
    assert_eq!((link.trace_id, link.span_id, link.trace_state), (&[5; 16][..], &[6; 8][..], "l=1"));
    assert_eq!((link.flags, link.dropped_attributes_count), (1, 4));
    assert_eq!(spans.service(0), "cart");
    let resource = Resource::parse(spans.resource(0)).unwrap();
    assert_eq!(resource.message(), samples::resource().encode_to_vec());
    assert_eq!(resource.schema_url, "https://resource.schema");
    let scope = Scope::parse(spans.scope(0)).unwrap();
    assert_eq!(scope.message(), samples::scope().encode_to_vec());
    assert_eq!(scope.schema_url, "https://scope.schema");
}

#[test]
fn nothing_of_a_record_is_lost() {
    let list = samples::attributes_of_every_type().remove(4).value.unwrap().value;
    let bodies = [Some(Value::StringValue("declined".into())), list, Some(Value::IntValue(0)), None];
    let decoded = take(Signal::Logs, &samples::logs(bodies.clone().map(samples::record).into()));
    let logs = Logs::new(&decoded.batch.rows).unwrap();
    let row = logs.row(0);
    assert_eq!(
        (row.time, row.time_given, row.observed_time),
        (1_700_000_000_000_000_000, true, 1_700_000_001_000_000_000)
    );
    assert_eq!((row.severity_number, row.severity_text, row.flags), (17, "ERROR", 1));
    assert_eq!((row.trace_id, row.span_id, row.event_name), (Some([1; 16]), Some([2; 8]), "order.declined"));
    assert_eq!(pairs(row.attributes), samples::attributes_of_every_type());
    assert_eq!((row.body, row.body_kind), ("declined", BodyKind::String));
    for (at, body) in bodies.into_iter().enumerate() {
        let read = common::AnyValue::decode(logs.row(at).body_value().as_slice()).unwrap();
        assert_eq!(read.value, body);
    }
}

#[test]
fn a_record_without_time_gets_the_next_best() {
    let mut observed = samples::record(None);
    observed.time_unix_nano = 0;
    let mut bare = observed.clone();
    bare.observed_time_unix_nano = 0;
    let decoded = take(Signal::Logs, &samples::logs(vec![observed, bare]));
    let logs = Logs::new(&decoded.batch.rows).unwrap();
    assert_eq!((logs.row(0).time, logs.row(0).time_given), (1_700_000_001_000_000_000, false));
    assert_eq!((logs.row(1).time, logs.row(1).observed_time), (NOW_NS, 0));
}

#[test]
fn a_record_keeps_no_id_that_is_none() {
    let mut short = samples::record(None);
    short.trace_id = vec![1; 5];
    let mut zero = samples::record(None);
    (zero.trace_id, zero.span_id) = (vec![0; 16], vec![]);
    let decoded = take(Signal::Logs, &samples::logs(vec![short, zero]));
    let logs = Logs::new(&decoded.batch.rows).unwrap();
    assert_eq!((logs.row(0).trace_id, logs.row(0).span_id), (None, Some([2; 8])));
    assert_eq!((logs.row(1).trace_id, logs.row(1).span_id), (None, None));
    assert_eq!(decoded.tally.total_rejected(), 0);
    assert_eq!(decoded.tally.message().unwrap(), "1 kept without their invalid trace or span id");
}

fn exemplar() -> otlp::Exemplar {
    otlp::Exemplar {
        filtered_attributes: vec![samples::text("user", "u1")],
        time_unix_nano: 30,
        span_id: vec![3; 8],
        trace_id: vec![4; 16],
        value: Some(otlp::exemplar::Value::AsDouble(0.25)),
    }
}

fn metric(name: &str, data: Data) -> otlp::Metric {
    otlp::Metric {
        name: name.into(),
        description: "words".into(),
        unit: "s".into(),
        metadata: vec![samples::text("m", "1")],
        data: Some(data),
    }
}

#[test]
fn nothing_of_a_number_point_is_lost() {
    let point = |value| otlp::NumberDataPoint {
        attributes: vec![samples::text("z", "1"), samples::text("a", "2")],
        start_time_unix_nano: 10,
        time_unix_nano: 20,
        exemplars: vec![exemplar()],
        flags: 0,
        value,
    };
    let stale = otlp::NumberDataPoint { flags: 1, ..point(None) };
    let sum = otlp::Sum {
        data_points: vec![point(Some(otlp::number_data_point::Value::AsInt(0))), stale],
        aggregation_temporality: 2,
        is_monotonic: true,
    };
    let gauge = otlp::Gauge { data_points: vec![point(Some(otlp::number_data_point::Value::AsDouble(0.5)))] };
    let decoded = take(
        Signal::Points,
        &samples::metrics(vec![metric("s", Data::Sum(sum)), metric("g", Data::Gauge(gauge))]),
    );
    let points = Points::new(&decoded.batch.rows).unwrap();
    let row = points.row(0);
    assert_eq!((row.start_time, row.time, row.flags), (10, 20, 0));
    assert_eq!(row.body, PointBody::Number(Number::Int(0)));
    let read = iter_exemplars(row.exemplars).next().unwrap();
    assert_eq!((read.time_ns, read.value), (30, Some(Number::Double(0.25))));
    assert_eq!((read.trace_id, read.span_id), (&[4; 16][..], &[3; 8][..]));
    assert_eq!(read.filtered_attributes.get_str("user"), Some("u1"));
    assert_eq!((points.row(1).flags, points.row(1).body), (1, PointBody::Empty));
    assert_eq!(points.row(2).body, PointBody::Number(Number::Double(0.5)));
    let series = points.series(0).to_series();
    assert_eq!((&*series.name, &*series.description, &*series.unit), ("s", "words", "s"));
    assert_eq!((series.kind, series.temporality, series.is_monotonic), (Kind::Sum, 2, true));
    let keys: Vec<_> =
        Attributes::of_column(&series.attributes).iter().map(|(key, _)| key.to_owned()).collect();
    assert_eq!(keys, ["a", "z"]);
    assert_eq!(Attributes::of_column(&series.metadata).get("m"), Some(AnyValue::String("1")));
    assert_eq!(Resource::parse(&series.resource).unwrap().schema_url, "https://resource.schema");
    assert_eq!(Scope::parse(&series.scope).unwrap().name, "lib");
    assert_eq!(points.series(0), points.series(1));
}

#[test]
fn nothing_of_a_distribution_is_lost() {
    let histogram = otlp::HistogramDataPoint {
        attributes: vec![samples::text("a", "2")],
        start_time_unix_nano: 10,
        time_unix_nano: 20,
        count: 3,
        sum: Some(0.0),
        bucket_counts: vec![1, 2],
        explicit_bounds: vec![0.5],
        exemplars: vec![exemplar()],
        flags: 0,
        min: Some(0.0),
        max: None,
    };
    let exponential = otlp::ExponentialHistogramDataPoint {
        attributes: vec![samples::text("a", "2")],
        time_unix_nano: 20,
        count: 301,
        scale: -1,
        zero_count: 1,
        zero_threshold: 1e-9,
        positive: Some(otlp::exponential_histogram_data_point::Buckets {
            offset: -5,
            bucket_counts: vec![0, 300],
        }),
        exemplars: vec![exemplar()],
        max: Some(4.0),
        ..Default::default()
    };
    let summary = otlp::SummaryDataPoint {
        attributes: vec![samples::text("a", "2")],
        time_unix_nano: 20,
        count: 2,
        sum: 3.0,
        quantile_values: vec![otlp::summary_data_point::ValueAtQuantile { quantile: 0.99, value: 2.0 }],
        ..Default::default()
    };
    let metrics = vec![
        metric(
            "h",
            Data::Histogram(otlp::Histogram { data_points: vec![histogram], aggregation_temporality: 1 }),
        ),
        metric(
            "e",
            Data::ExponentialHistogram(otlp::ExponentialHistogram {
                data_points: vec![exponential],
                aggregation_temporality: 2,
            }),
        ),
        metric("q", Data::Summary(otlp::Summary { data_points: vec![summary] })),
    ];
    let decoded = take(Signal::Points, &samples::metrics(metrics));
    assert_eq!(decoded.tally.total_rejected(), 0);
    let points = Points::new(&decoded.batch.rows).unwrap();
    let other = |row: usize| match points.row(row).body {
        PointBody::Other(bytes) => bytes,
        body => panic!("row {row} is {body:?}"),
    };
    let read = Histogram::parse(other(0)).unwrap();
    assert_eq!((read.count, read.sum, read.min, read.max), (3, Some(0.0), Some(0.0), None));
    assert_eq!((read.bucket_counts, read.explicit_bounds), (vec![1, 2], vec![0.5]));
    let read = ExponentialHistogram::parse(other(1)).unwrap();
    assert_eq!((read.count, read.scale, read.zero_count, read.zero_threshold), (301, -1, 1, 1e-9));
    assert_eq!((read.positive.unwrap().counts, read.negative, read.max), (vec![0, 300], None, Some(4.0)));
    let read = Summary::parse(other(2)).unwrap();
    assert_eq!((read.count, read.sum, read.quantiles), (2, 3.0, vec![(0.99, 2.0)]));
    for row in 0..2 {
        assert_eq!(iter_exemplars(points.row(row).exemplars).count(), 1);
    }
    let kinds: Vec<_> = (0..3).map(|row| points.series(row).kind).collect();
    assert_eq!(kinds, [Kind::Histogram, Kind::ExponentialHistogram, Kind::Summary]);
}

fn bad_span(break_it: impl FnOnce(&mut Span)) -> Span {
    let mut span = samples::span(1);
    break_it(&mut span);
    span
}

/// Nested so deep that no reader should follow.
fn deep_value() -> Value {
    (0..80).fold(Value::IntValue(1), |inner, _| {
        Value::ArrayValue(common::ArrayValue { values: vec![common::AnyValue { value: Some(inner) }] })
    })
}

#[test]
fn a_bad_span_falls_alone() {
    let cases = [
        (bad_span(|span| span.trace_id = vec![0; 16]), Rejection::InvalidTraceId),
        (bad_span(|span| span.trace_id.clear()), Rejection::InvalidTraceId),
        (bad_span(|span| span.span_id = vec![1; 16]), Rejection::InvalidSpanId),
        (bad_span(|span| span.parent_span_id = vec![1; 3]), Rejection::InvalidParentSpanId),
        (bad_span(|span| span.end_time_unix_nano = u64::MAX), Rejection::InvalidTime),
        (bad_span(|span| span.attributes.push(samples::pair("deep", deep_value()))), Rejection::ValueTooDeep),
        (
            bad_span(|span| span.attributes.resize(5000, samples::text("a", "b"))),
            Rejection::TooManyAttributes,
        ),
        (bad_span(|span| span.events.resize(20_000, Default::default())), Rejection::TooManyParts),
    ];
    for (span, reason) in cases {
        let request = samples::spans(vec![samples::span(1), span, samples::span(2)]);
        let decoded = take(Signal::Spans, &request);
        assert_eq!(decoded.tally.rejected().collect::<Vec<_>>(), [(reason, 1)]);
        assert_eq!((decoded.tally.received(), decoded.batch.rows.num_rows()), (3, 2));
        let message = decoded.tally.message().unwrap();
        assert!(message.starts_with(&format!("1 rejected as {}: ", reason.as_str())), "{message}");
    }
}

#[test]
fn a_zero_parent_is_a_root() {
    let decoded =
        take(Signal::Spans, &samples::spans(vec![bad_span(|span| span.parent_span_id = vec![0; 8])]));
    assert_eq!(Spans::new(&decoded.batch.rows).unwrap().row(0).parent_span_id, None);
}

/// prost refuses to make text that is not UTF-8, so it is made of text that is.
fn spoil(bytes: &mut [u8], text: &str) {
    let at = bytes.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
    bytes[at] = 0xff;
}

#[test]
fn bad_text_falls_alone_and_a_bad_resource_with_its_items() {
    let limits = DecodeLimits::default();
    let request = samples::spans(vec![samples::span(1), samples::span(2)]).encode_to_vec();
    for (text, rejected) in [("GET /1", 1), ("Declined", 1), ("h1", 2), ("lib", 2), ("scope.schema", 2)] {
        let mut bytes = request.clone();
        spoil(&mut bytes, text);
        let decoded = decode(Signal::Spans, Format::Protobuf, &bytes, NOW_NS, &limits).unwrap();
        assert_eq!(
            decoded.tally.rejected().collect::<Vec<_>>(),
            [(Rejection::InvalidUtf8, rejected)],
            "{text}"
        );
        assert_eq!(decoded.batch.rows.num_rows() as u64, 2 - rejected);
    }
    let points = vec![otlp::NumberDataPoint::default(); 3];
    let gauge = metric("gauge", Data::Gauge(otlp::Gauge { data_points: points }));
    let mut bytes = samples::metrics(vec![gauge]).encode_to_vec();
    spoil(&mut bytes, "gauge");
    let decoded = decode(Signal::Points, Format::Protobuf, &bytes, NOW_NS, &limits).unwrap();
    assert_eq!(decoded.tally.rejected().collect::<Vec<_>>(), [(Rejection::InvalidUtf8, 3)]);
}

#[test]
fn a_bad_point_falls_alone() {
    let number = |value| otlp::NumberDataPoint { time_unix_nano: 5, value, ..Default::default() };
    let good = number(Some(otlp::number_data_point::Value::AsInt(1)));
    let gauge = otlp::Gauge { data_points: vec![good.clone(), number(None)] };
    let bound = |counts: &[u64], bounds: &[f64]| otlp::HistogramDataPoint {
        bucket_counts: counts.to_vec(),
        explicit_bounds: bounds.to_vec(),
        ..Default::default()
    };
    let histogram = otlp::Histogram {
        data_points: vec![
            bound(&[], &[]),
            bound(&[1], &[]),
            bound(&[1, 2], &[0.5]),
            bound(&[1], &[0.5]),
            bound(&[1, 2, 3], &[2.0, 1.0]),
            bound(&[1, 2], &[f64::NAN]),
        ],
        aggregation_temporality: 2,
    };
    let nameless = metric("", Data::Gauge(otlp::Gauge { data_points: vec![good.clone(), good] }));
    let metrics = vec![metric("g", Data::Gauge(gauge)), metric("h", Data::Histogram(histogram)), nameless];
    let decoded = take(Signal::Points, &samples::metrics(metrics));
    let expected =
        [(Rejection::MissingName, 2), (Rejection::MissingValue, 1), (Rejection::InvalidBuckets, 3)];
    assert_eq!(decoded.tally.rejected().collect::<Vec<_>>(), expected);
    assert_eq!((decoded.tally.received(), decoded.batch.rows.num_rows()), (10, 4));
}

#[test]
fn a_small_body_can_not_become_a_large_batch() {
    let limits =
        DecodeLimits { items: 10, all_series_bytes: 10_000, series_bytes: 3000, ..Default::default() };
    let records = samples::logs(vec![Default::default(); 11]).encode_to_vec();
    let error = decode(Signal::Logs, Format::Protobuf, &records, NOW_NS, &limits).unwrap_err();
    assert_eq!(error.to_string(), "more than 10 logs");
    let point = otlp::NumberDataPoint { flags: 1, ..Default::default() };
    let gauge = metric("g", Data::Gauge(otlp::Gauge { data_points: vec![point; 9] }));
    let mut request = samples::metrics(vec![gauge]);
    let resource = request.resource_metrics[0].resource.as_mut().unwrap();
    resource.attributes.push(samples::text("large", &"x".repeat(2000)));
    let error =
        decode(Signal::Points, Format::Protobuf, &request.encode_to_vec(), NOW_NS, &limits).unwrap_err();
    assert_eq!(error.to_string(), "more than 10000 bytes of series with their resources");
    request.resource_metrics[0]
        .resource
        .as_mut()
        .unwrap()
        .attributes
        .push(samples::text("huge", &"x".repeat(2000)));
    let decoded =
        decode(Signal::Points, Format::Protobuf, &request.encode_to_vec(), NOW_NS, &limits).unwrap();
    assert_eq!(decoded.tally.rejected().collect::<Vec<_>>(), [(Rejection::SeriesTooLarge, 9)]);
}
