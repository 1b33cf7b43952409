use super::super::testing::{Client, NOW};
use crate::logs::fixture::{self as log_fixture, Record};
use crate::traces::fixture::{Span, batch, filled};
use ocelli_signal::spans::{SpanRow, SpansBuilder};
use ocelli_signal::wire::Writer;
use ocelli_signal::{AnyValue, Batch, Signal, attributes};
use serde_json::json;

const START: i64 = NOW - 60_000_000_000;

fn id(trace: u8) -> String {
    format!("01{}", format!("{trace:02x}").repeat(15))
}

#[tokio::test]
async fn a_skeleton_is_in_drawing_order() {
    let spans = [
        Span::new(7, 3, 1, "payment", START + 30, 10),
        Span::new(7, 1, 0, "gateway", START, 100),
        Span::new(7, 2, 1, "cart", START + 5, 10),
        Span::new(7, 4, 9, "worker", START + 50, -5),
        Span::new(7, 5, 2, "payment", START + 1, 2),
        Span::new(8, 1, 0, "other", START, 1),
    ];
    let (store, _directory) = filled(&spans).await;
    let log =
        Record { time: START + 10, trace_id: Some(crate::traces::fixture::trace_id(7)), ..Record::default() };
    let other = Record { trace_id: Some([9; 16]), ..log.clone() };
    store.append(log_fixture::TENANT, log_fixture::batch(&[log, other])).await.unwrap();
    let body = Client::new(store).ok(&format!("/api/traces/{}", id(7).to_uppercase())).await;
    let spans = &body["spans"];
    let ids = [1u64, 2, 5, 3, 4].map(|id| format!("{id:016x}"));
    assert_eq!(spans["span_id"], json!(ids));
    assert_eq!(spans["parent"], json!([-1, 0, 1, 0, -1]));
    assert_eq!(spans["depth"], json!([0, 1, 2, 1, 0]));
    assert_eq!(spans["subtree_size"], json!([4, 2, 1, 1, 1]));
    assert_eq!(spans["parent_missing"], json!([false, false, false, false, true]));
    assert_eq!(spans["start_offset_ns"], json!([0, 5, 1, 30, 50]));
    assert_eq!(spans["duration_ns"], json!([100, 10, 2, 10, -5]));
    assert_eq!(spans["self_ns"], json!([80, 10, 2, 10, 0]));
    assert_eq!(spans["critical_ns"], json!([80, 10, 0, 10, 0]));
    let path = json!({"row": [0, 1, 0, 3, 0], "start_offset_ns": [0, 5, 15, 30, 40], "duration_ns": [5, 10, 15, 10, 60]});
    assert_eq!(body["critical_path"], path);
    assert_eq!(body["services"], json!(["gateway", "cart", "payment", "worker"]));
    assert_eq!(spans["service"], json!([0, 1, 2, 2, 3]));
    assert_eq!((&body["trace_id"], &body["log_count"]), (&json!(id(7)), &json!(1)));
    assert_eq!((&body["start"], &body["duration_ns"]), (&json!(START.to_string()), &json!(100)));
    assert_eq!(
        body["warnings"],
        json!([
            "1 span names a parent that has not arrived",
            "1 span ends before it starts",
            "1 span starts 0.000 ms before its parent in another service: their clocks differ",
        ])
    );
}

