//! Clients that nobody here wrote: the OpenTelemetry SDKs of Python and Node send all three signals;
//! every span, point and record comes back with its values and types, from memory and from files.

use crate::compare::assert_same;
use crate::harness::api::Api;
use crate::harness::installed;
use crate::harness::process::run;
use crate::harness::server::{Server, Settings};
use ocelli_api::metrics::MetricPointsResponse;
use ocelli_api::traces::TraceResponse;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(90);
const COMPRESSIONS: [&str; 2] = ["none", "gzip"];

#[tokio::test(flavor = "multi_thread")]
async fn python_over_grpc() {
    check(|server, compression, service| {
        python(&["grpc", &format!("http://{}", server.grpc), compression, service])
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_over_http_protobuf() {
    check(|server, compression, service| python(&["http", &server.push_url(), compression, service])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_over_http_json() {
    check(|server, compression, service| {
        let mut node = Command::new("node");
        node.env("NODE_PATH", installed("OCELLI_TEST_NODE_DIR").join("node_modules"));
        node.arg(script("node/send.cjs")).arg(server.push_url()).args([compression, service]);
        node
    })
    .await;
}

fn python(arguments: &[&str]) -> Command {
    let mut python = Command::new(installed("OCELLI_TEST_PYTHON"));
    // Nothing is to be written beside the sources.
    python.env("PYTHONDONTWRITEBYTECODE", "1").arg(script("python/send.py")).args(arguments);
    python
}

fn script(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/clients").join(path)
}

/// Lets a client send with and without compression, and reads everything back, before and after a
/// restart.
async fn check(client: impl Fn(&Server, &str, &str) -> Command) {
    let server = Settings::serve().start().await;
    let mut sent = Vec::new();
    for compression in COMPRESSIONS {
        let service = format!("client-{compression}");
        let ended = run(&mut client(&server, compression, &service), b"", LIMIT);
        assert!(ended.status.success(), "the client failed: {}", ended.stderr);
        let batch: Value = serde_json::from_str(&ended.stdout).expect("the client prints what it sent");
        sent.push((service, batch));
    }
    let system = server.api.system().await;
    assert!(system.refused_requests.is_empty(), "{:?}", system.refused_requests);
    for ledger in &system.ingest {
        let wanted: usize =
            sent.iter().map(|(_, batch)| batch[&ledger.signal].as_array().unwrap().len()).sum();
        assert_eq!((ledger.received, ledger.stored), (wanted as u64, wanted as u64), "{}", ledger.signal);
    }
    for (service, batch) in &sent {
        read_back(&server.api, service, batch).await;
    }
    let server = server.stop().start().await;
    for (service, batch) in &sent {
        read_back(&server.api, service, batch).await;
    }
}

async fn read_back(api: &Api, service: &str, sent: &Value) {
    let of = |signal: &str| sent[signal].as_array().unwrap().clone();
    spans(api, &of("spans")).await;
    points(api, service, of("points")).await;
    logs(api, service, of("logs")).await;
}

async fn spans(api: &Api, sent: &[Value]) {
    assert!(!sent.is_empty());
    let mut traces: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for span in sent {
        let (trace, id) = (span["trace_id"].as_str().unwrap(), span["span_id"].as_str().unwrap());
        traces.entry(trace).or_default().insert(id.to_owned());
        let found: Value = api.get(&format!("/api/traces/{trace}/spans/{id}"), &[]).await;
        assert_same(span["name"].as_str().unwrap(), span, &found);
    }
    for (trace, ids) in traces {
        let found: TraceResponse = api.get(&format!("/api/traces/{trace}"), &[]).await;
        let found: BTreeSet<String> = found.spans.span_id.into_iter().collect();
        assert_eq!(found, ids, "the spans of trace {trace}");
    }
}

async fn points(api: &Api, service: &str, sent: Vec<Value>) {
    assert!(!sent.is_empty());
    let names: BTreeSet<&str> = sent.iter().map(|point| point["name"].as_str().unwrap()).collect();
    let mut found = Vec::new();
    for name in names {
        let answer: MetricPointsResponse = api.find("/api/metrics/points", &[("name", name)]).await;
        found.extend(answer.series.iter().flat_map(|series| flat(&json!(series))));
    }
    let wanted = json!({"key": "service.name", "value": {"stringValue": service}});
    found.retain(|point| point["resource"]["attributes"].as_array().unwrap().contains(&wanted));
    let key = |point: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut attributes: Vec<String> =
            point["attributes"].as_array().unwrap().iter().map(|one| one.to_string()).collect();
        attributes.sort();
        (text(&point["name"]), attributes, text(&point["point"]["time"]))
    };
    assert_all_same("point", sent, found, key);
}

/// One entry a point, as the clients print them.
fn flat(series: &Value) -> Vec<Value> {
    let points = series["points"].as_array().unwrap();
    points
        .iter()
        .map(|point| {
            let mut flat = series.clone();
            flat.as_object_mut().unwrap().remove("points");
            flat["point"] = point.clone();
            flat
        })
        .collect()
}

async fn logs(api: &Api, service: &str, sent: Vec<Value>) {
    assert!(!sent.is_empty());
    // A page that is smaller than the answer: paging is part of the way back.
    let found = api.all_logs(&format!("service:{service}"), 7).await;
    let found = found.iter().map(|record| json!(record)).collect();
    let key = |record: &Value| {
        let fields = ["time", "observed_time", "severity_number", "body", "attributes"];
        fields.map(|field| record[field].to_string())
    };
    assert_all_same("log record", sent, found, key);
}

/// Compares item by item, in the order of a key.
fn assert_all_same<K: Ord>(
    what: &str,
    mut sent: Vec<Value>,
    mut found: Vec<Value>,
    key: impl Fn(&Value) -> K,
) {
    assert_eq!(found.len(), sent.len(), "{what}s sent and found");
    sent.sort_by_cached_key(&key);
    found.sort_by_cached_key(&key);
    for (sent, found) in sent.iter().zip(&found) {
        assert_same(what, sent, found);
    }
}
