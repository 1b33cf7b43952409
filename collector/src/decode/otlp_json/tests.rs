use super::to_protobuf;
use crate::decode::DecodeError;
use ocelli_signal::Signal;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// The one span of a request that holds this JSON.
fn span(json: &str) -> Span {
    let request = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{json}]}}]}}]}}"#);
    let bytes = to_protobuf(Signal::Spans, request.as_bytes()).unwrap();
    let mut request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
    request.resource_spans.remove(0).scope_spans.remove(0).spans.remove(0)
}

/// The attribute value that this JSON stands for.
fn value(json: &str) -> Option<Value> {
    let span = span(&format!(r#"{{"attributes":[{{"key":"k","value":{json}}}]}}"#));
    span.attributes[0].value.clone().and_then(|value| value.value)
}

fn error(json: &str) -> String {
    match to_protobuf(Signal::Spans, json.as_bytes()) {
        Err(DecodeError::Json(message)) => message,
        other => panic!("{json} gave {other:?}"),
    }
}

#[test]
fn a_span_with_all_its_fields() {
    let read = span(
        r#"{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174","traceState":"a=b",
            "parentSpanId":"EEE19B7EC3C1B173","flags":257,"name":"GET /","kind":2,
            "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":1544712661000000000,
            "droppedAttributesCount":1,"droppedEventsCount":2,"droppedLinksCount":3,
            "events":[{"timeUnixNano":"5","name":"e","attributes":[],"droppedAttributesCount":4}],
            "links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","flags":1,
                      "traceState":"c=d","droppedAttributesCount":5}],
            "status":{"code":2,"message":"boom"}}"#,
    );
    assert_eq!(
        read.trace_id,
        [0x5b, 0x8e, 0xff, 0xf7, 0x98, 3, 0x81, 3, 0xd2, 0x69, 0xb6, 0x33, 0x81, 0x3f, 0xc6, 0xc]
    );
    assert_eq!(read.parent_span_id, [0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x73]);
    assert_eq!((read.flags, read.kind, read.trace_state.as_str()), (257, 2, "a=b"));
    assert_eq!(
        (read.start_time_unix_nano, read.end_time_unix_nano),
        (1544712660000000000, 1544712661000000000)
    );
    assert_eq!(
        (read.dropped_attributes_count, read.dropped_events_count, read.dropped_links_count),
        (1, 2, 3)
    );
    let (event, link, status) = (&read.events[0], &read.links[0], read.status.as_ref().unwrap());
    assert_eq!((event.time_unix_nano, event.name.as_str(), event.dropped_attributes_count), (5, "e", 4));
    assert_eq!((link.trace_id.len(), link.flags, link.dropped_attributes_count), (16, 1, 5));
    assert_eq!((status.code, status.message.as_str()), (2, "boom"));
}

