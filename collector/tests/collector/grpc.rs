//! OTLP over gRPC, framed by hand: what a client in any language would see.

use crate::samples;
use crate::support::{World, gzip};
use http::Request;
use ocelli_collector::SinkError;
use ocelli_collector::limits::Limits;
use ocelli_signal::Signal;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use std::time::Duration;

const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";

fn body() -> Vec<u8> {
    samples::spans(vec![samples::span(1)]).encode_to_vec()
}

#[tokio::test]
async fn all_three_services() {
    let world = World::new();
    let logs = samples::logs(vec![samples::record(Some(Value::StringValue("x".into())))]).encode_to_vec();
    for (path, message) in
        [(TRACES, body()), (METRICS, samples::metrics(vec![]).encode_to_vec()), (LOGS, logs)]
    {
        let answer = world.call(path, &[], 0, &message).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, "application/grpc"),
            "{path}"
        );
        assert_eq!((answer.grpc_status(), answer.grpc_message()), ("0", &b""[..]), "{path}");
    }
    let signals: Vec<_> = world.batches().iter().map(|batch| batch.signal).collect();
    assert_eq!(signals, [Signal::Spans, Signal::Logs]);
}

#[tokio::test]
async fn gzip_and_zstd() {
    for (encoding, packed) in [("gzip", gzip(&body())), ("zstd", zstd::encode_all(&body()[..], 1).unwrap())] {
        let world = World::new();
        let answer = world.call(TRACES, &[("grpc-encoding", encoding)], 1, &packed).await;
        assert_eq!((answer.grpc_status(), world.rows()), ("0", 1), "{encoding}");
        let answer = world.call(TRACES, &[("grpc-encoding", encoding)], 1, b"not packed").await;
        assert_eq!((answer.grpc_status(), world.refused("bad_compression")), ("3", 1), "{encoding}");
    }
    let world = World::new();
    let answer = world.call(TRACES, &[("grpc-encoding", "snappy")], 1, b"").await;
    assert_eq!((answer.grpc_status(), world.refused("unsupported_encoding")), ("12", 1));
}

#[tokio::test]
async fn partial_success_is_an_answer_not_an_error() {
    let world = World::new();
    let mut deep = samples::record(None);
    deep.time_unix_nano = u64::MAX;
    let message = samples::logs(vec![samples::record(None), deep]).encode_to_vec();
    let answer = world.call(LOGS, &[], 0, &message).await;
    assert_eq!((answer.grpc_status(), world.rows()), ("0", 1));
    let partial = ExportLogsServiceResponse::decode(answer.grpc_message()).unwrap().partial_success.unwrap();
    assert_eq!(partial.rejected_log_records, 1);
    assert!(partial.error_message.starts_with("1 rejected as invalid_time: "), "{}", partial.error_message);
}

#[tokio::test]
async fn a_retry_is_stored_once_whichever_way_it_comes() {
    let world = World::new();
    world.call(TRACES, &[], 0, &body()).await;
    world.call(TRACES, &[("grpc-encoding", "gzip")], 1, &gzip(&body())).await;
    world.post("/v1/traces", "application/x-protobuf", body()).await;
    assert_eq!(world.rows(), 1);
}

#[tokio::test]
async fn malformed_is_invalid_argument() {
    let world = World::new();
    let answer = world.call(TRACES, &[], 0, b"\x0a\xff").await;
    assert_eq!((answer.grpc_status(), world.refused("malformed")), ("3", 1));
    assert!(
        answer.header("grpc-message").contains("malformed%20protobuf"),
        "{}",
        answer.header("grpc-message")
    );
    assert_eq!(answer.header("grpc-status-details-bin"), "");
}

#[tokio::test]
async fn too_large_is_final() {
    let world = World::with_limits(Limits { decompressed_bytes: 300, ..Limits::default() });
    let bomb = gzip(&[0; 301]);
    for (headers, compressed, message, reason) in [
        (&[][..], 0, &[0; 301][..], "body_too_large"),
        (&[("grpc-encoding", "gzip")][..], 1, &bomb[..], "decompressed_too_large"),
    ] {
        let answer = world.call(TRACES, headers, compressed, message).await;
        assert_eq!((answer.grpc_status(), world.refused(reason)), ("8", 1), "{reason}");
        assert_eq!(
            answer.header("grpc-status-details-bin"),
            "",
            "RetryInfo would make clients send it again"
        );
    }
}

#[tokio::test]
async fn overload_says_when_to_come_back() {
    let world = World::new();
    let retry_after = Duration::from_secs(2);
    world.fail_with(Some(SinkError::Overloaded { retry_after, reason: "full".into() }));
    let answer = world.call(TRACES, &[], 0, &body()).await;
    assert_eq!((answer.grpc_status(), world.refused("overloaded")), ("14", 1));
    use base64::Engine;
    let details = answer.header("grpc-status-details-bin");
    let details =
        base64::engine::general_purpose::STANDARD_NO_PAD.decode(details.trim_end_matches('=')).unwrap();
    let retry_info = b"type.googleapis.com/google.rpc.RetryInfo";
    assert!(details.windows(retry_info.len()).any(|window| window == retry_info));
    assert!(details.ends_with(&[0x0a, 2, 0x08, 2]), "{details:?}");
    world.fail_with(Some(SinkError::Unavailable { reason: "stopping".into() }));
    assert_eq!(world.call(TRACES, &[], 0, &body()).await.grpc_status(), "14");
}

#[tokio::test]
async fn what_is_no_grpc() {
    let world = World::new();
    let answer = world.post(TRACES, "application/json", "{}").await;
    assert_eq!((answer.status.as_u16(), world.refused("unsupported_content_type")), (415, 1));
}

#[tokio::test]
async fn a_message_that_ends_in_the_middle() {
    let world = World::new();
    let mut framed = vec![0, 0, 0, 1, 0];
    framed.extend_from_slice(&[1; 100]);
    let request = Request::post(TRACES).header("content-type", "application/grpc").body(framed.into());
    let answer = world.send(request.unwrap()).await;
    assert_eq!((answer.grpc_status(), world.refused("closed_connection")), ("3", 1));

    // A client that goes away takes the call with it.
    let stuck = axum::body::Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post(TRACES).header("content-type", "application/grpc").body(stuck);
    let mut call = Box::pin(world.send(request.unwrap()));
    assert!(futures::poll!(&mut call).is_pending());
    drop(call);
    assert_eq!(world.refused("closed_connection"), 2);
}
