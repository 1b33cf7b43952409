//! What is made of spans once they are stored: rates, errors and durations per operation, and the
//! graph of who calls whom. Both are pure: spans and the time come in, points go out.
//!
//! Source: the span metrics and service graph connectors of the OpenTelemetry Collector.

mod emission;
mod exemplars;
mod histogram;
mod known;
mod names;
mod peer;
pub mod red;
pub mod service_graph;
pub mod span_metrics;
#[cfg(test)]
mod tests;

pub use red::{Red, RedStats};
