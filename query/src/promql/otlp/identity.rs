//! The labels of an OTLP series.

use super::label_value::label_value;
use super::names::{label_part, metric_name};
use super::shared_names::{as_it_is, translated};
use crate::Error;
use crate::promql::labels::{Labels, METRIC_NAME, Pair};
use ocelli_signal::attributes::Attributes;
use ocelli_signal::origin::{Resource, Scope};
use ocelli_signal::series::{Kind, Series};
use ocelli_signal::{AnyValue, prometheus};
use std::sync::Arc;

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
            let own = own.filter_map(|(name, value)| Some((as_it_is(name), Arc::from(value.as_str()?))));
            let labels = Labels::new(own.chain(given([(METRIC_NAME, name.as_str())])));
            return Ok(Identity { labels, name, native: true });
        }
        let scope = Scope::parse(&series.scope).map_err(corrupt)?;
        let resource = Resource::parse(&series.resource).map_err(corrupt)?;
        let (job, instance) = job_and_instance(&resource);
        let mut pairs = named(Attributes::of_column(&series.attributes), |key| Some(translated(key)));
        // The last of equal names wins.
        pairs.extend(of_scope(&scope));
        let own = [("job", job.as_str()), ("instance", &instance), (METRIC_NAME, &name)];
        pairs.extend(given(own));
        Ok(Identity { labels: Labels::new(pairs), name, native: false })
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
    let text = |key| resource.attributes().get(key).map(|value| label_value(&value)).unwrap_or_default();
    let (name, namespace) = (text(SERVICE_NAME), text(SERVICE_NAMESPACE));
    let job = if name.is_empty() || namespace.is_empty() { name } else { format!("{namespace}/{name}") };
    (job, text(SERVICE_INSTANCE))
}

/// The labels of the attributes that `name` gives a label's name. Values of keys that become the same
/// name are joined in the order of their keys.
pub fn named(attributes: Attributes<'_>, name: impl Fn(&str) -> Option<Arc<str>>) -> Vec<Pair> {
    let mut attributes: Vec<_> = attributes.iter().collect();
    attributes.sort_by_key(|(key, _)| *key);
    let pair = |(key, value): &(&str, AnyValue<'_>)| Some((name(key)?, label_value(value).into()));
    let mut pairs: Vec<Pair> = attributes.iter().filter_map(pair).collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1 = match &*earlier.1 {
                "" => later.1.clone(),
                value => format!("{value};{}", later.1).into(),
            };
        }
        same
    });
    pairs
}

/// Those with a value.
pub fn given<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> impl Iterator<Item = Pair> {
    let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    pairs.map(|(name, value)| (as_it_is(name), value.into()))
}

/// An attribute whose label would be one of the scope's own is left out.
fn of_scope(scope: &Scope<'_>) -> Vec<Pair> {
    let own = [
        ("otel_scope_name", scope.name),
        ("otel_scope_version", scope.version),
        ("otel_scope_schema_url", scope.schema_url),
    ];
    let mut pairs = named(scope.attributes(), |key| {
        let name = format!("otel_scope_{}", label_part(key));
        own.iter().all(|(known, _)| *known != name).then(|| name.into())
    });
    pairs.extend(given(own));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_signal::attributes::{self, put_pair};
    use ocelli_signal::value_text::from_json_text;
    use ocelli_signal::wire::Writer;

    fn check(attributes: &str, scope: &str, resource: &str, expect: &str) {
        let list = |text: &str| {
            let value = from_json_text(text).unwrap();
            let pairs: Vec<_> = AnyValue::parse(&value).unwrap().pairs().iter().map(owned).collect();
            attributes::encode(pairs.iter().map(|(key, value)| (&**key, AnyValue::parse(value).unwrap())))
        };
        let mut message = Writer::new();
        if let Some((name, rest)) = scope.split_once(' ') {
            let (version, attributes) = rest.split_once(' ').unwrap();
            message.put_bytes(1, name.as_bytes());
            message.put_bytes(2, version.as_bytes());
            let value = from_json_text(attributes).unwrap();
            for (key, value) in AnyValue::parse(&value).unwrap().pairs().iter() {
                put_pair(&mut message, 3, key, &value);
            }
        }
        let series = Series {
            name: "calls".into(),
            kind: Kind::Sum,
            is_monotonic: true,
            attributes: list(attributes).into(),
            scope: ocelli_signal::origin::encode(message.as_bytes(), "").into(),
            resource: ocelli_signal::origin::encode(&list(resource), "").into(),
            ..Series::default()
        };
        assert_eq!(Identity::of(&series).unwrap().labels.to_string(), expect);
    }

    fn owned((key, value): (&str, AnyValue<'_>)) -> (String, Vec<u8>) {
        let mut bytes = Writer::new();
        value.encode(&mut bytes);
        (key.to_owned(), bytes.into_bytes())
    }

    #[test]
    fn labels_of_a_series() {
        check(
            r#"{"http.method": "GET", "http_method": 5}"#,
            "",
            r#"{"service.name": "cart", "service.namespace": "shop", "service.instance.id": "i-1", "host.name": "h"}"#,
            r#"{__name__="calls_total", http_method="GET;5", instance="i-1", job="shop/cart"}"#,
        );
        check(r#"{"a_b": "", "a.b": "x"}"#, "", "{}", r#"{__name__="calls_total", a_b="x;"}"#);
        check(r#"{"a.b": "", "a_b": "x"}"#, "", "{}", r#"{__name__="calls_total", a_b="x"}"#);
        check(
            r#"{"job": "own", "__name__": "other", "le": 1.0}"#,
            "",
            r#"{"service.name": "", "service.namespace": "shop", "service.instance.id": 7}"#,
            r#"{__name__="calls_total", instance="7", job="own", le="1"}"#,
        );
    }

    #[test]
    fn labels_of_a_scope() {
        check(
            "{}",
            r#"meter 1.2 {"b.c": "2", "2xx": true, "b_c": "3", "version": "x", "schema.url": "y"}"#,
            "{}",
            r#"{__name__="calls_total", otel_scope_2xx="true", otel_scope_b_c="2;3", otel_scope_name="meter", otel_scope_version="1.2"}"#,
        );
        check(
            "{}",
            r#"meter  {"version": "x"}"#,
            "{}",
            r#"{__name__="calls_total", otel_scope_name="meter"}"#,
        );
    }
}
