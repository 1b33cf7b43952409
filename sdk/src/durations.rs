//! One histogram of seconds, kept twice: for OTLP and for `/metrics`.

use opentelemetry::{
    KeyValue,
    metrics::{Histogram, Meter},
};
use prometheus::{HistogramOpts, HistogramVec, Registry};

/// The bounds that the semantic conventions recommend for HTTP and database durations, in seconds.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What a histogram is called and which attributes it knows.
pub(crate) struct Description {
    /// The OpenTelemetry name; the Prometheus one follows from it by the compatibility rules.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    /// OpenTelemetry attribute names, in the order in which [`Durations::record`] takes the values.
    pub(crate) attributes: &'static [&'static str],
}

/// A duration metric of one instrumentation.
#[derive(Clone)]
pub(crate) struct Durations {
    attributes: &'static [&'static str],
    otlp: Histogram<f64>,
    prometheus: HistogramVec,
}

impl Durations {
    /// Registers the metric on both sides.
    pub(crate) fn register(
        meter: &Meter,
        registry: &Registry,
        description: &Description,
    ) -> Result<Self, prometheus::Error> {
        let labels: Vec<String> = description.attributes.iter().map(|name| label(name)).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let options = HistogramOpts::new(format!("{}_seconds", label(description.name)), description.help)
            .buckets(BOUNDS.to_vec());
        let prometheus = HistogramVec::new(options, &labels)?;
        registry.register(Box::new(prometheus.clone()))?;
        let otlp = meter
            .f64_histogram(description.name)
            .with_description(description.help)
            .with_unit("s")
            .with_boundaries(BOUNDS.to_vec())
            .build();
        Ok(Durations { attributes: description.attributes, otlp, prometheus })
    }

    /// Counts one duration. An empty value is an attribute that is not there. More or fewer values
    /// than attributes is a mistake of this crate and counts nothing on the Prometheus side.
    pub(crate) fn record(&self, seconds: f64, values: &[&str]) {
        let pairs: Vec<KeyValue> = self
            .attributes
            .iter()
            .zip(values)
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| KeyValue::new(*name, typed(name, value)))
            .collect();
        self.otlp.record(seconds, &pairs);
        debug_assert_eq!(values.len(), self.attributes.len());
        if let Ok(histogram) = self.prometheus.get_metric_with_label_values(values) {
            histogram.observe(seconds);
        }
    }
}

/// Status codes and ports are integers by the conventions.
fn typed(name: &str, value: &str) -> opentelemetry::Value {
    let is_number = name.ends_with(".status_code") || name.ends_with(".port");
    match value.parse::<i64>() {
        Ok(number) if is_number => number.into(),
        _ => value.to_owned().into(),
    }
}

/// `http.server.request.duration` → `http_server_request_duration`.
fn label(name: &str) -> String {
    name.replace(['.', '-'], "_")
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider as _;

    use super::*;
    use crate::testing::Recorder;

    #[test]
    fn one_observation_is_seen_on_both_sides() {
        let recorder = Recorder::new();
        let telemetry = recorder.telemetry();
        let description = Description {
            name: "test.duration",
            help: "Time.",
            attributes: &["peer.status_code", "error.type"],
        };
        let meter = recorder.meter_provider().meter("test");
        let durations = Durations::register(&meter, telemetry.registry(), &description).unwrap();
        durations.record(0.3, &["200", ""]);
        let text = telemetry.metrics_text();
        assert!(
            text.contains("test_duration_seconds_sum{error_type=\"\",peer_status_code=\"200\"} 0.3"),
            "{text}"
        );
        let point = recorder.histogram("test.duration");
        assert_eq!((point.count, point.sum), (1, 0.3));
        assert_eq!(point.attributes, [("peer.status_code".to_owned(), opentelemetry::Value::I64(200))]);
    }
}
