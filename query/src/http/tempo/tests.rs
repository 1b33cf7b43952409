use crate::http::testing::{Client, NOW};
use crate::logs::fixture::TENANT;
use crate::traces::fixture::{Span, filled, trace_id, whole_span};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ocelli_signal::origin;
use ocelli_signal::wire::{Field, Reader};
use serde_json::{Value, json};

const START: i64 = NOW - 60_000_000_000;

fn hex(trace: u8) -> String {
    format!("01{}", format!("{trace:02x}").repeat(15))
}

fn attribute(key: &str, value: Value) -> Value {
    json!({ "key": key, "value": value })
}

fn text(key: &str, value: &str) -> Value {
    attribute(key, json!({ "stringValue": value }))
}

/// The trace 5 as Tempo's JSON has it.
fn golden() -> Value {
    let id = BASE64.encode(trace_id(5));
    json!([
        {
            "resource": {"attributes": [text("service.name", "edge"), text("host.name", "h")]},
            "scopeSpans": [{"scope": {}, "spans": [{
                "traceId": id, "spanId": "AAAAAAAAAAE=", "name": "edge.call", "kind": "SPAN_KIND_SERVER",
                "startTimeUnixNano": (START - 10_000).to_string(), "endTimeUnixNano": (START + 1_990_000).to_string(),
                "status": {},
            }]}],
            "schemaUrl": "https://schema/1",
        },
        {
            "resource": {"attributes": [text("service.name", "shop"), text("host.name", "h1")]},
            "scopeSpans": [{"scope": {"name": "http", "version": "1.2"}, "spans": [{
                "traceId": id, "spanId": "AAAAAAAAAAI=", "traceState": "k=v", "parentSpanId": "AAAAAAAAAAE=",
                "flags": 257, "name": "GET /cart", "kind": "SPAN_KIND_CLIENT",
                "startTimeUnixNano": START.to_string(), "endTimeUnixNano": (START + 1_500_000).to_string(),
                "attributes": [
                    text("http.route", "/cart"),
                    attribute("http.response.status_code", json!({"intValue": "500"})),
                    attribute("large", json!({"intValue": "9223372036854775807"})),
                    attribute("share", json!({"doubleValue": 0.5})),
                    attribute("cached", json!({"boolValue": false})),
                    attribute("raw", json!({"bytesValue": "AAE="})),
                    attribute("list", json!({"arrayValue": {"values": [{"stringValue": "a"}]}})),
                ],
                "events": [{
                    "timeUnixNano": (START + 5_000).to_string(), "name": "retry",
                    "attributes": [attribute("attempt", json!({"intValue": "2"}))],
                }],
                "links": [{"traceId": BASE64.encode(trace_id(9)), "spanId": "AAAAAAAAAAc="}],
                "status": {"message": "timeout", "code": "STATUS_CODE_ERROR"},
            }]}],
        },
    ])
}

async fn client() -> (Client, tempfile::TempDir) {
    let mut quick = Span::new(6, 1, 0, "edge", START + 1_000_000, 40_000);
    quick.user = Some(7);
    let spans = [Span::new(5, 1, 0, "edge", START - 10_000, 2_000_000), quick];
    let (store, directory) = filled(&spans).await;
    store.append(TENANT, whole_span(START)).await.unwrap();
    (Client::new(store), directory)
}

#[tokio::test]
async fn a_trace_in_json_and_in_protobuf() {
    let (client, _directory) = client().await;
    let first = client.ok(&format!("/tempo/api/traces/{}", hex(5))).await;
    assert_eq!(first, json!({ "batches": golden() }));
    let range = format!("start={}&end={}", START / 1_000_000_000 - 1_800, START / 1_000_000_000 + 1_800);
    let second = client.ok(&format!("/tempo/api/v2/traces/{}?{range}", hex(5).to_uppercase())).await;
    assert_eq!(second["trace"], json!({ "resourceSpans": golden() }));
    assert_eq!(second["metrics"]["inspectedSpans"], "2");

    let accept = ("accept", "application/protobuf");
    let (kind, first) = client.bytes(&format!("/tempo/api/traces/{}", hex(5)), accept).await;
    assert_eq!(kind, "application/protobuf");
    let (_, second) = client.bytes(&format!("/tempo/api/v2/traces/{}", hex(5)), accept).await;
    assert_eq!(messages(&second, 1), [first.as_slice()], "the answer of v2 holds that of v1");
    let batches = messages(&first, 1);
    assert_eq!(batches.len(), 2);
    let resource = origin::Resource::parse(batches[1]).unwrap();
    assert_eq!(resource.service_name(), "shop");
    let scope_spans = messages(batches[1], 2);
    assert_eq!(origin::Scope::parse(scope_spans[0]).unwrap().name, "http");
    let spans = messages(scope_spans[0], 2);
    assert_eq!((spans.len(), messages(spans[0], 9).len(), messages(spans[0], 11).len()), (1, 7, 1));
    let field = |number: u32| Reader::new(spans[0]).map(Result::unwrap).find(|(found, _)| *found == number);
    assert_eq!(messages(spans[0], 1), [trace_id(5).as_slice()]);
    assert_eq!(messages(spans[0], 4), [1u64.to_be_bytes().as_slice()]);
    assert_eq!((field(6).unwrap().1.i64(), field(7).unwrap().1.u64()), (3, START as u64));
    assert_eq!((field(16).unwrap().1.u32(), messages(spans[0], 13).len()), (257, 1));
    let status = messages(spans[0], 15)[0];
    assert_eq!(messages(status, 2), [b"timeout".as_slice()]);
}

