//! Setting telemetry up.

use opentelemetry::KeyValue;
use tracing_subscriber::EnvFilter;

use crate::{
    Error, Telemetry, context,
    environment::Environment,
    export,
    subscriber::{DEFAULT_LOG_FILTER, subscriber},
};

/// The choices that a service makes in code. The environment overrides them, so that a deployment can
/// rename, redirect and sample without a new build.
#[derive(Debug)]
pub struct Builder {
    service_name: String,
    attributes: Vec<KeyValue>,
    endpoint: Option<String>,
}

impl Builder {
    /// A service of that name (`service.name`).
    pub fn new(service_name: impl Into<String>) -> Self {
        Builder { service_name: service_name.into(), attributes: Vec::new(), endpoint: None }
    }

    /// The running version (`service.version`); usually `env!("CARGO_PKG_VERSION")`.
    pub fn version(self, version: impl Into<String>) -> Self {
        self.attribute("service.version", version)
    }

    /// One more resource attribute, such as `deployment.environment.name`.
    pub fn attribute(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push(KeyValue::new(key, value.into()));
        self
    }

    /// The OTLP gRPC receiver where the environment names none, as `http://host:port`. Without it
    /// `http://127.0.0.1:4317`.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Sets everything up for this process: spans and points over OTLP, logs on stdout, W3C
    /// propagation. An unreachable receiver is no error: export is tried again and again.
    ///
    /// # Errors
    /// Outside of a tokio runtime, for variables that can't be used, and when a tracing subscriber is
    /// installed already.
    pub fn init(self) -> Result<Telemetry, Error> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::NoRuntime);
        }
        let environment = Environment::of_process();
        let log_filter = log_filter()?;
        let resource = export::resource(&self.service_name, self.attributes, &environment);
        let endpoint = self.endpoint.as_deref();
        let traces = export::tracer_provider(resource.clone(), endpoint, &environment)?;
        let metrics = export::meter_provider(resource, endpoint, &environment)?;
        let subscriber = subscriber(&traces, log_filter, std::io::stdout);
        tracing::subscriber::set_global_default(subscriber).map_err(|_| Error::AlreadyInstalled)?;
        // For libraries that use the OpenTelemetry API directly.
        opentelemetry::global::set_text_map_propagator(context::w3c());
        opentelemetry::global::set_tracer_provider(traces.clone());
        opentelemetry::global::set_meter_provider(metrics.clone());
        Telemetry::new(traces, metrics)
    }
}

/// `RUST_LOG`, where it is set and not empty.
fn log_filter() -> Result<EnvFilter, Error> {
    match std::env::var(EnvFilter::DEFAULT_ENV) {
        Ok(text) if !text.trim().is_empty() => Ok(EnvFilter::try_from_default_env()?),
        _ => Ok(EnvFilter::new(DEFAULT_LOG_FILTER)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_of_a_runtime_the_error_says_so() {
        let error = Builder::new("lost").init().err().unwrap();
        assert!(matches!(error, Error::NoRuntime), "{error}");
    }
}
