//! OTLP over HTTP: POST `/v1/traces`, `/v1/metrics`, `/v1/logs`, protobuf and JSON.

use super::body::read_body;
use super::compression::Compression;
use super::status::{response_json, response_protobuf};
use crate::Collector;
use crate::decode::{Format, Tally};
use crate::intake::{Request, take_in};
use crate::ledger::Source;
use crate::reason::{OTLP_TYPES, Refusal};
use axum::extract::Request as HttpRequest;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use http::header::{ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
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
    let read = read_body(collector, SOURCE, &headers, body).await;
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
        Err(Refusal::UnsupportedContentType { found: found.into_owned(), expected: OTLP_TYPES })
    }
}

fn success(signal: Signal, format: Format, tally: &Tally) -> Response {
    match format {
        Format::Protobuf | Format::RemoteWrite(_) => {
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
        Format::Protobuf | Format::RemoteWrite(_) => {
            (status, [(CONTENT_TYPE, "application/x-protobuf")], refusal.to_protobuf()).into_response()
        }
        Format::Json => {
            (status, [(CONTENT_TYPE, "application/json")], refusal.to_json().to_string()).into_response()
        }
    };
    later(&mut response, refusal);
    response
}

/// Says when to try again.
pub fn later(response: &mut Response, refusal: &Refusal) {
    if let Some(delay) = refusal.retry_after() {
        // Whole seconds only; less than one must not become "at once".
        let seconds = delay.as_secs_f64().ceil().max(1.0) as u64;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// 405 and 415 are told as text: the sender may not speak OTLP at all.
pub fn plain(refusal: &Refusal) -> Response {
    let text = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    let mut response = (refusal.http_status(), text, format!("{refusal}\n")).into_response();
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}
