//! The resource that names this service, and the OTLP exporters behind its spans and points.

use opentelemetry::{KeyValue, trace::TraceId};
use opentelemetry_otlp::{MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{IdGenerator, RandomIdGenerator, SdkTracerProvider},
};

use crate::{
    Error,
    environment::{DEFAULT_ENDPOINT, Environment},
};

/// Who speaks: the attributes in code, overridden by `OTEL_RESOURCE_ATTRIBUTES` and
/// `OTEL_SERVICE_NAME`, so that a deployment can rename what a developer has built.
pub(crate) fn resource(service_name: &str, attributes: Vec<KeyValue>, environment: &Environment) -> Resource {
    let from_environment = Resource::builder().build();
    let named = environment.service_name.clone().unwrap_or_else(|| service_name.to_owned());
    Resource::builder_empty()
        .with_attribute(KeyValue::new("service.instance.id", instance_id()))
        .with_attribute(KeyValue::new("process.pid", i64::from(std::process::id())))
        .with_attributes(attributes)
        .with_attributes(
            from_environment.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())),
        )
        .with_service_name(named)
        .build()
}

/// A random UUID, version 4: two runs of one service are two instances.
fn instance_id() -> String {
    let mut bytes = loop {
        let id = RandomIdGenerator::default().new_trace_id();
        if id != TraceId::INVALID {
            break id.to_bytes();
        }
    };
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Spans in batches over OTLP gRPC. Without export the ids are still made, so that log lines of one
/// request stay together.
pub(crate) fn tracer_provider(
    resource: Resource,
    endpoint: Option<&str>,
    environment: &Environment,
) -> Result<SdkTracerProvider, Error> {
    let provider = SdkTracerProvider::builder().with_resource(resource);
    if !environment.export_traces {
        return Ok(provider.build());
    }
    let mut exporter = SpanExporter::builder().with_tonic();
    if let Some(endpoint) = chosen(endpoint, environment.traces_endpoint_given) {
        exporter = exporter.with_endpoint(endpoint);
    }
    Ok(provider.with_batch_exporter(exporter.build()?).build())
}

/// Points over OTLP gRPC, every `OTEL_METRIC_EXPORT_INTERVAL` milliseconds (default 60,000).
pub(crate) fn meter_provider(
    resource: Resource,
    endpoint: Option<&str>,
    environment: &Environment,
) -> Result<SdkMeterProvider, Error> {
    let provider = SdkMeterProvider::builder().with_resource(resource);
    if !environment.export_metrics {
        return Ok(provider.build());
    }
    let mut exporter = MetricExporter::builder().with_tonic();
    if let Some(endpoint) = chosen(endpoint, environment.metrics_endpoint_given) {
        exporter = exporter.with_endpoint(endpoint);
    }
    Ok(provider.with_reader(PeriodicReader::builder(exporter.build()?).build()).build())
}

/// The endpoint to set in code, or `None` to leave it to the environment.
fn chosen(in_code: Option<&str>, in_environment: bool) -> Option<&str> {
    match (in_code, in_environment) {
        (_, true) => None,
        (Some(endpoint), false) => Some(endpoint),
        (None, false) => Some(DEFAULT_ENDPOINT),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::Key;

    use super::*;

    #[test]
    fn the_environment_names_the_service_over_the_code() {
        let mut environment = Environment { service_name: None, ..Environment::default() };
        let name = Key::new("service.name");
        let in_code = resource("cart", vec![KeyValue::new("service.version", "1.2.3")], &environment);
        assert_eq!(in_code.get(&name).map(|value| value.to_string()).as_deref(), Some("cart"));
        assert_eq!(
            in_code.get(&Key::new("service.version")).map(|value| value.to_string()).as_deref(),
            Some("1.2.3")
        );
        environment.service_name = Some("cart-blue".into());
        let renamed = resource("cart", Vec::new(), &environment);
        assert_eq!(renamed.get(&name).map(|value| value.to_string()).as_deref(), Some("cart-blue"));
    }

    #[test]
    fn every_run_is_an_instance_of_its_own() {
        let first = instance_id();
        assert_ne!(first, instance_id());
        assert_eq!(first.len(), 36);
        assert_eq!(first.as_bytes()[14], b'4', "the version nibble of {first}");
    }

    #[test]
    fn an_endpoint_of_the_environment_is_left_to_the_exporter() {
        assert_eq!(chosen(Some("http://in-code:1"), true), None);
        assert_eq!(chosen(Some("http://in-code:1"), false), Some("http://in-code:1"));
        assert_eq!(chosen(None, false), Some(DEFAULT_ENDPOINT));
    }
}
