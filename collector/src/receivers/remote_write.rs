//! Prometheus remote write: POST `/api/v1/write`, versions 1.0 and 2.0.
//!
//! Source: the two specifications. What differs from OTLP: an invalid sample makes the answer a 400
//! although the rest is kept, and nothing but 5xx is sent again, so a refusal for the moment is 503.

use super::body::read_body;
use super::compression::Compression;
use super::http::{later, plain};
use crate::Collector;
use crate::decode::prometheus::Version;
use crate::decode::{Format, Tally, Written};
use crate::intake::{Request, take_in};
use crate::ledger::Source;
use crate::reason::Refusal;
use axum::extract::Request as HttpRequest;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, post};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use ocelli_signal::Signal;

const SOURCE: Source = Source::RemoteWrite;
const TYPES: &str = "application/x-protobuf, with proto=prometheus.WriteRequest or \
    proto=io.prometheus.write.v2.Request";

pub fn endpoints(collector: &Collector) -> Vec<(&'static str, MethodRouter)> {
    let (taking, refusing) = (collector.clone(), collector.clone());
    let route = post(move |request: HttpRequest| {
        let collector = taking.clone();
        async move { handle(&collector, request).await }
    });
    let route = route.fallback(move |request: HttpRequest| {
        let collector = refusing.clone();
        async move {
            let refusal = Refusal::WrongMethod { found: request.method().to_string() };
            collector.ledger.refuse(SOURCE, &refusal);
            plain(&refusal)
        }
    });
    vec![("POST /api/v1/write", route)]
}

async fn handle(collector: &Collector, request: HttpRequest) -> Response {
    let (parts, body) = request.into_parts();
    let version = match version(&parts.headers).and_then(|version| encoding(&parts.headers).map(|()| version))
    {
        Ok(version) => version,
        Err(refusal) => return refused(collector, &refusal, true),
    };
    let (body, share) = match read_body(collector, SOURCE, &parts.headers, body).await {
        Ok(read) => read,
        Err(refusal) => return refused(collector, &refusal, true),
    };
    let request = Request {
        signal: Signal::Points,
        source: SOURCE,
        format: Format::RemoteWrite(version),
        compression: Compression::Snappy,
        body,
        share,
    };
    match take_in(collector, request).await {
        Ok(tally) => answer(&tally),
        // It is in the ledger already.
        Err(refusal) => refused(collector, &refusal, false),
    }
}

/// A sender that does not say it speaks 1.0.
fn version(headers: &HeaderMap) -> Result<Version, Refusal> {
    let found = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let found = String::from_utf8_lossy(found).into_owned();
    let mut parts = found.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let proto = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("proto").then(|| value.trim().trim_matches('"').to_owned())
    });
    if !media_type.is_empty() && !media_type.eq_ignore_ascii_case("application/x-protobuf") {
        return Err(Refusal::UnsupportedContentType { found, expected: TYPES });
    }
    match proto.as_deref() {
        None | Some("prometheus.WriteRequest") => Ok(Version::One),
        Some("io.prometheus.write.v2.Request") => Ok(Version::Two),
        Some(_) => Err(Refusal::UnsupportedContentType { found, expected: TYPES }),
    }
}

fn encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    let found = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes).unwrap_or(b"snappy");
    if found.eq_ignore_ascii_case(b"snappy") {
        return Ok(());
    }
    let found = String::from_utf8_lossy(found).into_owned();
    Err(Refusal::UnsupportedEncoding { found, expected: "snappy" })
}

/// 204 where all is kept; 400 with the reasons where some is not and never will be.
fn answer(tally: &Tally) -> Response {
    let mut response = match tally.message() {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(why) => {
            (StatusCode::BAD_REQUEST, format!("{why}; the other samples are kept\n")).into_response()
        }
    };
    written(&mut response, &tally.written);
    response
}

fn refused(collector: &Collector, refusal: &Refusal, enter: bool) -> Response {
    if enter {
        collector.ledger.refuse(SOURCE, refusal);
    }
    let mut response = plain(refusal);
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    later(&mut response, refusal);
    written(&mut response, &Written::default());
    response
}

fn written(response: &mut Response, written: &Written) {
    for (name, count) in [
        ("x-prometheus-remote-write-samples-written", written.samples),
        ("x-prometheus-remote-write-histograms-written", written.histograms),
        ("x-prometheus-remote-write-exemplars-written", written.exemplars),
    ] {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(count));
    }
}
