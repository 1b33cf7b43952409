//! The labels of an OTLP series.

use super::names::{label_name, metric_name};
use crate::Error;
use crate::promql::labels::{Labels, METRIC_NAME};
use ocelli_signal::attributes::Attributes;
use ocelli_signal::origin::{Resource, Scope};
use ocelli_signal::series::{Kind, Series};
use ocelli_signal::{prometheus, value_text};
use std::collections::BTreeMap;

/// The resource attributes that make `job` and `instance`; the others are in `target_info`.
pub const SERVICE_NAME: &str = "service.name";
pub const SERVICE_NAMESPACE: &str = "service.namespace";
pub const SERVICE_INSTANCE: &str = "service.instance.id";

/// What all Prometheus series of one OTLP series share.
#[derive(Clone, Debug)]
pub struct Identity {
    /// With the metric's name, without `le` and `quantile`.
    pub labels: Labels,
    pub name: String,
    /// Prometheus' own: a histogram is one series, and a native one (see `ocelli_signal::prometheus`).
    pub native: bool,
}

impl Identity {
    pub fn of(series: &Series) -> Result<Identity, Error> {
        let corrupt = |why: ocelli_signal::WireError| Error::Corrupt(why.to_string());
        let name = metric_name(series);
        if prometheus::is_native(series) {
            let own = Attributes::of_column(&series.attributes).iter();
            let own = own.filter_map(|(name, value)| Some((name, value.as_str()?)));
            let labels = Labels::new(own.chain([(METRIC_NAME, name.as_str())]));
            return Ok(Identity { labels, name, native: true });
        }
        let mut labels = Collected::default();
        for (key, value) in Attributes::of_column(&series.attributes).iter() {
            labels.add(label_name(key), &value_text::display(&value));
        }
        let scope = Scope::parse(&series.scope).map_err(corrupt)?;
        for (key, value) in scope.attributes().iter() {
            labels.add(format!("otel_scope_{}", label_name(key)), &value_text::display(&value));
        }
        labels.set("otel_scope_name", scope.name);
        labels.set("otel_scope_version", scope.version);
        labels.set("otel_scope_schema_url", scope.schema_url);
        let resource = Resource::parse(&series.resource).map_err(corrupt)?;
        let (job, instance) = job_and_instance(&resource);
        labels.set("job", &job);
        labels.set("instance", &instance);
        labels.set(METRIC_NAME, &name);
        Ok(Identity { labels: Labels::new(labels.0), name, native: false })
    }

    /// About what it takes in memory.
    pub fn bytes(&self) -> usize {
        let texts: usize = self.labels.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
        size_of::<Identity>() + self.name.len() + texts
    }
}

/// The names of the series that a metric becomes, from its own and its kind. One that is Prometheus' own
/// stays what it is.
pub fn names(name: &str, kind: Kind, native: bool) -> Vec<String> {
    let part = |suffix: &str| format!("{name}{suffix}");
    match kind {
        _ if native => vec![name.to_owned()],
        Kind::Gauge | Kind::Sum | Kind::ExponentialHistogram => vec![name.to_owned()],
        Kind::Histogram => vec![part("_bucket"), part("_count"), part("_sum")],
        Kind::Summary => vec![name.to_owned(), part("_count"), part("_sum")],
    }
}

pub fn job_and_instance(resource: &Resource) -> (String, String) {
    let text =
        |key| resource.attributes().get(key).map(|value| value_text::display(&value)).unwrap_or_default();
    let (name, namespace) = (text(SERVICE_NAME), text(SERVICE_NAMESPACE));
    let job = if name.is_empty() || namespace.is_empty() { name } else { format!("{namespace}/{name}") };
    (job, text(SERVICE_INSTANCE))
}

/// Labels while they are gathered. Keys that become the same name share their values.
#[derive(Default)]
pub struct Collected(pub BTreeMap<String, String>);

impl Collected {
    pub fn add(&mut self, name: String, value: &str) {
        self.0
            .entry(name)
            .and_modify(|known| {
                known.push(';');
                known.push_str(value);
            })
            .or_insert_with(|| value.to_owned());
    }

    /// Overwrites unless the value is empty.
    pub fn set(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_signal::AnyValue;
    use ocelli_signal::attributes;

    #[test]
    fn labels_of_a_series() {
        let pairs = [("http.method", AnyValue::String("GET")), ("http_method", AnyValue::Int(5))];
        let resource = attributes::encode([
            (SERVICE_NAME, AnyValue::String("cart")),
            (SERVICE_NAMESPACE, AnyValue::String("shop")),
            (SERVICE_INSTANCE, AnyValue::String("i-1")),
        ]);
        let series = Series {
            name: "calls".into(),
            kind: Kind::Sum,
            is_monotonic: true,
            attributes: attributes::encode(pairs).into(),
            resource: ocelli_signal::origin::encode(&resource, "").into(),
            ..Series::default()
        };
        let identity = Identity::of(&series).unwrap();
        assert_eq!(
            identity.labels.to_string(),
            r#"{__name__="calls_total", http_method="GET;5", instance="i-1", job="shop/cart"}"#
        );
    }
}