#[tokio::test]
async fn search_filters_and_pages() {
    let spans: Vec<Span> = (0..30u8)
        .map(|n| {
            let service = if n % 2 == 0 { "cart" } else { "payment" };
            let mut span = Span::new(n, 1, 0, service, START + i64::from(n), i64::from(n) * 1_000_000);
            span.status = if n % 3 == 0 { 2 } else { 0 };
            span.user = Some(i64::from(n));
            span
        })
        .collect();
    let (store, _directory) = filled(&spans).await;
    let client = Client::new(store);
    let ids = |body: &serde_json::Value| -> Vec<String> {
        let traces = body["traces"].as_array().unwrap().iter();
        traces.map(|trace| trace["trace_id"].as_str().unwrap().to_owned()).collect()
    };
    let found = client.ok("/api/traces?service=cart&status=error&operation=cart.call").await;
    assert_eq!(ids(&found), [24, 18, 12, 6, 0].map(id));
    let found = client.ok("/api/traces?min_duration=3ms&max_duration=5ms&sort=slowest").await;
    assert_eq!(ids(&found), [5, 4, 3].map(id));
    let found = client.ok("/api/traces?q=user:%3E27+OR+user:3").await;
    assert_eq!(ids(&found), [29, 28, 3].map(id));
    let first = client.ok("/api/traces").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = client.ok(&format!("/api/traces?cursor={cursor}")).await;
    assert_eq!((ids(&first).len(), ids(&rest).len()), (20, 10));
    assert_eq!(ids(&rest)[9], id(0));
}

#[tokio::test]
async fn mistakes_and_unknown_ids() {
    let (store, _directory) = filled(&[Span::new(1, 1, 0, "a", START, 5)]).await;
    let client = Client::new(store);
    for (uri, parameter, message) in [
        ("/api/traces/xyz", "trace_id", "trace_id: 'xyz' is not an id; an id has 32 hex digits"),
        (
            "/api/traces?min_duration=5",
            "min_duration",
            "min_duration: '5' is not a duration; use 250ms, 1.5s or 2m",
        ),
        ("/api/traces?status=bad", "status", "status: 'bad' is not one of unset, ok, error"),
        ("/api/traces?sort=oldest", "sort", "sort: 'oldest' is not newest or slowest"),
    ] {
        let error = client.error(uri, 400).await;
        assert_eq!((&error["parameter"], &error["message"]), (&json!(parameter), &json!(message)));
    }
    let error = client.error(&format!("/api/traces/{}/spans/12", id(1)), 400).await;
    assert_eq!(error["message"], "span_id: '12' is not an id; an id has 16 hex digits");
    let error = client.error("/api/traces?q=duration:5", 400).await;
    assert_eq!(error["code"], "bad_query");
    let error = client.error(&format!("/api/traces/{}", id(2)), 404).await;
    assert_eq!(error["code"], "not_found");
    let error = client.error(&format!("/api/traces/{}/spans/{:016x}", id(1), 9), 404).await;
    assert!(error["message"].as_str().unwrap().contains("has no span 0000000000000009"));
}

#[tokio::test]
async fn traceql_finds_traces_and_makes_series() {
    let mut failed = Span::new(1, 2, 1, "cart", START + 5, 3_000_000);
    (failed.status, failed.user) = (2, Some(7));
    let spans = [
        Span::new(1, 1, 0, "gateway", START, 9_000_000),
        failed,
        Span::new(2, 1, 0, "gateway", START + 20, 1_000_000),
    ];
    let (store, _directory) = filled(&spans).await;
    let client = Client::new(store);
    // { resource.service.name = "gateway" } > { status = error && .user > 5 } | count() = 1
    let query =
        "%7Bresource.service.name%3D%22gateway%22%7D%3E%7Bstatus%3Derror%26%26.user%3E5%7D%7Ccount()%3D1";
    let body = client.ok(&format!("/api/traces?query={query}")).await;
    let trace = &body["traces"][0];
    assert_eq!((&trace["trace_id"], &trace["span_count"]), (&json!(id(1)), &json!(2)));
    assert_eq!(
        trace["spansets"],
        json!([{"matched": 1, "attributes": [{"key": "count()", "value": {"intValue": "1"}}], "spans": [{
        "span_id": "0000000000000002", "service": "cart", "operation": "cart.call",
        "start": (START + 5).to_string(), "duration_ns": 3_000_000, "attributes": [
            {"key": "status", "value": {"stringValue": "error"}},
            {"key": ".user", "value": {"intValue": "7"}},
            {"key": "resource.service.name", "value": {"stringValue": "cart"}},
        ]}]}])
    );
    let query = "%7B%7D%7Ccount_over_time()by(resource.service.name)";
    let uri = format!("/api/traces/metrics?query={query}&step=60m&exemplars=5");
    let body = client.ok(&uri).await;
    let total = |at: usize| {
        let values = body["series"][at]["values"].as_array().unwrap().iter();
        values.map(|value| value.as_f64().unwrap()).sum::<f64>()
    };
    assert_eq!((total(0), total(1), body["step_ns"].as_i64()), (1.0, 2.0, Some(3_600_000_000_000)));
    assert_eq!(body["series"][0]["exemplars"][0]["trace_id"], json!(id(1)));
    let error = client.error("/api/traces?query=%7Bduratoin%3E1s%7D", 400).await;
    assert_eq!((&error["code"], &error["offset"]), (&json!("bad_query"), &json!(1)));
    assert!(error["message"].as_str().unwrap().contains("did you mean duration?"));
    let error = client.error("/api/traces?query=%7B%7D&service=cart", 400).await;
    assert_eq!(error["parameter"], "service");
    let error = client.error("/api/traces?query=%7B%7D%7Crate()", 400).await;
    assert!(error["message"].as_str().unwrap().contains("/api/traces/metrics"));
    client.error("/api/traces/metrics?query=%7B%7D", 400).await;
    client.error("/api/traces/metrics?query=%7B%7D%7Crate()&step=1ns", 422).await;
}

