//! Rate, errors and duration: made of every span at ingest, asked through the native API and PromQL.

use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, SpanKind, attribute, text};
use crate::harness::server::Settings;
use crate::harness::wait::{ensure, until};
use ocelli_api::services::{ServiceResponse, ServicesResponse};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);
const RANGE: [(&str, &str); 2] = [("from", "now-5m"), ("to", "now")];
const CALLS: u64 = 100;
const ERRORS: u64 = 10;

/// `CALLS` of gateway → payment, some of them failed, each with a database call.
fn calls(start: u64) -> (Vec<otlp::Span>, Vec<otlp::Span>) {
    let (mut gateway, mut payment) = (Vec::new(), Vec::new());
    for n in 0..CALLS {
        let (trace, id) = (u128::from(n) + 1, 10 * n);
        let duration = (10 + n) * MS;
        let fail = |span| if n < ERRORS { otlp::failed(span, "no") } else { span };
        gateway.push(otlp::span(trace, id + 1, 0, "POST /checkout", start, duration));
        let call = otlp::span(trace, id + 2, id + 1, "POST payment", start, duration);
        gateway.push(fail(otlp::of_kind(call, SpanKind::Client)));
        payment.push(fail(otlp::span(trace, id + 3, id + 2, "charge", start, duration)));
        let query = otlp::span(trace, id + 4, id + 3, "SELECT cards", start, MS);
        let system =
            vec![attribute("db.system.name", text("sqlite")), attribute("db.namespace", text("cards"))];
        payment.push(otlp::with(otlp::of_kind(query, SpanKind::Client), system));
    }
    (gateway, payment)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_span_is_counted() {
    let server = Settings::serve().config("red:\n  interval_s: 1\n").start().await;
    let (gateway, payment) = calls(now_ns() - SECOND);
    server.sender().send(&otlp::traces("gateway", gateway)).await;
    server.sender().send(&otlp::traces("payment", payment)).await;

    let services = until("all calls are in the figures", SOON, async || {
        let answer: ServicesResponse = server.api.try_get("/api/services", &RANGE).await?;
        let calls: Vec<f64> = answer.services.iter().map(|service| service.red.calls.round()).collect();
        ensure(calls == [CALLS as f64; 2], || format!("{calls:?}")).map(|()| answer.services)
    })
    .await;
    assert_eq!(
        services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(),
        ["gateway", "payment"]
    );
    let red = &services[1].red;
    assert!((red.error_ratio.unwrap() - ERRORS as f64 / CALLS as f64).abs() < 1e-3, "{red:?}");
    // Durations are 10 to 109 ms; an exponential bucket is a few percent wide.
    assert!((red.p50_ms.unwrap() / 59.5 - 1.0).abs() < 0.1, "{red:?}");
    assert!((red.p99_ms.unwrap() / 108.0 - 1.0).abs() < 0.1, "{red:?}");

    let payment: ServiceResponse = server.api.get("/api/services/payment", &RANGE).await;
    let operations: Vec<(&str, &str)> =
        payment.operations.iter().map(|one| (one.name.as_str(), one.kind.as_str())).collect();
    assert!(operations.contains(&("charge", "server")) && operations.contains(&("SELECT cards", "client")));
    assert_eq!(payment.callers.iter().map(|edge| edge.name.as_str()).collect::<Vec<_>>(), ["gateway"]);
    assert!(payment.callees.iter().any(|edge| edge.connection_type == "database"), "{:?}", payment.callees);
    assert!(payment.exemplars.iter().any(|exemplar| exemplar.error), "{:?}", payment.exemplars);
    assert_eq!(payment.exemplars[0].trace_id.len(), 32);

    promql(&server.api).await;
    let names: Value = server.api.get("/prometheus/api/v1/label/__name__/values", &[]).await;
    let names = names["data"].as_array().unwrap();
    for name in ["traces_span_metrics_calls_total", "traces_service_graph_request_total"] {
        assert!(names.contains(&json!(name)), "{name} in {names:?}");
    }
}

async fn promql(api: &crate::harness::api::Api) {
    let cases = [
        ("sum(traces_span_metrics_calls_total)", 4.0 * CALLS as f64),
        (
            r#"sum(traces_span_metrics_calls_total{service_name="payment",status_code="STATUS_CODE_ERROR"})"#,
            ERRORS as f64,
        ),
        (r#"sum(traces_span_metrics_calls_total{span_kind="SPAN_KIND_SERVER"})"#, 2.0 * CALLS as f64),
        (r#"sum(traces_service_graph_request_total{client="gateway",server="payment"})"#, CALLS as f64),
        (
            r#"sum(traces_service_graph_request_failed_total{client="gateway",server="payment"})"#,
            ERRORS as f64,
        ),
        (r#"histogram_count(sum(traces_span_metrics_duration_seconds{span_name="charge"}))"#, CALLS as f64),
        ("1 + 1", 2.0),
    ];
    for (query, expected) in cases {
        let answer: Value = api.get("/prometheus/api/v1/query", &[("query", query)]).await;
        let result = &answer["data"]["result"];
        let value =
            if answer["data"]["resultType"] == "scalar" { &result[1] } else { &result[0]["value"][1] };
        let value: f64 =
            value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{query}: {answer}"));
        assert_eq!(value, expected, "{query}");
    }
    let query =
        r#"histogram_quantile(0.5, sum(rate(traces_span_metrics_duration_seconds{span_name="charge"}[5m])))"#;
    let median: f64 = api.prometheus(query).await[0]["value"][1].as_str().unwrap().parse().unwrap();
    assert!((median / 0.0595 - 1.0).abs() < 0.1, "{median}");
    let (status, body) = api.answer("/prometheus/api/v1/query", &[("query", "sum(")]).await;
    assert_eq!((status.as_u16(), &body["errorType"]), (400, &json!("bad_data")), "{body}");
}
