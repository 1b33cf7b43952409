//! Why an item or a request was not kept. The names are stable: they are label values of `/metrics`
//! and part of the API.

use std::time::Duration;

/// Why one span, record or point was left out while the rest of its request was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Rejection {
    InvalidTraceId,
    InvalidSpanId,
    InvalidParentSpanId,
    InvalidTime,
    InvalidUtf8,
    ValueTooDeep,
    TooManyAttributes,
    TooManyParts,
    MissingName,
    MissingValue,
    InvalidBuckets,
    SeriesTooLarge,
    InvalidLabels,
}

impl Rejection {
    pub const ALL: [Rejection; 13] = [
        Rejection::InvalidTraceId,
        Rejection::InvalidSpanId,
        Rejection::InvalidParentSpanId,
        Rejection::InvalidTime,
        Rejection::InvalidUtf8,
        Rejection::ValueTooDeep,
        Rejection::TooManyAttributes,
        Rejection::TooManyParts,
        Rejection::MissingName,
        Rejection::MissingValue,
        Rejection::InvalidBuckets,
        Rejection::SeriesTooLarge,
        Rejection::InvalidLabels,
    ];

    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// A sentence for the sender.
    pub fn explain(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Rejection::InvalidTraceId => ("invalid_trace_id", "trace_id must be 16 bytes and not all zero"),
            Rejection::InvalidSpanId => ("invalid_span_id", "span_id must be 8 bytes and not all zero"),
            Rejection::InvalidParentSpanId => {
                ("invalid_parent_span_id", "parent_span_id must be empty or 8 bytes")
            }
            Rejection::InvalidTime => ("invalid_time", "a time must be between 1970 and the year 2262"),
            Rejection::InvalidUtf8 => ("invalid_utf8", "a text field is not UTF-8"),
            Rejection::ValueTooDeep => ("value_too_deep", "an attribute value is nested too deep"),
            Rejection::TooManyAttributes => ("too_many_attributes", "there are too many attributes"),
            Rejection::TooManyParts => ("too_many_parts", "there are too many events, links or exemplars"),
            Rejection::MissingName => ("missing_name", "the metric has no name"),
            Rejection::MissingValue => ("missing_value", "the data point has no value"),
            Rejection::InvalidBuckets => ("invalid_buckets", "bucket counts and bounds do not fit together"),
            Rejection::SeriesTooLarge => ("series_too_large", "resource, scope and attributes are too large"),
            Rejection::InvalidLabels => {
                ("invalid_labels", "label names must not be empty, and each comes once, with a value")
            }
        }
    }
}

/// Why a request as a whole was refused. Nothing of it was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the body can't be decoded: {detail}")]
    Malformed { detail: String },
    #[error("content type '{found}' is not supported; send {expected}")]
    UnsupportedContentType { found: String, expected: &'static str },
    #[error("content encoding '{found}' is not supported; send {expected}")]
    UnsupportedEncoding { found: String, expected: &'static str },
    #[error("the body can't be decompressed: {detail}")]
    BadCompression { detail: String },
    #[error("the body is larger than {limit} bytes; send smaller batches")]
    BodyTooLarge { limit: usize },
    #[error("the decompressed body is larger than {limit} bytes; send smaller batches")]
    DecompressedTooLarge { limit: usize },
    #[error("the request holds more than {limit} {what}; send smaller batches")]
    TooManyItems { limit: u64, what: &'static str },
    #[error("the connection was closed in the middle of the body")]
    ClosedConnection,
    #[error("method {found} is not allowed; use POST")]
    WrongMethod { found: String },
    #[error(
        "there is nothing at {path}; telemetry is sent to /v1/traces, /v1/metrics or /v1/logs, remote write to /api/v1/write"
    )]
    UnknownPath { path: String },
    #[error("overloaded: {reason}")]
    Overloaded { retry_after: Duration, reason: String },
    #[error("unavailable: {reason}")]
    Unavailable { retry_after: Duration, reason: String },
    #[error("the store refuses this data: {reason}")]
    Invalid { reason: String },
}

/// What OTLP is sent as.
pub const OTLP_TYPES: &str = "application/x-protobuf or application/json";
pub const OTLP_ENCODINGS: &str = "identity, gzip, zstd or deflate";

impl Refusal {
    /// The stable name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Refusal::Malformed { .. } => "malformed",
            Refusal::UnsupportedContentType { .. } => "unsupported_content_type",
            Refusal::UnsupportedEncoding { .. } => "unsupported_encoding",
            Refusal::BadCompression { .. } => "bad_compression",
            Refusal::BodyTooLarge { .. } => "body_too_large",
            Refusal::DecompressedTooLarge { .. } => "decompressed_too_large",
            Refusal::TooManyItems { .. } => "too_many_items",
            Refusal::ClosedConnection => "closed_connection",
            Refusal::WrongMethod { .. } => "wrong_method",
            Refusal::UnknownPath { .. } => "unknown_path",
            Refusal::Overloaded { .. } => "overloaded",
            Refusal::Unavailable { .. } => "unavailable",
            Refusal::Invalid { .. } => "invalid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_distinct() {
        let names: BTreeSet<_> = Rejection::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(names.len(), Rejection::ALL.len());
        for (at, reason) in Rejection::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at, "ALL is in the order of the numbers");
        }
    }
}
