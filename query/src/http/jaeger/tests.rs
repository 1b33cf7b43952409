use crate::http::testing::{Client, NOW};
use crate::logs::fixture::TENANT;
use crate::metrics::fixture;
use crate::traces::fixture::{Span, filled, whole_span};
use serde_json::{Value, json};

const START: i64 = NOW - 60_000_000_000;
const MICRO: i64 = 1_000;

fn hex(trace: u8) -> String {
    format!("01{}", format!("{trace:02x}").repeat(15))
}

#[tokio::test]
async fn a_trace_has_the_shape_of_jaegers_ui() {
    let root = Span::new(5, 1, 0, "edge", START - 10 * MICRO, 2_000 * MICRO);
    let (store, _directory) = filled(&[root]).await;
    store.append(TENANT, whole_span(START)).await.unwrap();
    let start = START / MICRO;
    let text = |key: &str, value: &str| json!({"key": key, "type": "string", "value": value});
    let child_of = json!({"refType": "CHILD_OF", "traceID": hex(5), "spanID": "0000000000000001"});
    let follows = json!({"refType": "FOLLOWS_FROM", "traceID": hex(9), "spanID": "0000000000000007"});
    let golden = json!({
        "data": [{
            "traceID": hex(5),
            "spans": [
                {
                    "traceID": hex(5), "spanID": "0000000000000001", "operationName": "edge.call",
                    "references": [], "startTime": start - 10, "duration": 2_000,
                    "tags": [text("span.kind", "server")],
                    "logs": [], "processID": "p1", "warnings": null,
                },
                {
                    "traceID": hex(5), "spanID": "0000000000000002", "flags": 1, "operationName": "GET /cart",
                    "references": [child_of, follows], "startTime": start, "duration": 1_500,
                    "tags": [
                        text("http.route", "/cart"),
                        {"key": "http.response.status_code", "type": "int64", "value": 500},
                        {"key": "large", "type": "int64", "value": "9223372036854775807"},
                        {"key": "share", "type": "float64", "value": 0.5},
                        {"key": "cached", "type": "bool", "value": false},
                        {"key": "raw", "type": "binary", "value": "AAE="},
                        text("list", "[\"a\"]"),
                        text("span.kind", "client"),
                        text("otel.status_code", "ERROR"),
                        {"key": "error", "type": "bool", "value": true},
                        text("otel.status_description", "timeout"),
                        text("w3c.tracestate", "k=v"),
                        text("otel.scope.name", "http"),
                        text("otel.scope.version", "1.2"),
                    ],
                    "logs": [{
                        "timestamp": start + 5,
                        "fields": [text("event", "retry"), {"key": "attempt", "type": "int64", "value": 2}],
                    }],
                    "processID": "p2", "warnings": null,
                },
            ],
            "processes": {
                "p1": {"serviceName": "edge", "tags": [text("host.name", "h")]},
                "p2": {"serviceName": "shop", "tags": [text("host.name", "h1")]},
            },
            "warnings": null,
        }],
        "total": 0, "limit": 0, "offset": 0, "errors": null,
    });
    let client = Client::new(store);
    assert_eq!(client.ok(&format!("/jaeger/api/traces/{}", hex(5))).await, golden);
    // The same by a search, with the tags that Jaeger makes and with those that were sent.
    for search in [
        "tags=%7B%22http.response.status_code%22%3A%22500%22%2C%22error%22%3A%22true%22%7D",
        "tag=span.kind:client&tag=http.route:/cart&operation=GET+/cart",
        "tag=otel.status_description:timeout&minDuration=1.5ms&maxDuration=1500us",
        "tag=otel.scope.name:http&tag=host.name:h1&tag=cached:false",
        "lookback=5m&limit=1",
        &format!("start={}&end={}", start, start),
    ] {
        let found = client.ok(&format!("/jaeger/api/traces?service=shop&{search}")).await;
        assert_eq!(found, golden, "{search}");
    }
    for search in ["tag=span.kind:server", "tag=span.kind:nothing", "maxDuration=1ms", "lookback=30s"] {
        let found = client.ok(&format!("/jaeger/api/traces?service=shop&{search}")).await;
        assert_eq!(found["data"], json!([]), "{search}");
    }
}