#[test]
fn values_keep_their_type() {
    let pair = |key: &str, value| KeyValue {
        key: key.into(),
        value: Some(AnyValue { value }),
        ..Default::default()
    };
    for (json, expected) in [
        (r#"{"stringValue":""}"#, Some(Value::StringValue(String::new()))),
        (r#"{"boolValue":false}"#, Some(Value::BoolValue(false))),
        (r#"{"intValue":"-9223372036854775808"}"#, Some(Value::IntValue(i64::MIN))),
        (r#"{"intValue":0}"#, Some(Value::IntValue(0))),
        (r#"{"intValue":"1e3"}"#, Some(Value::IntValue(1000))),
        (r#"{"doubleValue":5}"#, Some(Value::DoubleValue(5.0))),
        (r#"{"doubleValue":"-Infinity"}"#, Some(Value::DoubleValue(f64::NEG_INFINITY))),
        (r#"{"bytesValue":"-_8="}"#, Some(Value::BytesValue(vec![0xfb, 0xff]))),
        (r#"{"bytesValue":"+/8"}"#, Some(Value::BytesValue(vec![0xfb, 0xff]))),
        (r#"{"bytesValue":""}"#, Some(Value::BytesValue(vec![]))),
        (r#"{"arrayValue":{}}"#, Some(Value::ArrayValue(ArrayValue { values: vec![] }))),
        (
            r#"{"arrayValue":{"values":[{"intValue":1},{}]}}"#,
            Some(Value::ArrayValue(ArrayValue {
                values: vec![AnyValue { value: Some(Value::IntValue(1)) }, AnyValue { value: None }],
            })),
        ),
        (
            r#"{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}},{"key":"b"}]}}"#,
            Some(Value::KvlistValue(KeyValueList {
                values: vec![
                    pair("a", Some(Value::BoolValue(true))),
                    KeyValue { key: "b".into(), ..Default::default() },
                ],
            })),
        ),
        ("{}", None),
        (r#"{"stringValue":null}"#, None),
    ] {
        assert_eq!(value(json), expected, "{json}");
    }
    assert!(matches!(value(r#"{"doubleValue":"NaN"}"#), Some(Value::DoubleValue(n)) if n.is_nan()));
}

#[test]
fn metrics_of_every_kind() {
    let json = r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[
        {"name":"s","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","isMonotonic":true,
          "dataPoints":[{"asInt":"0","exemplars":[{"asInt":"-1","traceId":"5B8EFFF798038103D269B633813FC60C"}]}]}},
        {"name":"h","histogram":{"aggregationTemporality":1,"dataPoints":[
          {"count":"2","sum":0,"bucketCounts":["1",1],"explicitBounds":[1.5],"min":0,"max":2}]}},
        {"name":"e","exponentialHistogram":{"dataPoints":[{"scale":-2,"zeroCount":"1",
          "positive":{"offset":-3,"bucketCounts":["0","300"]},"zeroThreshold":1e-3}]}},
        {"name":"q","summary":{"dataPoints":[{"count":1,"sum":2,"quantileValues":[{"quantile":0.5,"value":2}]}]}}
    ]}]}]}"#;
    let bytes = to_protobuf(Signal::Points, json.as_bytes()).unwrap();
    let mut request = ExportMetricsServiceRequest::decode(bytes.as_slice()).unwrap();
    let metrics = request.resource_metrics.remove(0).scope_metrics.remove(0).metrics;
    let [
        Some(Data::Sum(sum)),
        Some(Data::Histogram(histogram)),
        Some(Data::ExponentialHistogram(exponential)),
        Some(Data::Summary(summary)),
    ] = [&metrics[0].data, &metrics[1].data, &metrics[2].data, &metrics[3].data]
    else {
        panic!("kinds are mixed up: {metrics:?}")
    };
    assert_eq!((sum.aggregation_temporality, sum.is_monotonic), (2, true));
    assert_eq!(sum.data_points[0].value, Some(number_data_point::Value::AsInt(0)));
    assert_eq!(sum.data_points[0].exemplars[0].trace_id.len(), 16);
    let point = &histogram.data_points[0];
    assert_eq!((&point.bucket_counts[..], &point.explicit_bounds[..]), (&[1, 1][..], &[1.5][..]));
    assert_eq!((point.sum, point.min, point.max), (Some(0.0), Some(0.0), Some(2.0)));
    let point = &exponential.data_points[0];
    let positive = point.positive.as_ref().unwrap();
    assert_eq!((point.scale, point.zero_threshold), (-2, 1e-3));
    assert_eq!((positive.offset, &positive.bucket_counts[..]), (-3, &[0, 300][..]));
    assert_eq!(summary.data_points[0].quantile_values[0].quantile, 0.5);
}

#[test]
fn more_than_asked_is_taken() {
    let read = span(
        r#"{"trace_id":"5B8EFFF798038103D269B633813FC60C","kind":"SPAN_KIND_CLIENT","name":null,"new":[{}]}"#,
    );
    assert_eq!((read.trace_id.len(), read.kind, read.name.as_str()), (16, 3, ""));
    let json = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_WARN2"}]}]}],"x":1}"#;
    let bytes = to_protobuf(Signal::Logs, json.as_bytes()).unwrap();
    let request = ExportLogsServiceRequest::decode(bytes.as_slice()).unwrap();
    assert_eq!(request.resource_logs[0].scope_logs[0].log_records[0].severity_number, 14);
}

#[test]
fn an_error_says_where() {
    let within = |span: &str| {
        error(&format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{{}},\n{span}]}}]}}]}}"))
    };
    let path = "resourceSpans[0].scopeSpans[0].spans[1]";
    for (span, expected) in [
        (
            r#"{"startTimeUnixNano":true}"#,
            format!(
                "{path}.startTimeUnixNano: invalid value: boolean `true`, expected an unsigned 64-bit integer as a number or a string at line 2 column 25"
            ),
        ),
        (
            r#"{"traceId":"xyz0"}"#,
            format!(
                "{path}.traceId: invalid value: string \"xyz0\", expected a string of hex digits at line 2 column 17"
            ),
        ),
        (
            r#"{"attributes":{}}"#,
            format!("{path}.attributes: invalid type: map, expected a list at line 2 column 16"),
        ),
        (
            r#"{"status":[]}"#,
            format!("{path}.status: invalid type: sequence, expected an object at line 2 column 12"),
        ),
        (r#"{"name":"a"#, format!("{path}.name: EOF while parsing a string at line 2 column 16")),
    ] {
        assert_eq!(within(span), expected);
    }
    assert_eq!(error(""), "EOF while parsing a value at line 1 column 0");
    assert_eq!(error("[]"), "invalid type: sequence, expected an object at line 1 column 0");
    assert_eq!(error("{} x"), "trailing characters at line 1 column 4");
    assert_eq!(to_protobuf(Signal::Spans, b"{}"), Ok(vec![]));
    let nested =
        (0..200).fold("{}".to_owned(), |inner, _| format!(r#"{{"arrayValue":{{"values":[{inner}]}}}}"#));
    let message = within(&format!(r#"{{"attributes":[{{"key":"k","value":{nested}}}]}}"#));
    assert!(message.contains("recursion limit exceeded"), "{message}");
}
