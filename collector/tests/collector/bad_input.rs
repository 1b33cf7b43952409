//! Every way to send something bad over HTTP: the status, the words, the counter.

use crate::samples;
use crate::support::{Answer, World, gzip};
use http::Request;
use ocelli_collector::limits::{DecodeLimits, Limits};
use ocelli_collector::{Ledger, SinkError};
use ocelli_signal::Signal;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// `google.rpc.Status`, as prost would make it.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

fn body() -> Vec<u8> {
    samples::spans(vec![samples::span(1)]).encode_to_vec()
}

async fn post_packed(world: &World, encoding: &str, body: Vec<u8>) -> Answer {
    let request =
        Request::post("/v1/traces").header("content-type", PROTOBUF).header("content-encoding", encoding);
    world.send(request.body(body.into()).unwrap()).await
}

fn status_of(answer: &Answer) -> RpcStatus {
    assert_eq!(answer.header("content-type"), PROTOBUF);
    RpcStatus::decode(answer.body.clone()).unwrap()
}

#[tokio::test]
async fn malformed_protobuf() {
    let world = World::new();
    let whole = body();
    let answer = world.post("/v1/traces", PROTOBUF, whole[..whole.len() - 1].to_vec()).await;
    assert_eq!(answer.status, 400);
    let status = status_of(&answer);
    let message = "the body can't be decoded: malformed protobuf: the message ends in the middle of a field";
    assert_eq!((status.code, status.message.as_str()), (3, message));
    assert_eq!((world.refused("malformed"), world.rows()), (1, 0));
    // The right bytes at the wrong path are some other message, not a crash.
    assert_eq!(world.post("/v1/logs", PROTOBUF, &b"not protobuf at all"[..]).await.status, 400);
}

#[tokio::test]
async fn malformed_json() {
    let world = World::new();
    let answer = world.post("/v1/logs", JSON, "{\"resourceLogs\": [\n  {\"scopeLogs\": 5}]}").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (400, JSON));
    let expected = serde_json::json!({"code": 3, "message": "the body can't be decoded: malformed JSON: \
        resourceLogs[0].scopeLogs: invalid type: integer `5`, expected a list at line 2 column 17"});
    assert_eq!(answer.json()["code"], expected["code"]);
    assert!(
        answer.json()["message"].as_str().unwrap().contains("resourceLogs[0].scopeLogs: invalid"),
        "{}",
        answer.text()
    );
    assert!(answer.json()["message"].as_str().unwrap().contains("at line 2 column"), "{}", answer.text());
    assert_eq!(world.refused("malformed"), 1);
}

#[tokio::test]
async fn a_wrong_content_type_or_encoding() {
    let world = World::new();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let answer = world.post("/v1/metrics", content_type, body()).await;
        assert_eq!(answer.status, 415, "{content_type}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert!(
            answer.text().contains("send application/x-protobuf or application/json"),
            "{}",
            answer.text()
        );
    }
    let answer = post_packed(&world, "br", body()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (415, "text/plain; charset=utf-8"));
    assert_eq!((world.refused("unsupported_content_type"), world.refused("unsupported_encoding")), (4, 1));
}

