//! What can go wrong when telemetry is set up or flushed.

use std::time::Duration;

/// Every failure of this crate. None of them is a reason to stop serving: a service whose telemetry
/// can't be set up decides for itself whether it runs without.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The exporters send over gRPC on the caller's runtime, and there is none.
    #[error("telemetry must be set up inside a tokio runtime: call init from an async main")]
    NoRuntime,
    /// An `OTEL_EXPORTER_OTLP_*` variable or an endpoint that can't be used; the text names it.
    #[error("the OTLP exporter can't be set up: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// `RUST_LOG` doesn't parse.
    #[error("RUST_LOG is not a filter such as `info` or `info,sqlx=warn`: {0}")]
    Filter(#[from] tracing_subscriber::filter::FromEnvError),
    /// A second `init`, or another global tracing subscriber before it.
    #[error("a tracing subscriber is already installed in this process; call init once, before any other")]
    AlreadyInstalled,
    /// A Prometheus metric that clashes with one that is registered.
    #[error("a Prometheus metric can't be registered: {0}")]
    Metric(#[from] prometheus::Error),
    /// The last spans or points could not be delivered.
    #[error("the last {what} could not be flushed: {reason}")]
    Flush { what: &'static str, reason: String },
    /// The receiver didn't take the last telemetry in time; it may be lost.
    #[error("flushing took longer than {0:?}; the last telemetry may be lost")]
    FlushTimeout(Duration),
}
