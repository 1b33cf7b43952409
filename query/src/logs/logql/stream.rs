//! The labels of a record as Loki makes them of OTLP: those of its stream, and its metadata.
//!
//! Source: Loki `pkg/loghttp/push/otlp.go` and its default configuration: some attributes of the resource
//! are stream labels, and everything else is structured metadata.

use super::pipeline::{Category, Labels};
use crate::Error;
use crate::promql::select::Matcher;
use arrow::array::types::Int32Type;
use arrow::array::{Array, AsArray, BinaryArray, RecordBatch};
use ocelli_signal::origin::Resource;
use ocelli_signal::value_text::display;
use ocelli_signal::{AnyValue, Attributes};
use std::borrow::Cow;
use std::cell::OnceCell;

pub const SERVICE_NAME: &str = "service_name";
pub const DETECTED_LEVEL: &str = "detected_level";

/// Attributes of a resource that are labels of its stream (`default_resource_attributes_as_index_labels`).
const OF_STREAM: [&str; 18] = [
    "service.name",
    "service.namespace",
    "service.instance.id",
    "deployment.environment",
    "deployment.environment.name",
    "cloud.region",
    "cloud.availability_zone",
    "k8s.cluster.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.container.name",
    "container.name",
    "k8s.replicaset.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
];

/// Columns of the stream's labels alone.
pub const STREAM_COLUMNS: [&str; 1] = ["resource"];
/// Columns of all labels.
pub const COLUMNS: [&str; 9] = [
    "resource",
    "scope",
    "severity_number",
    "severity_text",
    "trace_id",
    "span_id",
    "flags",
    "event_name",
    "attributes",
];

/// Labels that are made of a record's own fields.
pub const OF_RECORD: [&str; 9] = [
    "trace_id",
    "span_id",
    "severity_text",
    "severity_number",
    "flags",
    "event_name",
    "scope_name",
    "scope_version",
    DETECTED_LEVEL,
];

/// Attributes that tell the level where the severity does not.
pub const LEVELS: [&str; 3] = ["level", "severity", "lvl"];

/// Whether a label is always one of the stream.
pub fn is_of_stream(name: &str) -> bool {
    OF_STREAM.iter().any(|key| label_name(key) == name)
}

/// The labels that streams may have.
pub fn stream_names() -> Vec<String> {
    OF_STREAM.iter().map(|key| label_name(key).into_owned()).collect()
}

/// A name with letters, digits and underscores alone, as labels have it.
pub fn label_name(name: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let digit = name.starts_with(|c: char| c.is_ascii_digit());
    if !digit && name.chars().all(fits) {
        return Cow::Borrowed(name);
    }
    let mut made = if digit { "_".to_owned() } else { String::new() };
    made.extend(name.chars().map(|c| if fits(c) { c } else { '_' }));
    Cow::Owned(made)
}

/// Names with values, ready to be labels.
pub(super) type Pairs = Vec<(String, String)>;

/// What a resource gives to all of its records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// Sorted by name.
    pub stream: Pairs,
    pub(super) metadata: Pairs,
}

impl Origin {
    pub fn of(resource: &[u8]) -> Origin {
        let resource = Resource::parse(resource).unwrap_or_default();
        let mut origin = Origin::default();
        origin.stream.push((SERVICE_NAME.to_owned(), resource.service_name().to_owned()));
        for (key, value) in resource.attributes().iter() {
            let of_stream = OF_STREAM.contains(&key);
            let to = if of_stream { &mut origin.stream } else { &mut origin.metadata };
            flatten(key, &value, &mut |name, value| {
                if to.iter().all(|(known, _)| known != name) && !value.is_empty() {
                    to.push((name.to_owned(), value));
                }
            });
        }
        origin.stream.sort_unstable();
        origin
    }

    pub fn matches(&self, matchers: &[Matcher]) -> bool {
        let value =
            |name: &str| self.stream.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        matchers.iter().all(|matcher| matcher.matches(value(&matcher.name).unwrap_or_default()))
    }
}

/// Members of a map have the names of both.
pub(super) fn flatten(key: &str, value: &AnyValue<'_>, put: &mut dyn FnMut(&str, String)) {
    if let AnyValue::KvList(members) = value {
        let members = Attributes::of_column(members);
        members.iter().for_each(|(inner, value)| flatten(&format!("{key}_{inner}"), &value, put));
    } else {
        put(&label_name(key), display(value));
    }
}

/// A dictionary column, of which each value is read when it is met first.
pub(super) struct Distinct<'a, T> {
    keys: &'a [i32],
    values: &'a BinaryArray,
    read: fn(&[u8]) -> T,
    known: Vec<OnceCell<T>>,
}

impl<'a, T> Distinct<'a, T> {
    pub(super) fn of(
        batch: &'a RecordBatch,
        name: &str,
        read: fn(&[u8]) -> T,
    ) -> Result<Distinct<'a, T>, Error> {
        let missing = || Error::Internal(format!("column '{name}' is missing or of another type"));
        let column = batch.column_by_name(name).and_then(|array| array.as_dictionary_opt::<Int32Type>());
        let column = column.ok_or_else(missing)?;
        let values: &BinaryArray = column.values().as_any().downcast_ref().ok_or_else(missing)?;
        let known = (0..values.len()).map(|_| OnceCell::new()).collect();
        Ok(Distinct { keys: column.keys().values(), values, read, known })
    }

    pub(super) fn value(&self, row: usize) -> &T {
        let key = self.keys[row] as usize;
        self.known[key].get_or_init(|| (self.read)(self.values.value(key)))
    }
}

/// The streams of a batch's rows.
pub struct StreamRows<'a>(Distinct<'a, Origin>);

impl<'a> StreamRows<'a> {
    /// Reads [`STREAM_COLUMNS`].
    pub fn of(batch: &'a RecordBatch) -> Result<StreamRows<'a>, Error> {
        Distinct::of(batch, "resource", Origin::of).map(StreamRows)
    }

    pub fn origin(&self, row: usize) -> &Origin {
        self.0.value(row)
    }

    /// The number of the row's stream within the batch; others may have the same labels.
    pub fn key(&self, row: usize) -> usize {
        self.0.keys[row] as usize
    }

    /// How many numbers there are.
    pub fn keys(&self) -> usize {
        self.0.known.len()
    }

    pub fn labels(&self, row: usize) -> Labels<'_> {
        let mut labels = Labels::default();
        for (name, value) in &self.origin(row).stream {
            labels.put(Category::Stream, Cow::Borrowed(name), Cow::Borrowed(value));
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocelli_signal::{attributes, origin, wire::Writer};

    #[test]
    fn names_as_labels_have_them() {
        let made =
            ["http.route", "a_b", "9lives", "größe", "x-y/z"].map(|name| label_name(name).into_owned());
        assert_eq!(made, ["http_route", "a_b", "_9lives", "gr__e", "x_y_z"]);
    }

    #[test]
    fn some_of_a_resource_is_its_stream() {
        let mut message = Writer::new();
        for (key, value) in [("host.name", "h"), ("service.name", "cart"), ("k8s.pod.name", "cart-1")] {
            attributes::put_pair(&mut message, 1, key, &AnyValue::String(value));
        }
        let origin = Origin::of(&origin::encode(message.as_bytes(), ""));
        let pairs = |pairs: &[(&str, &str)]| -> Pairs {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(origin.stream, pairs(&[("k8s_pod_name", "cart-1"), ("service_name", "cart")]));
        assert_eq!(origin.metadata, pairs(&[("host_name", "h")]));
        assert_eq!(Origin::of(&[]).stream, pairs(&[("service_name", "unknown_service")]));
    }
}