fn messages(message: &[u8], number: u32) -> Vec<&[u8]> {
    let found = Reader::new(message).map(|field| field.expect("protobuf"));
    found
        .filter_map(|(found, field)| match field {
            Field::Bytes(bytes) if found == number => Some(bytes),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_search_has_tempos_shape() {
    let (client, _directory) = client().await;
    // { status = error && span.http.route = "/cart" } | select(resource.service.name)
    let query = "%7Bstatus%3Derror%26%26span.http.route%3D%22/cart%22%7D%7Cselect(resource.service.name)";
    let body = client.ok(&format!("/tempo/api/search?q={query}&limit=20&spss=10")).await;
    let set = json!({
        "spans": [{
            "spanID": "0000000000000002", "name": "GET /cart", "startTimeUnixNano": START.to_string(),
            "durationNanos": "1500000",
            "attributes": [
                text("status", "error"), text("http.route", "/cart"), text("service.name", "shop"),
            ],
        }],
        "matched": 1,
    });
    let traces = json!([{
        "traceID": hex(5), "rootServiceName": "edge", "rootTraceName": "edge.call",
        "startTimeUnixNano": (START - 10_000).to_string(), "durationMs": 2,
        "serviceStats": {"edge": {"spanCount": 1}, "shop": {"spanCount": 1, "errorCount": 1}},
        "spanSet": set, "spanSets": [set],
    }]);
    let sorted = |mut traces: Value| {
        for set in ["spanSet", "spanSets"] {
            let set = &mut traces[0][set];
            let set = if set.is_array() { &mut set[0] } else { set };
            let list = set["spans"][0]["attributes"].as_array_mut().expect("attributes");
            list.sort_by_key(|attribute| attribute["key"].to_string());
        }
        traces
    };
    assert_eq!(sorted(body["traces"].clone()), sorted(traces));
    let ids = |body: &Value| -> Vec<String> {
        let traces = body["traces"].as_array().unwrap().iter();
        traces.map(|trace| trace["traceID"].as_str().unwrap().to_owned()).collect()
    };
    for (parameters, expected) in [
        ("", vec![6, 5]),
        ("tags=service.name%3DSHO+http.response.status_code%3D500", vec![5]),
        ("tags=service.name%3Dedge&maxDuration=1ms", vec![6]),
        ("tags=user%3D7", vec![6]),
        ("tags=error%3Dtrue+name%3Dcart", vec![5]),
        ("minDuration=1ms&limit=1", vec![5]),
        ("q=%7B%7D&limit=1", vec![6]),
        ("q=%7B%7D&start=1000&end=2000", vec![]),
    ] {
        let found = client.ok(&format!("/tempo/api/search?{parameters}")).await;
        let expected: Vec<String> = expected.into_iter().map(hex).collect();
        assert_eq!(ids(&found), expected, "{parameters}");
    }
}

#[tokio::test]
async fn names_and_values_of_attributes() {
    let (client, _directory) = client().await;
    let body = client.ok("/tempo/api/v2/search/tags?limit=5000").await;
    let scope = |name: &str| {
        let scopes = body["scopes"].as_array().unwrap();
        scopes.iter().find(|scope| scope["name"] == name).map(|scope| scope["tags"].clone())
    };
    assert_eq!(scope("resource"), Some(json!(["host.name", "service.name"])));
    assert_eq!(scope("event"), Some(json!(["attempt"])));
    assert_eq!(scope("link"), None);
    let own = ["cached", "http.response.status_code", "http.route", "large", "list", "raw", "share", "user"];
    assert_eq!(scope("span"), Some(json!(own)));
    assert!(scope("intrinsic").unwrap().as_array().unwrap().contains(&json!("rootServiceName")));
    let names = client.ok("/tempo/api/search/tags?scope=resource").await;
    assert_eq!(names["tagNames"], json!(["host.name", "service.name"]));
    let names = client.ok("/tempo/api/search/tags?scope=intrinsic").await;
    assert!(names["tagNames"].as_array().unwrap().contains(&json!("duration")));

    let typed = |kind: &str, values: &[&str]| -> Value {
        values.iter().map(|value| json!({ "type": kind, "value": value })).collect()
    };
    for (name, filter, expected) in [
        ("resource.service.name", "", typed("string", &["edge", "shop"])),
        (".service.name", "%7Bstatus%3Derror%7D", typed("string", &["shop"])),
        // Not finished: all values.
        ("resource.service.name", "%7Bresource.cluster%3D%7D", typed("string", &["edge", "shop"])),
        ("span.http.response.status_code", "", typed("int", &["500"])),
        ("span.share", "", typed("float", &["0.5"])),
        ("span.cached", "", typed("bool", &["false"])),
        ("span.list", "", typed("string", &["a"])),
        ("event.attempt", "", typed("int", &["2"])),
        ("event:name", "", typed("string", &["retry"])),
        ("status", "", typed("keyword", &["error", "unset"])),
        ("kind", "", typed("keyword", &["client", "server"])),
        ("name", "", typed("string", &["GET /cart", "edge.call"])),
        ("rootName", "", typed("string", &["edge.call"])),
        ("rootServiceName", "", typed("string", &["edge"])),
        ("duration", "", json!([])),
        ("span.nothing", "", json!([])),
    ] {
        let body = client.ok(&format!("/tempo/api/v2/search/tag/{name}/values?q={filter}")).await;
        assert_eq!(body["tagValues"], expected, "{name} {filter}");
    }
    for name in ["service.name", ".service.name", "resource.service.name"] {
        let body = client.ok(&format!("/tempo/api/search/tag/{name}/values")).await;
        assert_eq!(body["tagValues"], json!(["edge", "shop"]), "{name}");
    }
    let one = client.ok("/tempo/api/search/tag/service.name/values?limit=1").await;
    assert_eq!(one["tagValues"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn series_have_tempos_shape() {
    let (client, _directory) = client().await;
    let (start, end) = (START / 1_000_000_000 - 60, START / 1_000_000_000 + 60);
    let query = "%7B%7D%7Ccount_over_time()by(resource.service.name)";
    let uri = format!("/tempo/api/metrics/query_range?q={query}&start={start}&end={end}&step=600s");
    let body = client.ok(&uri).await;
    let series = body["series"].as_array().unwrap();
    assert_eq!(series[0]["labels"], json!([text("resource.service.name", "edge")]));
    let sum: f64 =
        series[0]["samples"].as_array().unwrap().iter().map(|s| s["value"].as_f64().unwrap()).sum();
    let time = series[0]["samples"][0]["timestampMs"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!((sum, time % 600_000), (2.0, 0));
    let exemplar = &series[1]["exemplars"][0];
    assert_eq!(exemplar["labels"][0], text("trace:id", &hex(5)));
    assert_eq!(exemplar["timestampMs"], (START / 1_000_000).to_string());

    let instant =
        |query: &str| format!("/tempo/api/metrics/query?q={query}&start={start}&end={end}000000000");
    let body = client.ok(&instant(query)).await;
    assert_eq!(
        body["series"],
        json!([
            {"labels": [text("resource.service.name", "edge")], "value": 2.0},
            {"labels": [text("resource.service.name", "shop")], "value": 1.0},
        ])
    );
    let body = client.ok(&instant("%7B%7D%7Crate()")).await;
    assert_eq!(body["series"], json!([{"labels": [text("__name__", "rate")], "value": 3.0 / 120.0}]));
    let body = client.ok(&instant("%7Bstatus%3Derror%7D%7Cmax_over_time(duration)")).await;
    assert_eq!(body["series"][0]["value"], json!(0.0015));
    let body = client.ok(&instant("%7Bstatus%3Derror%7D%7Cquantile_over_time(duration,.5)")).await;
    assert_eq!(body["series"][0]["labels"], json!([attribute("p", json!({"doubleValue": 0.5}))]));
}

#[tokio::test]
async fn what_clients_test_with_and_mistakes() {
    let (client, _directory) = client().await;
    assert_eq!(client.text("/tempo/api/echo", "content-type").await.1, "echo");
    assert!(client.ok("/tempo/api/status/buildinfo").await["version"].is_string());
    for (uri, status, message) in [
        ("search?q=%7Bduratoin%3E1s%7D", 400, "invalid TraceQL query: parse error at line 1, col 2: "),
        ("search?q=%7B%7D%7Crate()", 400, "metrics queries must use /api/metrics/query_range"),
        ("search?q=%7B%7D&tags=a%3Db", 400, "can't specify tags and q in the same query"),
        ("search?start=20&end=10", 400, "http parameter start must be before end. received start=20 end=10"),
        ("search?limit=0", 400, "invalid limit: '0' is not a number from 1 to 5000"),
        ("search?limit=1000000", 400, "invalid limit: '1000000' is not a number from 1 to 5000"),
        ("search?start=now", 400, "invalid start: 'now' is not a time in Unix seconds"),
        ("search/tags?scope=x", 400, "invalid scope: x"),
        ("v2/search/tag/a%20b/values", 400, "invalid tag: 'a b' is not an attribute"),
        ("metrics/query", 400, "missing query"),
        ("metrics/query?q=%7B%7D", 400, "the query makes no series"),
        ("metrics/query_range?q=%7B%7D%7Crate()&step=1ns", 422, "the range has "),
        ("traces/xyz", 400, "invalid traceID: "),
        ("v2/traces/ff", 404, "trace not found"),
    ] {
        let response = client.stream(&format!("/tempo/api/{uri}")).await;
        assert_eq!(response.status(), status, "{uri}");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.starts_with(message), "{uri}: {body}");
    }
}
