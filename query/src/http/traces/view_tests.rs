//! Windows of a trace, traces beside each other, and what explains slow ones.

use crate::http::testing::{Client, NOW};
use crate::metrics::fixture::store as metrics_store;
use crate::traces::fixture::{Span, filled};
use serde_json::{Value, json};

const START: i64 = NOW - 60_000_000_000;

fn id(trace: u8) -> String {
    format!("01{}", format!("{trace:02x}").repeat(15))
}

/// 1 gateway ─ (2 cart ─ (3 db, 4 db ─ 5 disk), 6 mail), and a span whose parent never came.
fn tree(trace: u8) -> Vec<Span> {
    vec![
        Span::new(trace, 1, 0, "gateway", START, 100),
        Span::new(trace, 2, 1, "cart", START + 10, 60),
        Span::new(trace, 3, 2, "db", START + 15, 10),
        Span::new(trace, 4, 2, "db", START + 30, 20),
        Span::new(trace, 5, 4, "disk", START + 35, 5),
        Span::new(trace, 6, 1, "mail", START + 75, 5),
        Span::new(trace, 7, 99, "worker", START + 80, 5),
    ]
}

#[tokio::test]
async fn a_trace_in_windows() {
    let (store, _directory) = filled(&tree(1)).await;
    let client = Client::new(store);
    let ids = |body: &Value| -> Vec<u64> {
        let ids = body["spans"]["span_id"].as_array().unwrap().iter();
        ids.map(|id| u64::from_str_radix(id.as_str().unwrap(), 16).unwrap()).collect()
    };
    let uri = format!("/api/traces/{}", id(1));
    let whole = client.ok(&uri).await;
    assert_eq!(ids(&whole), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!((&whole["span_count"], &whole["row_count"]), (&json!(7), &json!(7)));
    assert!(whole["spans"]["subtree_spans"].is_null() && whole["stats"]["partial"].is_null());
    let below = client.ok(&format!("{uri}?root=0000000000000002&depth=1")).await;
    assert_eq!((ids(&below), &below["row_count"]), (vec![2, 3, 4], &json!(3)));
    assert_eq!(below["spans"]["parent"], json!([-1, 0, 0]));
    assert_eq!(below["spans"]["subtree_size"], json!([3, 1, 1]));
    assert_eq!(below["spans"]["subtree_spans"], json!([4, 1, 2]));
    // Times and warnings are those of the whole trace.
    assert_eq!((&below["duration_ns"], &below["warnings"]), (&whole["duration_ns"], &whole["warnings"]));
    assert_eq!(below["critical_path"]["row"], json!([0, 1, 0, 2, 2, 0]));
    let page = client.ok(&format!("{uri}?offset=2&limit=3")).await;
    assert_eq!(ids(&page), [3, 4, 5]);
    assert_eq!(page["spans"]["parent"], json!([-1, -1, 1]));
    let partial = page["stats"]["partial"].as_str().unwrap();
    assert_eq!(partial, "these are 3 of 7 rows; ask for a subtree with root, or go on with offset=5");
    let error = client.error(&format!("{uri}?root=00000000000000ff"), 404).await;
    assert!(error["message"].as_str().unwrap().contains("no span with the id of root"));
    client.error(&format!("{uri}?limit=1000000"), 400).await;
    client.error(&format!("{uri}?root=xyz"), 400).await;
}

#[tokio::test]
async fn two_traces_beside_each_other() {
    let mut spans = tree(1);
    let mut other: Vec<Span> = tree(2).into_iter().filter(|span| !matches!(span.id, 4..=6)).collect();
    other[1].duration = 80;
    other.push(Span::new(2, 8, 2, "cache", START + 40, 3));
    spans.extend(other);
    let (store, _directory) = filled(&spans).await;
    let client = Client::new(store);
    let body = client.ok(&format!("/api/traces/diff?a={}&b={}", id(1), id(2))).await;
    assert_eq!((&body["a"]["span_count"], &body["b"]["span_count"]), (&json!(7), &json!(5)));
    let services = body["services"].as_array().unwrap();
    let paths = &body["paths"];
    let names: Vec<&str> = paths["service"]
        .as_array()
        .unwrap()
        .iter()
        .map(|at| services[at.as_u64().unwrap() as usize].as_str().unwrap())
        .collect();
    assert_eq!(names, ["gateway", "cart", "db", "disk", "cache", "mail", "worker"]);
    assert_eq!(paths["parent"], json!([-1, 0, 1, 2, 1, 0, -1]));
    assert_eq!(paths["subtree_size"], json!([6, 4, 2, 1, 1, 1, 1]));
    assert_eq!(paths["a"]["spans"], json!([1, 1, 2, 1, 0, 1, 1]));
    assert_eq!(paths["b"]["spans"], json!([1, 1, 1, 0, 1, 0, 1]));
    assert_eq!(paths["a"]["self_ns"], json!([35, 30, 25, 5, 0, 5, 5]));
    assert_eq!(paths["b"]["self_ns"], json!([20, 67, 10, 0, 3, 0, 5]));
    assert_eq!(paths["b"]["span_id"][4], json!(format!("{:016x}", 8)));
    assert_eq!(paths["b"]["span_id"][3], json!(""));
    // A trace beside itself does not differ.
    let same = client.ok(&format!("/api/traces/diff?a={0}&b={0}", id(1))).await;
    assert_eq!(same["paths"]["a"], same["paths"]["b"]);
    client.error(&format!("/api/traces/diff?a={}&b={}", id(1), id(9)), 404).await;
    let error = client.error(&format!("/api/traces/diff?a={}", id(1)), 400).await;
    assert_eq!(error["parameter"], "b");
}

#[tokio::test]
async fn explain_says_what_it_compares() {
    let mut spans = Vec::new();
    for n in 0..200u8 {
        let slow = if n % 4 == 0 { 50_000_000 } else { 0 };
        let mut span = Span::new(n, 1, 0, "cart", START + i64::from(n), 1_000_000 + slow);
        span.user = Some(i64::from(n % 4));
        spans.push(span);
    }
    let (store, _directory) = filled(&spans).await;
    let client = Client::new(store);
    let body = client.ok("/api/traces/explain?service=cart&min_duration=10ms").await;
    assert_eq!((&body["selection"]["spans"], &body["baseline"]["spans"]), (&json!(50), &json!(150)));
    assert_eq!(body["attributes"][0]["name"], "span.user");
    assert_eq!(body["attributes"][0]["values"][0]["value"], "0");
    assert_eq!(body["path"][0]["difference_ns"], json!(50_000_000.0));
    let by_query = client.ok("/api/traces/explain?service=cart&query=%7Bduration%3E10ms%7D").await;
    assert_eq!((&by_query["attributes"], &by_query["path"]), (&body["attributes"], &body["path"]));
    for (uri, parameter) in [
        ("/api/traces/explain?service=cart", "query"),
        ("/api/traces/explain?query=%7B%7D&status=error", "query"),
        ("/api/traces/explain?status=error&baseline_from=now-1d", "baseline_to"),
        ("/api/traces/explain?min_duration=5", "min_duration"),
    ] {
        assert_eq!(client.error(uri, 400).await["parameter"], parameter, "{uri}");
    }
}

#[tokio::test]
async fn the_service_graph_has_every_edge() {
    let (store, _directory) = metrics_store(true).await;
    let client = Client::new(store);
    let body = client.ok("/api/service_graph?from=now-5m&to=now").await;
    let edges = body["edges"].as_array().unwrap();
    assert_eq!((&edges[0]["client"], &edges[0]["server"]), (&json!("shop"), &json!("bank")));
    // The same figures as beside the service.
    let shop = client.ok("/api/services/shop?from=now-5m&to=now").await;
    let callee = &shop["callees"][0]["red"];
    assert_eq!(edges[0]["red"]["calls"], callee["calls"]);
    assert!(edges[0]["red"]["p95_ms"].is_f64(), "{}", edges[0]);
    let names: Vec<&Value> = body["nodes"].as_array().unwrap().iter().map(|node| &node["name"]).collect();
    assert_eq!(names, [&json!("bank"), &json!("shop")]);
    assert_eq!(body["nodes"][0]["calls"], callee["calls"]);
    let nothing = client.ok("/api/service_graph?from=now-30d&to=now-29d").await;
    assert_eq!(nothing["edges"], json!([]));
}
