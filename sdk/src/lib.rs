//! Telemetry for a Rust service in one call: traces and metrics over OTLP, JSON logs on stdout that
//! name their trace, `/metrics` for Prometheus, W3C context, and a clean flush at exit.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let telemetry = ocelli_sdk::init("checkout")?;
//! let app = axum::Router::new().route("/hello/{name}", axum::routing::get(|| async { "hello" }));
//! let app = telemetry.http_server(app).route("/metrics", telemetry.metrics_handler());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! axum::serve(listener, app).with_graceful_shutdown(ocelli_sdk::stop_signal()).await?;
//! telemetry.shutdown().await?;
//! # Ok(()) }
//! ```
//!
//! Spans are `tracing` spans from INFO upwards (`#[tracing::instrument]`, `info_span!`), log lines are
//! `tracing` events. Names and attributes follow the stable OpenTelemetry semantic conventions for HTTP
//! and databases. The `OTEL_*` variables of the specification are honoured, see the README.

mod builder;
pub mod context;
mod database;
mod durations;
mod environment;
mod error;
mod export;
mod http_client;
mod http_server;
mod log_line;
mod messaging;
mod query_summary;
mod signal;
mod span;
mod subscriber;
mod telemetry;
#[cfg(test)]
mod testing;
mod url_text;

pub use builder::Builder;
pub use database::Database;
pub use error::Error;
pub use http_client::{HttpClient, RequestBuilder};
pub use messaging::Queue;
pub use signal::stop_signal;
pub use span::{fail, set_attribute};
pub use telemetry::Telemetry;

/// Sets up traces, metrics and logs for this process under a service name. [`Builder`] takes a
/// version, more attributes and another endpoint.
///
/// # Errors
/// See [`Builder::init`].
pub fn init(service_name: &str) -> Result<Telemetry, Error> {
    Builder::new(service_name).init()
}