#[tokio::test]
async fn searches_are_newest_first_and_ids_are_given_as_asked() {
    let spans: Vec<Span> =
        (1..=4u8).map(|n| Span::new(n, 1, 0, "cart", START + i64::from(n) * MICRO, 5)).collect();
    let (store, _directory) = filled(&spans).await;
    let client = Client::new(store);
    let ids = |body: &Value| -> Vec<String> {
        let traces = body["data"].as_array().unwrap().iter();
        traces.map(|trace| trace["traceID"].as_str().unwrap().to_owned()).collect()
    };
    let found = client.ok("/jaeger/api/traces?service=cart&limit=3").await;
    assert_eq!(ids(&found), [4, 3, 2].map(hex));
    let asked = format!("/jaeger/api/traces?traceID={}&traceID=ff&traceID={}", hex(1), hex(4).to_uppercase());
    let found = client.ok(&asked).await;
    assert_eq!(ids(&found), [1, 4].map(hex));
    let missing = json!([{"msg": "trace not found", "traceID": format!("{:032x}", 0xff)}]);
    assert_eq!(found["errors"], missing);
}

#[tokio::test]
async fn lists_come_from_the_metrics_of_spans() {
    for flushed in [false, true] {
        let (store, _directory) = fixture::store(flushed).await;
        let client = Client::new(store);
        let list = |data: Value| {
            let total = data.as_array().unwrap().len();
            json!({"data": data, "total": total, "limit": 0, "offset": 0, "errors": null})
        };
        assert_eq!(client.ok("/jaeger/api/services").await, list(json!(["bank", "shop"])));
        let names = client.ok("/jaeger/api/services/shop/operations").await;
        assert_eq!(names, list(json!(["GET /", "charge"])));
        let all = json!([{"name": "GET /", "spanKind": "server"}, {"name": "charge", "spanKind": "client"}]);
        assert_eq!(client.ok("/jaeger/api/operations?service=shop").await, list(all.clone()));
        let clients = client.ok("/jaeger/api/operations?service=shop&spanKind=client").await;
        assert_eq!(clients, list(json!([all[1]])));
        let edges = json!({
            "data": [{"parent": "shop", "child": "bank", "callCount": 240}],
            "total": 0, "limit": 0, "offset": 0, "errors": null,
        });
        let of_range = format!("endTs={}&lookback=600000", NOW / 1_000_000);
        for parameters in ["", "service=bank", of_range.as_str()] {
            assert_eq!(client.ok(&format!("/jaeger/api/dependencies?{parameters}")).await, edges);
        }
        for parameters in ["service=probe", "endTs=1000"] {
            assert_eq!(client.ok(&format!("/jaeger/api/dependencies?{parameters}")).await["data"], json!([]));
        }
    }
}

#[tokio::test]
async fn mistakes_have_jaegers_shape() {
    let (store, _directory) = filled(&[Span::new(1, 1, 0, "a", START, 5)]).await;
    let client = Client::new(store);
    for (uri, code, message) in [
        ("traces", 400, "parameter 'service' is required"),
        ("operations", 400, "parameter 'service' is required"),
        (
            "traces?service=a&start=now",
            400,
            "unable to parse param 'start': 'now' is not a whole number of microseconds",
        ),
        ("traces?service=a&start=2&end=1", 400, "unable to parse param 'start': is after 'end'"),
        (
            "traces?service=a&minDuration=5",
            400,
            "unable to parse param 'minDuration': '5' is not a duration; use 250ms, 1.5s or 2m",
        ),
        (
            "traces?service=a&minDuration=2s&maxDuration=1s",
            400,
            "'maxDuration' should be greater than 'minDuration'",
        ),
        ("traces?service=a&tag=x", 400, "malformed 'tag' parameter, expecting key:value, received: x"),
        (
            "traces?service=a&tags=%7B",
            400,
            "malformed 'tags' parameter, cannot unmarshal JSON: EOF while parsing an object at line 1 column 1",
        ),
        (
            "traces?service=a&limit=1000000",
            400,
            "unable to parse param 'limit': '1000000' is not a number from 1 to 1500",
        ),
        (
            "traces?service=a&lookback=soon",
            400,
            "unable to parse param 'lookback': 'soon' is not a duration like 1h or 2d",
        ),
        ("traces/xyz", 400, "unable to parse param 'traceID': 'xyz' is not 1 to 32 hex digits"),
        ("traces/ff", 404, "trace not found"),
        ("dependencies?lookback=0", 400, "unable to parse param 'lookback': must be longer than 0"),
    ] {
        let (status, body) = client.get(&format!("/jaeger/api/{uri}")).await;
        let errors = json!([{"code": code, "msg": message}]);
        let shape = json!({"data": null, "total": 0, "limit": 0, "offset": 0, "errors": errors});
        assert_eq!((i64::from(status), body), (code, shape), "{uri}");
    }
}
