//! OTLP over HTTP: POST `/v1/traces`, `/v1/metrics`, `/v1/logs`, protobuf and JSON.

use super::compression::Compression;
use super::status::{response_json, response_protobuf};
use crate::Collector;
use crate::budget::Share;
use crate::decode::{Format, Tally};
use crate::intake::{Request, take_in};
use crate::ledger::Source;
use crate::reason::Refusal;
use axum::body::Body;
use axum::extract::Request as HttpRequest;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use bytes::{Bytes, BytesMut};
use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::BodyExt;
use ocelli_signal::Signal;

const SOURCE: Source = Source::OtlpHttp;

/// The endpoints, each with its method and path.
pub fn endpoints(collector: &Collector) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("POST /v1/traces", endpoint(collector, Signal::Spans)),
        ("POST /v1/metrics", endpoint(collector, Signal::Points)),
        ("POST /v1/logs", endpoint(collector, Signal::Logs)),
    ]
}

fn endpoint(collector: &Collector, signal: Signal) -> MethodRouter {
    let (taking, refusing) = (collector.clone(), collector.clone());
    post(move |request: HttpRequest| {
        let collector = taking.clone();
        async move { handle(&collector, signal, request).await }
    })
    .fallback(move |request: HttpRequest| {
        let collector = refusing.clone();
        async move {
            let refusal = Refusal::WrongMethod { found: request.method().to_string() };
            collector.ledger.refuse(SOURCE, &refusal);
            plain(&refusal)
        }
    })
}

async fn handle(collector: &Collector, signal: Signal, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let (format, compression) = match format_of(&headers).and_then(|format| {
        Compression::of_header(headers.get(CONTENT_ENCODING)).map(|packed| (format, packed))
    }) {
        Ok(read) => read,
        Err(refusal) => {
            collector.ledger.refuse(SOURCE, &refusal);
            return plain(&refusal);
        }
    };
    let mut hang_up = HangUp { collector, armed: true };
    let read = read_body(collector, &headers, body).await;
    hang_up.armed = false;
    let result = match read {
        Ok((body, share)) => {
            let request = Request { signal, source: SOURCE, format, compression, body, share };
            take_in(collector, request).await
        }
        Err(refusal) => {
            collector.ledger.refuse(SOURCE, &refusal);
            Err(refusal)
        }
    };
    match result {
        Ok(tally) => success(signal, format, &tally),
        Err(refusal) if refusal.http_status() == StatusCode::UNSUPPORTED_MEDIA_TYPE => plain(&refusal),
        Err(refusal) => failure(format, &refusal),
    }
}

/// Counts a request that is dropped while its body is read: the server does that when the client
/// hangs up.
struct HangUp<'a> {
    collector: &'a Collector,
    armed: bool,
}

impl Drop for HangUp<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.collector.ledger.refuse(SOURCE, &Refusal::ClosedConnection);
        }
    }
}

fn format_of(headers: &HeaderMap) -> Result<Format, Refusal> {
    let found = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let found = String::from_utf8_lossy(found);
    let media_type = found.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case("application/x-protobuf")
        || media_type.eq_ignore_ascii_case("application/protobuf")
    {
        Ok(Format::Protobuf)
    } else if media_type.eq_ignore_ascii_case("application/json") {
        Ok(Format::Json)
    } else {
        Err(Refusal::UnsupportedContentType { found: found.into_owned() })
    }
}

/// Reads a body within its limit and the budget of memory.
async fn read_body(
    collector: &Collector,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<(Bytes, Share), Refusal> {
    let limit = collector.limits.body_bytes;
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|len| len > limit) {
        return Err(Refusal::BodyTooLarge { limit });
    }
    let mut share = collector.budget.share();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::ClosedConnection)?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        if !share.grow(data.len()) {
            return Err(collector.overloaded());
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.reserve(declared.unwrap_or(2 * first.len()).max(first.len() + data.len()));
                rest.extend_from_slice(&first);
                first = Bytes::from_static(&[]);
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok((if rest.is_empty() { first } else { rest.freeze() }, share))
}

fn success(signal: Signal, format: Format, tally: &Tally) -> Response {
    match format {
        Format::Protobuf => {
            ([(CONTENT_TYPE, "application/x-protobuf")], response_protobuf(tally)).into_response()
        }
        Format::Json => {
            ([(CONTENT_TYPE, "application/json")], response_json(signal, tally).to_string()).into_response()
        }
    }
}

/// A `google.rpc.Status` in the encoding of the request.
fn failure(format: Format, refusal: &Refusal) -> Response {
    let status = refusal.http_status();
    let mut response = match format {
        Format::Protobuf => {
            (status, [(CONTENT_TYPE, "application/x-protobuf")], refusal.to_protobuf()).into_response()
        }
        Format::Json => {
            (status, [(CONTENT_TYPE, "application/json")], refusal.to_json().to_string()).into_response()
        }
    };
    if let Some(delay) = refusal.retry_after() {
        // Whole seconds only; less than one must not become "at once".
        let seconds = delay.as_secs_f64().ceil().max(1.0) as u64;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// 405 and 415 are told as text: the sender may not speak OTLP at all.
fn plain(refusal: &Refusal) -> Response {
    let text = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    let mut response = (refusal.http_status(), text, format!("{refusal}\n")).into_response();
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}
