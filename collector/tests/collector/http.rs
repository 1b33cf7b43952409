//! OTLP over HTTP: encodings, answers, retries.

use crate::samples;
use crate::support::{World, gzip};
use ocelli_collector::SinkError;
use ocelli_signal::Signal;
use ocelli_signal::logs::Logs;
use ocelli_signal::points::Points;
use ocelli_signal::spans::Spans;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use std::sync::atomic::Ordering;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

fn two_spans() -> ExportTraceServiceRequest {
    samples::spans(vec![samples::span(1), samples::span(2)])
}

#[tokio::test]
async fn success_has_no_partial_success() {
    let world = World::new();
    let answer = world.post("/v1/traces", PROTOBUF, two_spans().encode_to_vec()).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type"), &answer.body[..]),
        (200, PROTOBUF, &b""[..])
    );
    assert_eq!(ExportTraceServiceResponse::decode(answer.body).unwrap().partial_success, None);
    assert_eq!(world.ledger.snapshot().totals(Signal::Spans), (2, 2, 0));
    assert_eq!(Spans::new(&world.batches()[0].rows).unwrap().row(1).name, "GET /2");
    assert_eq!(world.sink.batches.lock().unwrap()[0].0, "default");
}

#[tokio::test]
async fn an_empty_request_is_a_success() {
    let world = World::new();
    for path in ["/v1/traces", "/v1/metrics", "/v1/logs"] {
        assert_eq!(world.post(path, PROTOBUF, vec![]).await.status, 200);
        assert_eq!(world.post(path, JSON, "{}").await.text(), "{}");
    }
    assert_eq!(world.batches().len(), 0);
}

#[tokio::test]
async fn the_examples_of_the_specification_in_json() {
    let world = World::new();
    for (path, body) in [
        ("/v1/traces", include_str!("../otlp/trace.json")),
        ("/v1/metrics", include_str!("../otlp/metrics.json")),
        ("/v1/logs", include_str!("../otlp/logs.json")),
    ] {
        let answer = world.post(path, "application/json; charset=utf-8", body).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type"), answer.text()), (200, JSON, "{}"));
    }
    let batches = world.batches();
    let spans = Spans::new(&batches[0].rows).unwrap();
    assert_eq!(
        (spans.row(0).name, spans.row(0).kind, spans.service(0)),
        ("I'm a server span", 2, "my.service")
    );
    assert_eq!(spans.row(0).trace_id[..4], [0x5b, 0x8e, 0xff, 0xf7]);
    assert_eq!(Points::new(&batches[1].rows).unwrap().len(), 4);
    let logs = Logs::new(&batches[2].rows).unwrap();
    assert_eq!((logs.row(0).body, logs.row(0).severity_number), ("Example log record", 10));
}

#[tokio::test]
async fn every_compression() {
    let body = two_spans().encode_to_vec();
    for (encoding, packed) in [
        ("identity", body.clone()),
        ("gzip", gzip(&body)),
        ("GZIP", gzip(&body)),
        ("zstd", zstd::encode_all(body.as_slice(), 1).unwrap()),
    ] {
        let world = World::new();
        let request = http::Request::post("/v1/traces")
            .header("content-type", PROTOBUF)
            .header("content-encoding", encoding)
            .body(packed.into());
        let answer = world.send(request.unwrap()).await;
        assert_eq!((answer.status.as_u16(), world.rows()), (200, 2), "{encoding}");
    }
}

#[tokio::test]
async fn a_body_in_many_pieces_is_whole() {
    let world = World::new();
    let body = two_spans().encode_to_vec();
    let pieces: Vec<_> = body.chunks(7).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let body = axum::body::Body::from_stream(futures::stream::iter(pieces));
    assert_eq!(world.post("/v1/traces", PROTOBUF, body).await.status, 200);
    assert_eq!(world.rows(), 2);
}

#[tokio::test]
async fn what_is_good_is_kept_and_the_rest_is_told() {
    let mut bad = samples::span(3);
    bad.trace_id.clear();
    let request = samples::spans(vec![samples::span(1), bad]);
    let world = World::new();
    let answer = world.post("/v1/traces", PROTOBUF, request.encode_to_vec()).await;
    let message = "1 rejected as invalid_trace_id: trace_id must be 16 bytes and not all zero";
    let partial = ExportTracePartialSuccess { rejected_spans: 1, error_message: message.into() };
    assert_eq!(ExportTraceServiceResponse::decode(answer.body).unwrap().partial_success, Some(partial));
    assert_eq!((answer.status.as_u16(), world.rows()), (200, 1));

    let json = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId":"EEE19B7EC3C1B174"}]}]}]}"#;
    let answer = world.post("/v1/traces", JSON, json).await;
    let expected = serde_json::json!({"partialSuccess": {"rejectedSpans": "1", "errorMessage": message}});
    assert_eq!(answer.json(), expected);
    let snapshot = world.ledger.snapshot();
    assert_eq!(snapshot.totals(Signal::Spans), (3, 1, 2));
    assert_eq!(snapshot.rejected(Signal::Spans), [("invalid_trace_id", 2)].into());
}

#[tokio::test]
async fn a_retry_is_stored_once() {
    let world = World::new();
    let body = two_spans().encode_to_vec();
    for _ in 0..3 {
        assert_eq!(world.post("/v1/traces", PROTOBUF, body.clone()).await.status, 200);
    }
    assert_eq!(world.rows(), 2);
    let flow = world.ledger.snapshot().flows.remove(0);
    assert_eq!((flow.requests, flow.received, flow.stored, flow.repeated_requests), (1, 2, 2, 2));
    // A retry in another packing is the same body; minutes later it is taken for a new one.
    let request = http::Request::post("/v1/traces")
        .header("content-type", PROTOBUF)
        .header("content-encoding", "gzip")
        .body(gzip(&body).into());
    world.send(request.unwrap()).await;
    assert_eq!(world.rows(), 2);
    world.clock.fetch_add(121_000_000_000, Ordering::Relaxed);
    world.post("/v1/traces", PROTOBUF, body).await;
    assert_eq!(world.rows(), 4);
}

#[tokio::test]
async fn a_retry_after_a_failure_is_stored() {
    let world = World::new();
    let body = two_spans().encode_to_vec();
    world.fail_with(Some(SinkError::Unavailable { reason: "read-only".into() }));
    assert_eq!(world.post("/v1/traces", PROTOBUF, body.clone()).await.status, 503);
    world.fail_with(None);
    assert_eq!(world.post("/v1/traces", PROTOBUF, body).await.status, 200);
    assert_eq!(world.rows(), 2);
    assert_eq!(world.ledger.snapshot().totals(Signal::Spans), (2, 2, 0));
}

#[tokio::test]
async fn a_client_that_hangs_up_finds_its_batch_stored() {
    let world = World::new();
    world.sink.permits.forget_permits(1000);
    let body = two_spans().encode_to_vec();
    let mut first = Box::pin(world.post("/v1/traces", PROTOBUF, body.clone()));
    assert!(futures::poll!(&mut first).is_pending());
    drop(first);
    let mut second = Box::pin(world.post("/v1/traces", PROTOBUF, body));
    for _ in 0..10 {
        // The answer must wait for the first write, which is held up.
        assert!(futures::poll!(&mut second).is_pending());
        tokio::task::yield_now().await;
    }
    world.sink.permits.add_permits(1);
    assert_eq!(second.await.status, 200);
    assert_eq!(world.rows(), 2);
    assert_eq!(world.refused("closed_connection"), 0);
}