#[tokio::test]
async fn a_wrong_method() {
    let world = World::new();
    for method in ["GET", "PUT", "DELETE"] {
        let request = Request::builder().method(method).uri("/v1/traces").body(axum::body::Body::empty());
        let answer = world.send(request.unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
        assert_eq!(answer.headers.get_all("allow").iter().count(), 1);
        assert_eq!(answer.text(), format!("method {method} is not allowed; use POST\n"));
    }
    assert_eq!(world.refused("wrong_method"), 3);
}

#[tokio::test]
async fn too_large_before_and_after_decompression() {
    let limits = Limits { body_bytes: 500, decompressed_bytes: 1000, ..Limits::default() };
    let world = World::with_limits(limits);
    let answer = world.post("/v1/traces", PROTOBUF, vec![0; 501]).await;
    let status = status_of(&answer);
    assert_eq!((answer.status.as_u16(), status.code), (413, 8));
    assert_eq!(status.message, "the body is larger than 500 bytes; send smaller batches");
    assert_eq!((answer.header("retry-after"), status.details.len()), ("", 0));
    // Without a declared length it is found out while reading.
    let chunks = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![0; 100]));
    let answer = world.post("/v1/traces", PROTOBUF, axum::body::Body::from_stream(chunks)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(world.refused("body_too_large"), 2);

    let answer = post_packed(&world, "gzip", gzip(&vec![0; 1001])).await;
    let status = status_of(&answer);
    assert_eq!((answer.status.as_u16(), status.code), (413, 8));
    assert_eq!(status.message, "the decompressed body is larger than 1000 bytes; send smaller batches");
    let answer = post_packed(&world, "zstd", zstd::encode_all(&vec![0; 100_000][..], 1).unwrap()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(world.refused("decompressed_too_large"), 2);
}

#[tokio::test]
async fn too_many_items() {
    let decode = DecodeLimits { items: 3, ..DecodeLimits::default() };
    let world = World::with_limits(Limits { decode, ..Limits::default() });
    let request = samples::spans((1..=4).map(samples::span).collect());
    let answer = world.post("/v1/traces", PROTOBUF, request.encode_to_vec()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(status_of(&answer).message, "the request holds more than 3 spans; send smaller batches");
    assert_eq!((world.refused("too_many_items"), world.rows()), (1, 0));
}

#[tokio::test]
async fn packed_wrongly() {
    let world = World::new();
    for encoding in ["gzip", "zstd", "deflate"] {
        let answer = post_packed(&world, encoding, b"not packed".to_vec()).await;
        assert_eq!((answer.status.as_u16(), status_of(&answer).code), (400, 3), "{encoding}");
    }
    assert_eq!(world.refused("bad_compression"), 3);
}

#[tokio::test]
async fn overload_says_when_to_come_back() {
    let world = World::new();
    let retry_after = Duration::from_millis(2500);
    world.fail_with(Some(SinkError::Overloaded { retry_after, reason: "memtable full".into() }));
    let answer = world.post("/v1/traces", PROTOBUF, body()).await;
    let status = status_of(&answer);
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "3"));
    assert_eq!((status.code, status.message.as_str()), (14, "overloaded: memtable full"));
    assert_eq!(status.details[0].type_url, "type.googleapis.com/google.rpc.RetryInfo");
    // RetryInfo { retry_delay: Duration { seconds: 2, nanos: 500_000_000 } }
    assert_eq!(status.details[0].value, [0x0a, 8, 0x08, 2, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
    let answer = world.post("/v1/traces", JSON, include_str!("../otlp/trace.json")).await;
    assert_eq!(answer.json()["details"][0]["retryDelay"], "2.5s");

    world.fail_with(Some(SinkError::Unavailable { reason: "disk full".into() }));
    let answer = world.post("/v1/traces", PROTOBUF, body()).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
    world.fail_with(Some(SinkError::Invalid { reason: "too wide".into() }));
    let answer = world.post("/v1/traces", PROTOBUF, body()).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (400, ""));
    let refused = ["overloaded", "unavailable", "invalid"].map(|reason| world.refused(reason));
    assert_eq!(refused, [2, 1, 1]);
    assert_eq!(world.ledger.snapshot().totals(Signal::Spans), (0, 0, 0));
}

#[tokio::test]
async fn memory_is_bounded_over_all_requests() {
    let body = body();
    let world = World::with_limits(Limits { in_flight_bytes: body.len() + 10, ..Limits::default() });
    world.sink.permits.forget_permits(1000);
    let mut first = Box::pin(world.post("/v1/traces", PROTOBUF, body.clone()));
    while world.sink.permits.available_permits() > 0 || futures::poll!(&mut first).is_ready() {}
    let other = samples::spans(vec![samples::span(2)]).encode_to_vec();
    let answer = world.post("/v1/traces", PROTOBUF, other.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "1"));
    world.sink.permits.add_permits(2);
    assert_eq!(first.await.status, 200);
    assert_eq!(world.post("/v1/traces", PROTOBUF, other).await.status, 200);
    assert_eq!(world.rows(), 2);
}

/// Waits until the ledger has counted a reason.
async fn wait_for(ledger: &Arc<Ledger>, reason: &str) {
    let give_up = Instant::now() + Duration::from_secs(10);
    while !ledger.snapshot().refused().contains_key(reason) {
        assert!(Instant::now() < give_up, "{reason} is never counted");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_connection_closed_in_the_middle_of_the_body() {
    let world = World::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, world.router.clone()).into_future());
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: 1000\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    client.write_all(&[1; 100]).await.unwrap();
    drop(client);
    wait_for(&world.ledger, "closed_connection").await;
    assert_eq!(world.refused("closed_connection"), 1);

    // The next client is served as if nothing had happened.
    let body = ExportTraceServiceRequest::default().encode_to_vec();
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client.write_all(head.replace("1000", &body.len().to_string()).as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    server.abort();
}

use std::future::IntoFuture;
