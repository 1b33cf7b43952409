//! What goes into a builder comes out of its view.

use crate::logs::{BodyKind, LogRow, Logs, LogsBuilder};
use crate::points::{PointBody, PointRow, Points, PointsBuilder};
use crate::span_parts::Number;
use crate::spans::{SpanRow, Spans, SpansBuilder};
use crate::{AnyValue, Series, attributes, origin};
use arrow::array::Array;

fn resource_of(service: &str) -> Vec<u8> {
    origin::encode(&attributes::encode([("service.name", AnyValue::String(service))]), "")
}

#[test]
fn spans_keep_every_field_and_their_origin() {
    let full = SpanRow {
        trace_id: [1; 16],
        span_id: [2; 8],
        parent_span_id: Some([3; 8]),
        trace_state: "a=b",
        flags: 257,
        name: "GET /",
        kind: 2,
        start_time: 5,
        end_time: 4,
        status_code: 2,
        status_message: "no",
        attributes: &attributes::encode([("k", AnyValue::Int(1))]),
        dropped_attributes_count: 1,
        events: &[0x0a, 0],
        dropped_events_count: 2,
        links: &[0x0a, 0],
        dropped_links_count: 3,
    };
    let bare = SpanRow::default();
    let mut builder = SpansBuilder::new();
    builder.push(&bare);
    builder.set_resource(&resource_of("cart"));
    builder.set_scope(&[0x1a, 1, b's']);
    builder.push(&full);
    builder.set_resource(&resource_of("mail"));
    builder.push(&bare);
    builder.set_resource(&resource_of("cart"));
    builder.push(&bare);

    let batch = builder.finish();
    let spans = Spans::new(&batch).unwrap();
    assert_eq!((0..4).map(|row| spans.row(row)).collect::<Vec<_>>(), [bare, full, bare, bare]);
    let services: Vec<_> = (0..4).map(|row| spans.service(row)).collect();
    assert_eq!(services, ["unknown_service", "cart", "mail", "cart"]);
    assert_eq!(spans.resource(3), resource_of("cart"));
    assert_eq!((spans.scope(0), spans.scope(2)), (&[][..], &[0x1a, 1, b's'][..]));
    assert_eq!(spans.resources.values.len(), 3, "a value is kept once");
}

#[test]
fn logs_keep_every_field_and_the_type_of_the_body() {
    let full = LogRow {
        time: 1,
        time_given: true,
        observed_time: 2,
        severity_number: 17,
        severity_text: "ERROR",
        body: "[1,2.0]",
        body_kind: BodyKind::Other,
        attributes: &attributes::encode([("k", AnyValue::Bool(false))]),
        dropped_attributes_count: 1,
        flags: 1,
        trace_id: Some([1; 16]),
        span_id: Some([2; 8]),
        event_name: "e",
    };
    let mut builder = LogsBuilder::new();
    builder.push(&full);
    builder.push(&LogRow::default());
    let batch = builder.finish();
    let logs = Logs::new(&batch).unwrap();
    assert_eq!((logs.row(0), logs.row(1)), (full, LogRow::default()));
    let body = logs.row(0).body_value();
    let elements: Vec<_> = AnyValue::parse(&body).unwrap().elements().collect();
    assert_eq!(elements, [AnyValue::Int(1), AnyValue::Double(2.0)]);
}

#[test]
fn points_keep_the_type_of_their_value() {
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    let bodies = [
        PointBody::Number(Number::Int(i64::MIN)),
        PointBody::Number(Number::Double(0.5)),
        PointBody::Other(&[0x21]),
        PointBody::Empty,
    ];
    let series = Series {
        name: "m".into(),
        description: "words".into(),
        attributes: attributes::encode([("k", AnyValue::Int(1))]).into(),
        resource: resource_of("cart").into(),
        ..Series::default()
    };
    let mut builder = PointsBuilder::new();
    builder.set_series(&series.encode());
    for body in bodies {
        builder.push(&PointRow { time: 7, body, ..PointRow::default() });
    }
    builder.push(&PointRow { body: PointBody::Number(Number::Double(stale)), ..PointRow::default() });
    let batch = builder.finish();
    let points = Points::new(&batch).unwrap();
    assert_eq!((0..4).map(|row| points.row(row).body).collect::<Vec<_>>(), bodies);
    let PointBody::Number(Number::Double(last)) = points.row(4).body else { panic!("a double") };
    assert_eq!(last.to_bits(), stale.to_bits(), "Prometheus' stale marker is one NaN of many");
    assert_eq!(points.series(3).to_series(), series);
    assert_eq!(points.metric.values.len(), 1, "a value is kept once");
}