#[tokio::test]
async fn statistics_of_a_trace_and_of_a_selection() {
    let mut failed = Span::new(1, 3, 1, "cart", START + 50, 40);
    failed.status = 2;
    let spans = [
        Span::new(1, 1, 0, "gateway", START, 100),
        Span::new(1, 2, 1, "cart", START + 10, 20),
        failed,
        Span::new(2, 1, 0, "gateway", START + 500, 10),
        Span::new(3, 1, 0, "mail", START + 600, 10),
    ];
    let (store, _directory) = filled(&spans).await;
    let client = Client::new(store);
    let cart = |traces: u32| {
        json!({
            "service": "cart", "operation": "cart.call", "traces": traces, "spans": 2, "errors": 1, "total_ns": 60,
            "self_ns": 60, "critical_ns": 60, "min_ns": 20, "p50_ns": 20, "p95_ns": 40, "max_ns": 40,
        })
    };
    let gateway = |own: u32, traces: u32, min: u32| {
        json!({
            "service": "gateway", "operation": "gateway.call", "traces": traces, "spans": traces, "errors": 0,
            "total_ns": if traces == 1 { 100 } else { 110 }, "self_ns": own, "critical_ns": own, "min_ns": min,
            "p50_ns": min, "p95_ns": 100, "max_ns": 100,
        })
    };
    let body = client.ok(&format!("/api/traces/{}/statistics", id(1))).await;
    assert_eq!(body["operations"], json!([cart(1), gateway(40, 1, 100)]));
    let body = client.ok("/api/traces/statistics?service=gateway").await;
    assert_eq!((&body["traces"], &body["spans"]), (&json!(2), &json!(4)));
    assert_eq!(body["operations"], json!([cart(1), gateway(50, 2, 10)]));
    assert_eq!(body["stats"]["partial"], json!(null));
    let body = client.ok("/api/traces/statistics?limit=1").await;
    assert_eq!(body["operations"][0]["service"], "mail");
    assert!(body["stats"]["partial"].as_str().unwrap().starts_with("these are the newest 1 traces"));
    client.error(&format!("/api/traces/{}/statistics", id(9)), 404).await;
    client.error("/api/traces/statistics?status=bad", 400).await;
}

