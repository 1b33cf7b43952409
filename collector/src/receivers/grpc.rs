//! OTLP over gRPC: the unary `Export` of the trace, metrics and logs services.
//!
//! tonic does the framing, the compression and the trailers; the messages stay bytes.

use super::compression::Compression;
use super::status::{Code, response_protobuf};
use crate::Collector;
use crate::decode::Format;
use crate::intake::{Request, take_in};
use crate::ledger::Source;
use crate::reason::{OTLP_ENCODINGS, OTLP_TYPES, Refusal};
use axum::extract::Request as HttpRequest;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use bytes::{Buf, BufMut, Bytes};
use http::header::CONTENT_TYPE;
use ocelli_signal::Signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::Status;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::Grpc;

const SOURCE: Source = Source::OtlpGrpc;

/// The endpoints, each with its method and path.
pub fn endpoints(collector: &Collector) -> Vec<(&'static str, MethodRouter)> {
    let services = [
        ("POST /opentelemetry.proto.collector.trace.v1.TraceService/Export", Signal::Spans),
        ("POST /opentelemetry.proto.collector.metrics.v1.MetricsService/Export", Signal::Points),
        ("POST /opentelemetry.proto.collector.logs.v1.LogsService/Export", Signal::Logs),
    ];
    services.into_iter().map(|(path, signal)| (path, endpoint(collector, signal))).collect()
}

fn endpoint(collector: &Collector, signal: Signal) -> MethodRouter {
    let collector = collector.clone();
    post(move |request: HttpRequest| {
        let collector = collector.clone();
        async move { handle(collector, signal, request).await }
    })
}

async fn handle(collector: Collector, signal: Signal, request: HttpRequest) -> Response {
    if let Err(refusal) = check_content_type(&request) {
        collector.ledger.refuse(SOURCE, &refusal);
        return (refusal.http_status(), format!("{refusal}\n")).into_response();
    }
    let limit = collector.limits.decompressed_bytes;
    let call = Call { collector: collector.clone(), arrived: Arc::default() };
    let service = call.service(signal);
    let mut grpc = Grpc::new(RawCodec)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .max_decoding_message_size(limit);
    let response = grpc.unary(service, request).await;
    if call.arrived.swap(true, Ordering::Relaxed) {
        return response.map(axum::body::Body::new);
    }
    // The message never arrived whole; tonic says why, in codes that OTLP clients would misread.
    let refusal = match response.extensions().get::<Status>() {
        Some(status) => refusal_of(status, limit),
        None => Refusal::ClosedConnection,
    };
    collector.ledger.refuse(SOURCE, &refusal);
    to_status(&refusal).into_http()
}

/// A call, which is over when its message arrived or tonic gave it up. Dropped before, the client
/// has hung up.
struct Call {
    collector: Collector,
    arrived: Arc<AtomicBool>,
}

impl Call {
    fn service(
        &self,
        signal: Signal,
    ) -> impl tonic::server::UnaryService<Bytes, Response = Vec<u8>, Future: Send> + use<> {
        let (collector, arrived) = (self.collector.clone(), self.arrived.clone());
        tower::service_fn(move |request: tonic::Request<Bytes>| {
            arrived.store(true, Ordering::Relaxed);
            let collector = collector.clone();
            async move {
                let result = export(&collector, signal, request.into_inner()).await;
                result.map(tonic::Response::new).map_err(|refusal| to_status(&refusal))
            }
        })
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.arrived.load(Ordering::Relaxed) {
            self.collector.ledger.refuse(SOURCE, &Refusal::ClosedConnection);
        }
    }
}

async fn export(collector: &Collector, signal: Signal, body: Bytes) -> Result<Vec<u8>, Refusal> {
    let mut share = collector.budget.share();
    if !share.grow(body.len()) {
        let refusal = collector.overloaded();
        collector.ledger.refuse(SOURCE, &refusal);
        return Err(refusal);
    }
    let compression = Compression::Identity;
    let request = Request { signal, source: SOURCE, format: Format::Protobuf, compression, body, share };
    take_in(collector, request).await.map(|tally| response_protobuf(&tally))
}

fn check_content_type(request: &HttpRequest) -> Result<(), Refusal> {
    let found = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
    match found {
        b"application/grpc" | b"application/grpc+proto" => Ok(()),
        _ => Err(Refusal::UnsupportedContentType {
            found: String::from_utf8_lossy(found).into_owned(),
            expected: OTLP_TYPES,
        }),
    }
}

/// tonic's reasons for not delivering a message. Too long a message is OUT_OF_RANGE there, which
/// OTLP clients send again; what can't be unpacked is INTERNAL.
fn refusal_of(status: &Status, limit: usize) -> Refusal {
    let message = status.message();
    match status.code() {
        tonic::Code::OutOfRange => Refusal::BodyTooLarge { limit },
        tonic::Code::ResourceExhausted => Refusal::DecompressedTooLarge { limit },
        tonic::Code::Unimplemented => {
            Refusal::UnsupportedEncoding { found: message.to_owned(), expected: OTLP_ENCODINGS }
        }
        tonic::Code::Internal if message.contains("decompressing") => {
            Refusal::BadCompression { detail: message.to_owned() }
        }
        tonic::Code::Internal if message.contains("protocol error") => {
            Refusal::Malformed { detail: message.to_owned() }
        }
        _ => Refusal::ClosedConnection,
    }
}

fn to_status(refusal: &Refusal) -> Status {
    let code = match refusal.code() {
        Code::InvalidArgument => tonic::Code::InvalidArgument,
        Code::ResourceExhausted => tonic::Code::ResourceExhausted,
        Code::Unimplemented => tonic::Code::Unimplemented,
        Code::Unavailable => tonic::Code::Unavailable,
    };
    // The details repeat code and message, as `google.rpc.Status` in `grpc-status-details-bin`.
    let details = match refusal.retry_after() {
        Some(_) => Bytes::from(refusal.to_protobuf()),
        None => Bytes::new(),
    };
    Status::with_details(code, refusal.to_string(), details)
}

/// Passes messages through as they are.
struct RawCodec;

impl Codec for RawCodec {
    type Encode = Vec<u8>;
    type Decode = Bytes;
    type Encoder = RawCodec;
    type Decoder = RawCodec;

    fn encoder(&mut self) -> RawCodec {
        RawCodec
    }

    fn decoder(&mut self) -> RawCodec {
        RawCodec
    }
}

impl Encoder for RawCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&message);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}
