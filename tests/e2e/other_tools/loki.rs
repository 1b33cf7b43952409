//! As Grafana's data source asks.

use super::settings;
use crate::harness::api::Api;
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND};
use crate::harness::server::Server;
use serde_json::{Value, json};

/// Lines of two services, of JSON and of logfmt; gives when they began.
async fn seed(server: &Server) -> u64 {
    let start = now_ns() / SECOND * SECOND - 30 * SECOND;
    let line = |at: u64, severity: i32, body: &str| otlp::log(start + at * MS, severity, body);
    let sender = server.sender();
    let cart = vec![
        line(0, 9, r#"{"path": "/cart", "took_ms": 12, "user": {"id": "u1"}}"#),
        line(1_000, 17, r#"{"path": "/pay", "took_ms": 900, "user": {"id": "u2"}}"#),
        line(2_000, 9, "not json"),
    ];
    sender.send(&otlp::logs("cart", cart)).await;
    let payment = vec![
        line(500, 9, r#"msg="card charged" took=30ms size=2KB"#),
        line(1_500, 13, r#"msg="card declined" took=1.5s size=3KB"#),
    ];
    sender.send(&otlp::logs("payment", payment)).await;
    start
}

#[tokio::test(flavor = "multi_thread")]
async fn loki_answers_from_memory_and_from_files() {
    let server = settings().start().await;
    let start = seed(&server).await;
    check(&server.api, start).await;
    let server = server.stop().start().await;
    check(&server.api, start).await;
}

async fn check(api: &Api, start: u64) {
    let answer: Value = api.get("/loki/api/v1/query", &[("query", "vector(1)+vector(1)")]).await;
    assert_eq!(answer["data"]["result"][0]["value"][1], "2");
    lines(api, start).await;
    samples(api, start).await;
    let range = bounds(start);
    let range: Vec<(&str, &str)> = range.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let labels: Value = api.get("/loki/api/v1/labels", &range).await;
    assert_eq!(labels, json!({ "status": "success", "data": ["service_name"] }));
    let values: Value = api.get("/loki/api/v1/label/service_name/values", &range).await;
    assert_eq!(values["data"], json!(["cart", "payment"]));
    let with_query = |query: &'static str| [&range[..], &[("query", query)]].concat();
    let stats: Value = api.get("/loki/api/v1/index/stats", &with_query(r#"{service_name="payment"}"#)).await;
    assert_eq!((&stats["streams"], &stats["entries"]), (&json!(1), &json!(2)));
    let fields: Value =
        api.get("/loki/api/v1/detected_fields", &with_query(r#"{service_name="payment"}"#)).await;
    let fields = fields["fields"].as_array().expect("fields").iter();
    let took = fields.clone().find(|field| field["label"] == "took").expect("the field took");
    assert_eq!((&took["type"], &took["parsers"]), (&json!("duration"), &json!(["logfmt"])));
    let (status, body) = api.answer("/loki/api/v1/query_range", &[("query", "{a=\"b\"} | jsn")]).await;
    assert_eq!(status, 400);
    let text = body.as_str().expect("a line of text");
    assert!(text.starts_with("parse error at line 1, col "), "{text}");
}

fn bounds(start: u64) -> [(&'static str, String); 2] {
    [("start", start.to_string()), ("end", (start + 10 * SECOND).to_string())]
}

async fn range(api: &Api, start: u64, query: &str, more: &[(&str, &str)]) -> Value {
    let bounds = bounds(start);
    let bounds: Vec<(&str, &str)> = bounds.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut answer: Value =
        api.get("/loki/api/v1/query_range", &[&bounds[..], &[("query", query)], more].concat()).await;
    assert_eq!(answer["status"], "success", "{query}: {answer}");
    answer["data"].take()
}

async fn lines(api: &Api, start: u64) {
    let cases: [(&str, &[&str]); 8] = [
        (r#"{service_name="cart"} |= "pay""#, &[r#"{"path": "/pay", "took_ms": 900, "user": {"id": "u2"}}"#]),
        (
            r#"{service_name=~".+"} | detected_level=~"error|warn" | line_format "{{.service_name}} {{.detected_level}}""#,
            &["payment warn", "cart error"],
        ),
        (r#"{service_name="cart"} | json | user_id="u1" | line_format "{{.took_ms}}""#, &["12"]),
        (r#"{service_name="cart"} | json | __error__="JSONParserErr""#, &["not json"]),
        (r#"{service_name="payment"} | logfmt | took > 1s | line_format "{{.msg}}""#, &["card declined"]),
        (r#"{service_name="payment"} | logfmt | size <= 2KB | line_format "{{.msg}}""#, &["card charged"]),
        (
            r#"{service_name="payment"} | pattern "msg=\"card <what>\" <_>" | line_format "{{ ToUpper .what }}""#,
            &["DECLINED", "CHARGED"],
        ),
        (r#"{service_name="nobody"}"#, &[]),
    ];
    for (query, expected) in cases {
        let found = range(api, start, query, &[("direction", "backward"), ("limit", "10")]).await;
        let streams = found["result"].as_array().expect("streams").iter();
        let mut lines: Vec<(&str, &str)> = streams
            .flat_map(|stream| stream["values"].as_array().expect("values"))
            .map(|value| (value[0].as_str().expect("a time"), value[1].as_str().expect("a line")))
            .collect();
        lines.sort_by(|a, b| b.cmp(a));
        let lines: Vec<&str> = lines.into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, expected, "{query}");
    }
}

async fn samples(api: &Api, start: u64) {
    let found = range(
        api,
        start,
        r#"sum by (service_name) (count_over_time({service_name=~".+"}[10s]))"#,
        &[("step", "10s")],
    )
    .await;
    let end = start / SECOND + 10;
    let series = |name: &str, values: Value| json!({ "metric": { "service_name": name }, "values": values });
    // The first line lies right at the first step.
    let expected =
        [series("cart", json!([[start / SECOND, "1"], [end, "2"]])), series("payment", json!([[end, "2"]]))];
    assert_eq!(found["result"], json!(expected));
    let time = end.to_string();
    let cases = [
        (r#"sum(rate({service_name="payment"}[10s]))"#, "0.2"),
        (r#"max(max_over_time({service_name="payment"} | logfmt | unwrap duration(took) [10s]))"#, "1.5"),
        (r#"sum(sum_over_time({service_name="payment"} | logfmt | unwrap bytes(size) [10s])) / 1000"#, "5"),
        (r#"sum(count_over_time({service_name="cart"} | json | __error__="" | took_ms > 100 [1m]))"#, "1"),
    ];
    for (query, expected) in cases {
        let answer: Value = api.get("/loki/api/v1/query", &[("query", query), ("time", &time)]).await;
        assert_eq!(answer["data"]["result"][0]["value"][1], expected, "{query}: {answer}");
    }
}