/// Every type of attribute, an event, a link: what was sent comes back.
#[tokio::test]
async fn a_span_comes_back_whole() {
    let mut list = Writer::new();
    list.put_message(1, |value| AnyValue::String("x").encode(value));
    list.put_message(1, |_| {});
    let map = attributes::encode([("k", AnyValue::Bool(true))]);
    let pairs = [
        ("string", AnyValue::String("ü")),
        ("bool", AnyValue::Bool(false)),
        ("int", AnyValue::Int(i64::MAX)),
        ("double", AnyValue::Double(0.1)),
        ("nan", AnyValue::Double(f64::NAN)),
        ("bytes", AnyValue::Bytes(&[1, 2, 255])),
        ("array", AnyValue::Array(list.as_bytes())),
        ("map", AnyValue::KvList(&map)),
        ("empty", AnyValue::Empty),
    ];
    let (mut events, mut links) = (Writer::new(), Writer::new());
    events.put_message(1, |event| {
        event.put_fixed64(1, START as u64 + 5);
        event.put_bytes(2, b"exception");
        attributes::put_pair(event, 3, "exception.type", &AnyValue::String("Timeout"));
        event.put_varint(4, 2);
    });
    links.put_message(1, |link| {
        link.put_bytes(1, &[0xaa; 16]);
        link.put_bytes(2, &[0xbb; 8]);
        link.put_bytes(3, b"a=b");
        attributes::put_pair(link, 4, "n", &AnyValue::Int(1));
        link.put_fixed32(6, 1);
    });
    let mut builder = SpansBuilder::new();
    builder.set_resource(&log_fixture::resource("cart", "h"));
    builder.push(&SpanRow {
        trace_id: crate::traces::fixture::trace_id(1),
        span_id: 1u64.to_be_bytes(),
        parent_span_id: Some(2u64.to_be_bytes()),
        trace_state: "v=1",
        flags: 257,
        name: "get",
        kind: 3,
        start_time: START,
        end_time: START + 9,
        status_code: 2,
        status_message: "no",
        attributes: &attributes::encode(pairs),
        dropped_attributes_count: 1,
        events: events.as_bytes(),
        dropped_events_count: 3,
        links: links.as_bytes(),
        dropped_links_count: 4,
    });
    let (store, _directory) = filled(&[]).await;
    store.append(log_fixture::TENANT, Batch { signal: Signal::Spans, rows: builder.finish() }).await.unwrap();
    store.append(log_fixture::TENANT, batch(&[Span::new(1, 2, 0, "b", START, 1)])).await.unwrap();
    let client = Client::new(store.clone());
    let uri = format!("/api/traces/{}/spans/{:016x}", id(1), 1);
    let in_memory = client.ok(&uri).await;
    assert_eq!(
        in_memory["attributes"],
        json!([
            {"key": "string", "value": {"stringValue": "ü"}},
            {"key": "bool", "value": {"boolValue": false}},
            {"key": "int", "value": {"intValue": "9223372036854775807"}},
            {"key": "double", "value": {"doubleValue": 0.1}},
            {"key": "nan", "value": {"doubleValue": "NaN"}},
            {"key": "bytes", "value": {"bytesValue": "AQL/"}},
            {"key": "array", "value": {"arrayValue": {"values": [{"stringValue": "x"}, {}]}}},
            {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": true}}]}}},
            {"key": "empty", "value": {}},
        ])
    );
    assert_eq!(
        in_memory["events"],
        json!([{"time": (START + 5).to_string(), "name": "exception", "dropped_attributes_count": 2,
            "attributes": [{"key": "exception.type", "value": {"stringValue": "Timeout"}}]}])
    );
    assert_eq!(
        in_memory["links"],
        json!([{"trace_id": "aa".repeat(16), "span_id": "bb".repeat(8), "trace_state": "a=b", "flags": 1,
            "attributes": [{"key": "n", "value": {"intValue": "1"}}], "dropped_attributes_count": 0}])
    );
    assert_eq!(
        (&in_memory["parent_span_id"], &in_memory["status_message"], &in_memory["flags"]),
        (&json!(format!("{:016x}", 2)), &json!("no"), &json!(257))
    );
    assert_eq!(in_memory["resource"]["attributes"][0]["value"], json!({"stringValue": "cart"}));
    store.flush().await.unwrap();
    assert_eq!(client.ok(&uri).await, in_memory, "a flush changed the span");
}
