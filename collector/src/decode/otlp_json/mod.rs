//! OTLP/JSON → the same message as protobuf, which then goes the same way as any other.
//!
//! The text is read once, guided by a table of the messages, and written as protobuf while it is
//! read; no JSON tree is built. Source: opentelemetry-proto `docs/specification.md`, "JSON Protobuf
//! Encoding", and the JSON mapping of proto3. More lenient than asked: original field names,
//! enum names and either base64 alphabet are taken too.

mod messages;
mod scalars;
mod transcode;

use super::DecodeError;
use ocelli_signal::Signal;

/// Transcodes an `Export…ServiceRequest`. An error names the path, the line and the column.
pub fn to_protobuf(signal: Signal, json: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let request = match signal {
        Signal::Spans => &messages::TRACE_REQUEST,
        Signal::Points => &messages::METRICS_REQUEST,
        Signal::Logs => &messages::LOGS_REQUEST,
    };
    transcode::transcode(request, json).map_err(DecodeError::Json)
}

#[cfg(test)]
mod tests;
