//! Bad input over gRPC, frame by frame: the status, the message, the counter by reason.

use crate::bad_input::{SMALL, gzip, nothing_was_kept, refused};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

const WITHIN: Duration = Duration::from_secs(10);
const SERVICE: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

const INVALID_ARGUMENT: &str = "3";
const RESOURCE_EXHAUSTED: &str = "8";
const UNIMPLEMENTED: &str = "12";

struct Bad {
    name: &'static str,
    path: &'static str,
    encoding: Option<&'static str>,
    /// What is sent before the stream ends.
    frames: Vec<u8>,
    status: &'static str,
    says: &'static str,
    reason: &'static str,
}

fn table() -> Vec<Bad> {
    let bad = |name, frames| Bad {
        name,
        path: SERVICE,
        encoding: None,
        frames,
        status: INVALID_ARGUMENT,
        says: "can't be decoded",
        reason: "malformed",
    };
    let too_large = |name, frames| Bad { status: RESOURCE_EXHAUSTED, ..bad(name, frames) };
    vec![
        bad("no protobuf", message(0, &[0xff; 20])),
        Bad {
            says: "middle of the body",
            reason: "closed_connection",
            ..bad("cut off", message(0, &[0; 50])[..20].to_vec())
        },
        Bad {
            says: "larger than 1000000 bytes",
            reason: "body_too_large",
            ..too_large("too large", vec![0, 0x01, 0, 0, 0])
        },
        Bad {
            encoding: Some("gzip"),
            says: "larger than 1000000 bytes",
            reason: "decompressed_too_large",
            ..too_large("a gzip bomb", message(1, &gzip(&vec![0; 8_000_000])))
        },
        Bad {
            encoding: Some("gzip"),
            says: "can't be decompressed",
            reason: "bad_compression",
            ..bad("no gzip", message(1, b"plain"))
        },
        Bad {
            encoding: Some("br"),
            status: UNIMPLEMENTED,
            says: "is not supported",
            reason: "unsupported_encoding",
            ..bad("another encoding", message(1, b"x"))
        },
        Bad {
            path: "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
            status: UNIMPLEMENTED,
            says: "",
            reason: "unknown_path",
            ..bad("an unknown method", message(0, b""))
        },
    ]
}

/// A gRPC message: whether it is compressed, its length, its bytes.
fn message(compressed: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[compressed], length.as_slice(), bytes].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_call_is_answered_and_counted() {
    let server = Settings::serve().config(SMALL).start().await;
    for bad in table() {
        let before = refused(&server.api, bad.reason).await;
        let call = tokio::time::timeout(WITHIN, call(server.grpc, &bad)).await;
        let (http, trailers) = call.unwrap_or_else(|_| panic!("{}: no answer", bad.name));
        let said = |key: &str| trailers.get(key).map_or("", |value| value.to_str().unwrap()).to_owned();
        assert_eq!((http, said("grpc-status").as_str()), (200, bad.status), "{}: {trailers:?}", bad.name);
        let words = said("grpc-message").replace("%20", " ").replace("%27", "'");
        assert!(words.contains(bad.says), "{}: {trailers:?}", bad.name);
        // With details (RetryInfo) a client would send RESOURCE_EXHAUSTED again.
        assert_eq!(said("grpc-status-details-bin"), "", "{}", bad.name);
        assert_eq!(
            refused(&server.api, bad.reason).await,
            before + 1,
            "{}: {} counted",
            bad.name,
            bad.reason
        );
    }
    nothing_was_kept(&server.api).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_type_and_a_hang_up_are_told_too() {
    let server = Settings::serve().start().await;
    let mut client = connect(server.grpc).await;
    let request = Request::post(url(&server, SERVICE)).header("content-type", "text/plain").body(()).unwrap();
    let (response, mut stream) = client.send_request(request, false).unwrap();
    // The answer may have come before, and then there is nobody who takes it.
    let _ = stream.send_data(Bytes::from_static(b"x"), true);
    assert_eq!(answer_of(response).await.0, 415);
    assert_eq!(refused(&server.api, "unsupported_content_type").await, 1);

    let request =
        Request::post(url(&server, SERVICE)).header("content-type", "application/grpc").body(()).unwrap();
    let (response, mut stream) = client.send_request(request, false).unwrap();
    stream.send_data(Bytes::from(message(0, &[0; 50])[..20].to_vec()), false).unwrap();
    stream.send_reset(h2::Reason::CANCEL);
    drop((response, stream));
    until("the hang-up is counted", WITHIN, async || {
        let count = refused(&server.api, "closed_connection").await;
        ensure(count == 1, || format!("{count} times"))
    })
    .await;
    nothing_was_kept(&server.api).await;
}

fn url(server: &Server, path: &str) -> String {
    format!("http://{}{path}", server.grpc)
}

async fn connect(address: SocketAddr) -> SendRequest<Bytes> {
    let (client, connection) =
        h2::client::handshake(TcpStream::connect(address).await.unwrap()).await.unwrap();
    tokio::spawn(connection);
    client
}

/// HTTP status, and headers and trailers together.
async fn call(address: SocketAddr, bad: &Bad) -> (u16, HeaderMap) {
    let mut client = connect(address).await;
    let mut request = Request::post(format!("http://{address}{}", bad.path))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(encoding) = bad.encoding {
        request = request.header("grpc-encoding", encoding);
    }
    let (response, mut stream) = client.send_request(request.body(()).unwrap(), false).unwrap();
    // What is refused by its head may be answered, and the stream closed, before the body is sent.
    let _ = stream.send_data(Bytes::from(bad.frames.clone()), true);
    answer_of(response).await
}

async fn answer_of(response: ResponseFuture) -> (u16, HeaderMap) {
    let (head, mut body) = response.await.unwrap().into_parts();
    while let Some(data) = body.data().await {
        let length = data.unwrap().len();
        body.flow_control().release_capacity(length).unwrap();
    }
    let mut all = head.headers;
    all.extend(body.trailers().await.unwrap().unwrap_or_default());
    (head.status.as_u16(), all)
}
