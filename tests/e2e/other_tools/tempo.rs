//! As Grafana's data source asks.

use super::{FAST, Parameters, SLOW, seed, settings};
use crate::harness::api::Api;
use crate::harness::otlp::{SECOND, trace_hex};
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn tempo_answers_from_memory_and_from_files() {
    let server = settings().start().await;
    let start = seed(&server).await;
    check(&server.api, start).await;
    let server = server.stop().start().await;
    check(&server.api, start).await;
}

async fn check(api: &Api, start: u64) {
    assert_eq!(api.answer("/tempo/api/echo", &[]).await.1, json!("echo"));
    protobuf(api, start).await;
    let (from, to) = ((start / SECOND - 10).to_string(), (start / SECOND + 100).to_string());
    let range = [("start", from.as_str()), ("end", to.as_str())];
    let searches: [(Parameters<'_>, &[u128]); 6] = [
        (&[("q", "{}"), ("limit", "20"), ("spss", "3")], &[FAST, SLOW]),
        (
            &[("q", r#"{ nestedSetParent < 0 && resource.service.name = "gateway" && duration > 100ms }"#)],
            &[SLOW],
        ),
        (&[("q", r#"{ kind = client } > { resource.service.name = "bank" && status = error }"#)], &[SLOW]),
        (&[("q", "{ span.http.response.status_code = 502 } | select(span.card.kind)")], &[SLOW]),
        (&[("tags", "service.name=gate name=products")], &[FAST]),
        (&[("q", "{ .nothing = 1 }")], &[]),
    ];
    for (parameters, expected) in searches {
        let found: Value = api.get("/tempo/api/search", &[&range, parameters].concat()).await;
        let traces = found["traces"].as_array().expect("a list of traces").iter();
        let ids: Vec<&str> = traces.map(|trace| trace["traceID"].as_str().unwrap_or_default()).collect();
        let expected: Vec<String> = expected.iter().map(|trace| trace_hex(*trace)).collect();
        assert_eq!(ids, expected, "{parameters:?}");
    }
    let tags: Value =
        api.get("/tempo/api/v2/search/tags", &[&range[..], &[("limit", "5000")]].concat()).await;
    let scopes = tags["scopes"].as_array().expect("scopes");
    let span = scopes.iter().find(|scope| scope["name"] == "span").expect("the scope span");
    assert_eq!(span["tags"], json!(["card.kind", "http.response.status_code"]));
    let path = "/tempo/api/v2/search/tag/resource.service.name/values";
    let values: Value = api.get(path, &[&range[..], &[("q", "{ status = error }")]].concat()).await;
    assert_eq!(values["tagValues"], json!([{"type": "string", "value": "bank"}]));
    let query = [("q", "{} | count_over_time() by (resource.service.name)"), ("step", "30s")];
    let series: Value = api.get("/tempo/api/metrics/query_range", &[&range[..], &query].concat()).await;
    let sums: Vec<f64> = series["series"].as_array().expect("series").iter().map(sum_of).collect();
    assert_eq!(sums, [1.0, 3.0], "{series}");
}

fn sum_of(series: &Value) -> f64 {
    let samples = series["samples"].as_array().expect("samples").iter();
    samples.map(|sample| sample["value"].as_f64().unwrap_or_default()).sum()
}

/// The answer that Grafana asks for, read by the types that OpenTelemetry generates.
async fn protobuf(api: &Api, start: u64) {
    let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client can be made");
    let url = api.url(&format!("/tempo/api/traces/{}", trace_hex(SLOW)));
    let request = client.get(url).header("Accept", "application/protobuf");
    let body = request.send().await.expect("an answer").bytes().await.expect("a body");
    let trace = TracesData::decode(body).expect("OTLP");
    let spans = trace.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans);
    let names: Vec<&str> = spans.clone().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["POST /checkout", "POST bank", "charge"]);
    assert_eq!(spans.clone().map(|span| span.start_time_unix_nano).min(), Some(start));
    let charge = spans.last().expect("three spans");
    assert_eq!(charge.status.as_ref().map(|status| status.message.as_str()), Some("declined"));
    assert_eq!(charge.attributes.len(), 1);
}
