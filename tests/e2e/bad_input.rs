//! What is wrong gets a clear status and message and is counted by reason; what is good of it is kept.

use crate::harness::api::{Api, count_of};
use crate::harness::now_ns;
use crate::harness::otlp::{self, trace_hex};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::traces::TraceResponse;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const WITHIN: Duration = Duration::from_secs(10);
const PATHS: [&str; 3] = ["/v1/traces", "/v1/metrics", "/v1/logs"];
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Small bounds, so that going over them costs nothing.
pub const SMALL: &str = "ingest:\n  max_body_bytes: 100000\n  max_decompressed_bytes: 1000000\n";

struct Bad {
    name: &'static str,
    method: &'static str,
    /// None: each of the three.
    path: Option<&'static str>,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    /// Of the answer.
    content_type: &'static str,
    says: &'static str,
    reason: &'static str,
}

impl Bad {
    fn post(name: &'static str, content_type: &'static str, body: impl Into<Vec<u8>>) -> Bad {
        Bad {
            name,
            method: "POST",
            path: None,
            headers: vec![("content-type", content_type)],
            body: body.into(),
            status: 400,
            content_type,
            says: "can't be decoded",
            reason: "malformed",
        }
    }

    fn packed(self, encoding: &'static str) -> Bad {
        let mut headers = self.headers;
        headers.push(("content-encoding", encoding));
        Bad { headers, ..self }
    }

    fn answered(
        self,
        status: u16,
        content_type: &'static str,
        says: &'static str,
        reason: &'static str,
    ) -> Bad {
        Bad { status, content_type, says, reason, ..self }
    }
}

