//! Requests made with the reference encoder.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{Metric, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

pub fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

pub fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.into()))
}

/// One attribute of every type there is.
pub fn attributes_of_every_type() -> Vec<KeyValue> {
    let list = ArrayValue {
        values: vec![
            AnyValue { value: Some(Value::IntValue(1)) },
            AnyValue { value: Some(Value::StringValue("mixed".into())) },
            AnyValue { value: None },
        ],
    };
    let map = KeyValueList { values: vec![pair("inner", Value::DoubleValue(0.5))] };
    vec![
        text("text", "käse"),
        pair("flag", Value::BoolValue(false)),
        pair("int", Value::IntValue(i64::MIN)),
        pair("double", Value::DoubleValue(5.0)),
        pair("list", Value::ArrayValue(list)),
        pair("map", Value::KvlistValue(map)),
        pair("bytes", Value::BytesValue(vec![0, 255])),
        KeyValue { key: "empty".into(), ..Default::default() },
    ]
}

pub fn resource() -> Resource {
    Resource {
        attributes: vec![text("service.name", "cart"), text("host.name", "h1")],
        dropped_attributes_count: 7,
        entity_refs: vec![EntityRef {
            r#type: "host".into(),
            id_keys: vec!["host.name".into()],
            ..Default::default()
        }],
    }
}

pub fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "lib".into(),
        version: "1.2".into(),
        attributes: vec![text("scope.attr", "x")],
        dropped_attributes_count: 3,
    }
}

pub fn span(number: u8) -> Span {
    Span {
        trace_id: vec![number; 16],
        span_id: vec![number; 8],
        parent_span_id: vec![9; 8],
        trace_state: "vendor=1".into(),
        flags: 0x101,
        name: format!("GET /{number}"),
        kind: 2,
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_500_000_000,
        attributes: attributes_of_every_type(),
        dropped_attributes_count: 1,
        events: vec![Event {
            time_unix_nano: 1_700_000_000_100_000_000,
            name: "exception".into(),
            attributes: vec![text("exception.type", "Declined")],
            dropped_attributes_count: 2,
        }],
        dropped_events_count: 2,
        links: vec![Link {
            trace_id: vec![5; 16],
            span_id: vec![6; 8],
            trace_state: "l=1".into(),
            attributes: vec![text("why", "batch")],
            dropped_attributes_count: 4,
            flags: 1,
        }],
        dropped_links_count: 3,
        status: Some(Status { message: "declined".into(), code: 2 }),
    }
}

pub fn spans(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource()),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope()),
                spans,
                schema_url: "https://scope.schema".into(),
            }],
            schema_url: "https://resource.schema".into(),
        }],
    }
}

pub fn record(body: Option<Value>) -> LogRecord {
    LogRecord {
        time_unix_nano: 1_700_000_000_000_000_000,
        observed_time_unix_nano: 1_700_000_001_000_000_000,
        severity_number: 17,
        severity_text: "ERROR".into(),
        body: body.map(|value| AnyValue { value: Some(value) }),
        attributes: attributes_of_every_type(),
        dropped_attributes_count: 1,
        flags: 1,
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        event_name: "order.declined".into(),
    }
}

pub fn logs(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(resource()),
            scope_logs: vec![ScopeLogs { scope: Some(scope()), log_records, schema_url: String::new() }],
            schema_url: String::new(),
        }],
    }
}

pub fn metrics(metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource()),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(scope()),
                metrics,
                schema_url: "https://scope.schema".into(),
            }],
            schema_url: "https://resource.schema".into(),
        }],
    }
}
