//! OTLP protobuf, walked field by field straight into the builders: no message structs are built.
//!
//! Source: opentelemetry-proto 1.11. Unknown fields are passed over. The bytes of attributes, events,
//! links and exemplars are checked here once, so that every reader after may trust them.

pub(super) mod check;
mod data_point;
pub mod logs;
pub mod points;
pub mod spans;
pub(super) mod walk;
