//! What a sender is told, in the bytes of the protocol: `Export…ServiceResponse` and
//! `google.rpc.Status`. Sources: the OTLP specification; `google/rpc/{status,error_details}.proto`.

use crate::decode::Tally;
use crate::reason::Refusal;
use ocelli_signal::Signal;
use ocelli_signal::wire::Writer;
use serde_json::{Value as Json, json};
use std::time::Duration;

/// The codes of gRPC that are used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Code {
    InvalidArgument = 3,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Unavailable = 14,
}

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

impl Refusal {
    /// The gRPC code. Clients send again after UNAVAILABLE, but not after RESOURCE_EXHAUSTED without
    /// `RetryInfo`.
    pub fn code(&self) -> Code {
        match self {
            Refusal::BodyTooLarge { .. }
            | Refusal::DecompressedTooLarge { .. }
            | Refusal::TooManyItems { .. } => Code::ResourceExhausted,
            Refusal::Overloaded { .. } | Refusal::Unavailable { .. } => Code::Unavailable,
            Refusal::UnsupportedEncoding { .. }
            | Refusal::WrongMethod { .. }
            | Refusal::UnknownPath { .. } => Code::Unimplemented,
            Refusal::Malformed { .. }
            | Refusal::UnsupportedContentType { .. }
            | Refusal::BadCompression { .. }
            | Refusal::ClosedConnection
            | Refusal::Invalid { .. } => Code::InvalidArgument,
        }
    }

    pub fn http_status(&self) -> http::StatusCode {
        match self {
            Refusal::Malformed { .. }
            | Refusal::BadCompression { .. }
            | Refusal::ClosedConnection
            | Refusal::Invalid { .. } => http::StatusCode::BAD_REQUEST,
            Refusal::WrongMethod { .. } => http::StatusCode::METHOD_NOT_ALLOWED,
            Refusal::UnknownPath { .. } => http::StatusCode::NOT_FOUND,
            Refusal::BodyTooLarge { .. }
            | Refusal::DecompressedTooLarge { .. }
            | Refusal::TooManyItems { .. } => http::StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::UnsupportedContentType { .. } | Refusal::UnsupportedEncoding { .. } => {
                http::StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Refusal::Overloaded { .. } => http::StatusCode::TOO_MANY_REQUESTS,
            Refusal::Unavailable { .. } => http::StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// When the sender may try again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Refusal::Overloaded { retry_after, .. } | Refusal::Unavailable { retry_after, .. } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    /// A `google.rpc.Status` message.
    pub fn to_protobuf(&self) -> Vec<u8> {
        let mut status = Writer::new();
        status.put_varint(1, self.code() as u64);
        status.put_bytes(2, self.to_string().as_bytes());
        if let Some(delay) = self.retry_after() {
            status.put_message(3, |any| {
                any.put_bytes(1, RETRY_INFO.as_bytes());
                any.put_message(2, |info| {
                    info.put_message(1, |duration| {
                        duration.put_varint(1, delay.as_secs());
                        duration.put_varint(2, u64::from(delay.subsec_nanos()));
                    });
                });
            });
        }
        status.into_bytes()
    }

    /// The same in the JSON mapping of proto3.
    pub fn to_json(&self) -> Json {
        let mut status = json!({"code": self.code() as i32, "message": self.to_string()});
        if let Some(delay) = self.retry_after() {
            status["details"] =
                json!([{"@type": RETRY_INFO, "retryDelay": format!("{}s", delay.as_secs_f64())}]);
        }
        status
    }
}

/// An `Export…ServiceResponse`. `partial_success` is unset when all is well.
pub fn response_protobuf(tally: &Tally) -> Vec<u8> {
    let mut response = Writer::new();
    if let Some(message) = tally.message() {
        response.put_message(1, |partial| {
            partial.put_varint(1, tally.total_rejected());
            partial.put_bytes(2, message.as_bytes());
        });
    }
    response.into_bytes()
}

/// The same in OTLP/JSON, where 64-bit integers are strings.
pub fn response_json(signal: Signal, tally: &Tally) -> Json {
    let Some(message) = tally.message() else { return json!({}) };
    let rejected = match signal {
        Signal::Spans => "rejectedSpans",
        Signal::Points => "rejectedDataPoints",
        Signal::Logs => "rejectedLogRecords",
    };
    let mut partial = json!({"errorMessage": message});
    if tally.total_rejected() > 0 {
        partial[rejected] = json!(tally.total_rejected().to_string());
    }
    json!({"partialSuccess": partial})
}
