//! As Grafana's data source and Jaeger's UI ask.

use super::{FAST, Parameters, SLOW, seed, settings};
use crate::harness::api::Api;
use crate::harness::otlp::{SECOND, trace_hex};
use crate::harness::wait::{ensure, until};
use serde_json::{Value, json};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn jaeger_answers_from_memory_and_from_files() {
    let server = settings().start().await;
    let start = seed(&server).await;
    until("both services and the call between them are known", SOON, async || {
        let services: Value = server.api.try_get("/jaeger/api/services", &[]).await?;
        let edges: Value = server.api.try_get("/jaeger/api/dependencies", &[]).await?;
        let known = services["data"] == json!(["bank", "gateway"])
            && edges["data"] == json!([{"parent": "gateway", "child": "bank", "callCount": 1}]);
        ensure(known, || format!("{services} {edges}"))
    })
    .await;
    check(&server.api, start).await;
    let server = server.stop().start().await;
    check(&server.api, start).await;
}

async fn check(api: &Api, start: u64) {
    let names: Value = api.get("/jaeger/api/services/gateway/operations", &[]).await;
    assert_eq!(names["data"], json!(["GET /products", "POST /checkout", "POST bank"]));
    let operations: Value =
        api.get("/jaeger/api/operations", &[("service", "gateway"), ("spanKind", "client")]).await;
    assert_eq!(operations["data"], json!([{"name": "POST bank", "spanKind": "client"}]));

    let end = ((start + 10 * SECOND) / 1_000).to_string();
    let start_us = (start / 1_000).to_string();
    let range =
        [("start", start_us.as_str()), ("end", end.as_str()), ("lookback", "custom"), ("limit", "20")];
    let searches: [(Parameters<'_>, &[u128]); 6] = [
        (&[("service", "gateway")], &[FAST, SLOW]),
        (&[("service", "gateway"), ("operation", "GET /products")], &[FAST]),
        (&[("service", "gateway"), ("minDuration", "100ms")], &[SLOW]),
        (&[("service", "gateway"), ("tags", r#"{"http.response.status_code":"502"}"#)], &[SLOW]),
        (&[("service", "bank"), ("tags", r#"{"error":"true"}"#), ("tag", "card.kind:debit")], &[SLOW]),
        (&[("service", "bank"), ("tag", "card.kind:credit")], &[]),
    ];
    for (parameters, expected) in searches {
        let found: Value = api.get("/jaeger/api/traces", &[&range, parameters].concat()).await;
        let ids: Vec<&str> = found["data"].as_array().expect("a list of traces").iter().map(id_of).collect();
        let expected: Vec<String> = expected.iter().map(|trace| trace_hex(*trace)).collect();
        assert_eq!(ids, expected, "{parameters:?}");
    }

    let trace: Value = api.get(&format!("/jaeger/api/traces/{}", trace_hex(SLOW)), &[]).await;
    let trace = &trace["data"][0];
    let names: Vec<&Value> = (0..3).map(|at| &trace["spans"][at]["operationName"]).collect();
    assert_eq!(names, ["POST /checkout", "POST bank", "charge"]);
    let charge = &trace["spans"][2];
    assert_eq!(charge["duration"], json!(600_000));
    assert_eq!(charge["references"][0]["refType"], "CHILD_OF");
    let process = charge["processID"].as_str().expect("a process");
    assert_eq!(trace["processes"][process]["serviceName"], "bank");
    let (status, body) = api.answer("/jaeger/api/traces/dead", &[]).await;
    assert_eq!((status.as_u16(), &body["errors"][0]["msg"]), (404, &json!("trace not found")));
}

fn id_of(trace: &Value) -> &str {
    trace["traceID"].as_str().unwrap_or_default()
}