fn table() -> Vec<Bad> {
    let bomb = vec![0; 8_000_000];
    let text = "text/plain; charset=utf-8";
    let too_large = "the decompressed body is larger than 1000000 bytes";
    vec![
        Bad::post("no protobuf", PROTOBUF, [0xff; 20]),
        Bad::post("a length beyond the end", PROTOBUF, [0x0a, 0x7f, 0x01]),
        Bad::post("no JSON", JSON, "{\"resourceSpans\": ["),
        Bad::post("JSON of another shape", JSON, "[1, 2]"),
        Bad::post("another content type", "text/csv", "a,b").answered(
            415,
            text,
            "content type 'text/csv' is not supported",
            "unsupported_content_type",
        ),
        Bad { headers: Vec::new(), ..Bad::post("no content type", "", "x") }.answered(
            415,
            text,
            "send application/x-protobuf or application/json",
            "unsupported_content_type",
        ),
        Bad::post("another encoding", PROTOBUF, "x").packed("br").answered(
            415,
            text,
            "content encoding 'br' is not supported",
            "unsupported_encoding",
        ),
        Bad::post("no gzip", PROTOBUF, "plain").packed("gzip").answered(
            400,
            PROTOBUF,
            "can't be decompressed",
            "bad_compression",
        ),
        Bad::post("no zstd", JSON, "plain").packed("zstd").answered(
            400,
            JSON,
            "can't be decompressed",
            "bad_compression",
        ),
        Bad::post("a gzip bomb", PROTOBUF, gzip(&bomb)).packed("gzip").answered(
            413,
            PROTOBUF,
            too_large,
            "decompressed_too_large",
        ),
        Bad::post("a zstd bomb", JSON, zstd::encode_all(&*bomb, 1).unwrap()).packed("zstd").answered(
            413,
            JSON,
            too_large,
            "decompressed_too_large",
        ),
        Bad { method: "GET", ..Bad::post("a wrong method", PROTOBUF, "") }.answered(
            405,
            text,
            "method GET is not allowed; use POST",
            "wrong_method",
        ),
        Bad { path: Some("/v1/spans"), ..Bad::post("an unknown path", PROTOBUF, "") }.answered(
            404,
            text,
            "/v1/traces, /v1/metrics or /v1/logs",
            "unknown_path",
        ),
    ]
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_request_is_answered_and_counted() {
    let server = Settings::serve().config(SMALL).start().await;
    for bad in table() {
        let paths = bad.path.map_or(PATHS.to_vec(), |path| vec![path]);
        for path in paths {
            send_bad(&server, &bad, path).await;
        }
    }
    nothing_was_kept(&server.api).await;
}

async fn send_bad(server: &Server, bad: &Bad, path: &str) {
    let name = format!("{} at {path}", bad.name);
    let before = refused(&server.api, bad.reason).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.request(bad.method.parse().unwrap(), format!("{}{path}", server.push_url()));
    for (key, value) in &bad.headers {
        request = request.header(*key, *value);
    }
    let response =
        request.body(bad.body.clone()).send().await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.unwrap();
    let said = String::from_utf8_lossy(&body);
    assert_eq!(status, bad.status, "{name}: {said}");
    assert_eq!(headers["content-type"], bad.content_type, "{name}: {said}");
    assert!(said.contains(bad.says), "{name}: {said}");
    if status == 405 {
        assert_eq!(headers["allow"], "POST", "{name}");
    }
    if bad.content_type == JSON {
        let status: Value = serde_json::from_slice(&body).unwrap();
        assert!(
            status["code"].is_number() && status["message"].is_string(),
            "{name}: no google.rpc.Status: {said}"
        );
    }
    assert_eq!(refused(&server.api, bad.reason).await, before + 1, "{name}: {} counted", bad.reason);
}

pub async fn refused(api: &Api, reason: &str) -> u64 {
    count_of(&api.system().await.refused_requests, reason)
}

pub async fn nothing_was_kept(api: &Api) {
    let system = api.system().await;
    assert!(system.ingest.iter().all(|ledger| ledger.received == 0), "{:?}", system.ingest);
    assert!(system.empty);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let server = Settings::serve().config(SMALL).start().await;
    let head = |length: &str| head(&server, "/v1/traces", length);
    let declared = head("content-length: 90000000000").into_bytes();
    let mut chunked = head("transfer-encoding: chunked").into_bytes();
    for _ in 0..20 {
        chunked.extend_from_slice(b"2710\r\n");
        chunked.extend_from_slice(&[0; 10_000]);
        chunked.extend_from_slice(b"\r\n");
    }
    for (name, request) in [("declared", declared), ("found", chunked)] {
        let mut connection = TcpStream::connect(server.http).await.unwrap();
        // The server may close before all is written.
        let _ = connection.write_all(&request).await;
        let mut answer = [0; 4096];
        let read = tokio::time::timeout(WITHIN, connection.read(&mut answer)).await;
        let read = read.unwrap_or_else(|_| panic!("{name}: no answer")).unwrap();
        let answer = String::from_utf8_lossy(&answer[..read]);
        assert!(answer.starts_with("HTTP/1.1 413"), "{name}: {answer}");
        assert!(answer.contains("larger than 100000 bytes; send smaller batches"), "{name}: {answer}");
    }
    assert_eq!(refused(&server.api, "body_too_large").await, 2);
    nothing_was_kept(&server.api).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_closed_in_the_middle_of_the_body_is_counted() {
    let server = Settings::serve().start().await;
    let mut connection = TcpStream::connect(server.http).await.unwrap();
    let head = head(&server, "/v1/logs", "content-length: 1000");
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(&[0x0a; 10]).await.unwrap();
    drop(connection);
    until("it is counted", WITHIN, async || {
        let count = refused(&server.api, "closed_connection").await;
        ensure(count == 1, || format!("{count} times"))
    })
    .await;
    nothing_was_kept(&server.api).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_good_part_of_a_bad_request_is_kept() {
    let server = Settings::serve().start().await;
    let now = now_ns();
    // A span without a trace, between two good ones.
    let spans = vec![
        otlp::span(7, 1, 0, "first", now, 1000),
        otlp::span(0, 2, 0, "no trace", now, 1000),
        otlp::span(7, 3, 1, "second", now, 1000),
    ];
    let answer = server.sender().try_send(&otlp::traces("good", spans)).await.unwrap();
    let partial = answer.partial_success.expect("the sender is told");
    assert_eq!(partial.rejected_spans, 1);
    assert!(partial.error_message.contains("trace_id must be 16 bytes"), "{}", partial.error_message);
    let trace: TraceResponse = server.api.get(&format!("/api/traces/{}", trace_hex(7)), &[]).await;
    assert_eq!(trace.operations.len(), 2, "{:?}", trace.operations);

    let record =
        |body: &str, time: u64| json!({"timeUnixNano": time.to_string(), "body": {"stringValue": body}});
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        record("kept", now), record("after the year 2262", u64::MAX)]}]}]});
    assert_eq!(post_json(&server, "/v1/logs", &logs).await["partialSuccess"]["rejectedLogRecords"], "1");
    let metrics = json!({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "g", "gauge": {"dataPoints": [
        {"timeUnixNano": now.to_string(), "asInt": "5"},
        {"timeUnixNano": u64::MAX.to_string(), "asInt": "6"}]}}]}]}]});
    assert_eq!(
        post_json(&server, "/v1/metrics", &metrics).await["partialSuccess"]["rejectedDataPoints"],
        "1"
    );

    let kept = server.api.all_logs("", 100).await;
    assert_eq!(kept.iter().map(|record| record.body_text.as_str()).collect::<Vec<_>>(), ["kept"]);
    let points: Value = server.api.find("/api/metrics/points", &[("name", "g")]).await;
    assert_eq!(points["series"][0]["points"].as_array().map(Vec::len), Some(1), "{points}");
    let ledger = server.api.system().await.ingest;
    let figures = |signal: &str, reason: &str| {
        let one = ledger.iter().find(|one| one.signal == signal).unwrap();
        (one.received, one.stored, one.rejected, count_of(&one.rejected_by_reason, reason))
    };
    assert_eq!(figures("spans", "invalid_trace_id"), (3, 2, 1, 1));
    assert_eq!(figures("logs", "invalid_time"), (2, 1, 1, 1));
    assert_eq!(figures("points", "invalid_time"), (2, 1, 1, 1));
}

async fn post_json(server: &Server, path: &str, body: &Value) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.post(format!("{}{path}", server.push_url())).json(body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// The first lines of a request, for what no HTTP client would send.
fn head(server: &Server, path: &str, length: &str) -> String {
    let host = server.http;
    format!("POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {PROTOBUF}\r\n{length}\r\n\r\n")
}

/// A page of somebody else that gives this machine another name must not reach it.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_by_another_name_is_refused() {
    let server = Settings::serve().start().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let push = format!("{}/v1/logs", server.push_url());
    for request in
        [client.get(server.api.url("/api/system")), client.get(server.api.url("/")), client.post(push)]
    {
        let response = request.header("host", "attacker.example").send().await.unwrap();
        assert_eq!(response.status(), 421, "{}", response.url());
        assert!(response.text().await.unwrap().contains("attacker.example"));
    }
    nothing_was_kept(&server.api).await;
}
