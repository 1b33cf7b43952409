//! The `OTEL_*` variables that the OpenTelemetry crates leave to the caller.
//!
//! They read the rest themselves: samplers, limits, batch sizes and intervals in `opentelemetry_sdk`,
//! endpoints, headers, timeouts and compression in `opentelemetry-otlp`.
//! Names and meanings: OpenTelemetry specification, `configuration/sdk-environment-variables.md`.

/// Where telemetry goes when no variable says otherwise. An address, not `localhost`, so that a
/// machine whose `localhost` is first an IPv6 address doesn't miss a listener on 127.0.0.1.
pub(crate) const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:4317";

/// What the environment asks for. Empty variables count as unset, as the specification demands.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Environment {
    /// `OTEL_SERVICE_NAME`, else `service.name` of `OTEL_RESOURCE_ATTRIBUTES`.
    pub(crate) service_name: Option<String>,
    /// Whether spans are exported: `OTEL_SDK_DISABLED` and `OTEL_TRACES_EXPORTER=none` say no.
    pub(crate) export_traces: bool,
    /// Whether points are exported: `OTEL_SDK_DISABLED` and `OTEL_METRICS_EXPORTER=none` say no.
    pub(crate) export_metrics: bool,
    /// Whether a variable names the endpoint for spans.
    pub(crate) traces_endpoint_given: bool,
    /// Whether a variable names the endpoint for points.
    pub(crate) metrics_endpoint_given: bool,
}

impl Environment {
    /// The environment of this process.
    pub(crate) fn of_process() -> Self {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let disabled = get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let wanted = |name: &str| !disabled && get(name).is_none_or(|value| value != "none");
        let endpoint = get("OTEL_EXPORTER_OTLP_ENDPOINT").is_some();
        Environment {
            service_name: get("OTEL_SERVICE_NAME")
                .or_else(|| get("OTEL_RESOURCE_ATTRIBUTES").and_then(|pairs| service_name_of(&pairs))),
            export_traces: wanted("OTEL_TRACES_EXPORTER"),
            export_metrics: wanted("OTEL_METRICS_EXPORTER"),
            traces_endpoint_given: endpoint || get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").is_some(),
            metrics_endpoint_given: endpoint || get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT").is_some(),
        }
    }
}

fn service_name_of(resource_attributes: &str) -> Option<String> {
    resource_attributes
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| key.trim() == "service.name")
        .map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        Environment::read(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn an_empty_environment_exports_everything_to_the_default() {
        let environment = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]);
        assert!(environment.export_traces && environment.export_metrics);
        assert!(!environment.traces_endpoint_given && !environment.metrics_endpoint_given);
        assert_eq!(environment.service_name, None);
    }

    #[test]
    fn the_service_name_variable_wins_over_the_resource_attributes() {
        let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "team=a, service.name = from-attributes");
        assert_eq!(read(&[attributes]).service_name.as_deref(), Some("from-attributes"));
        let both = read(&[attributes, ("OTEL_SERVICE_NAME", "from-name")]);
        assert_eq!(both.service_name.as_deref(), Some("from-name"));
    }

    #[test]
    fn exporters_are_switched_off_one_by_one_or_together() {
        let traces_off = read(&[("OTEL_TRACES_EXPORTER", "none")]);
        assert!(!traces_off.export_traces && traces_off.export_metrics);
        let all_off = read(&[("OTEL_SDK_DISABLED", "TRUE")]);
        assert!(!all_off.export_traces && !all_off.export_metrics);
    }

    #[test]
    fn an_endpoint_of_one_signal_leaves_the_other_at_its_default() {
        let environment = read(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:1")]);
        assert!(environment.traces_endpoint_given && !environment.metrics_endpoint_given);
    }
}
