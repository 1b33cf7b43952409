//! Which attributes of a chunk's series become a label.

use super::identity::Identity;
use super::label_value::label_value;
use super::names::label_name;
use crate::Error;
use crate::promql::labels::Labels;
use ocelli_signal::{AnyValue, Series, prometheus};
use ocelli_storage::{ChunkRows, Key, Origin, SeriesChunk};
use std::borrow::Cow;
use std::collections::HashMap;

/// A key with the series of which it becomes the label.
pub struct LabelKey<'a> {
    pub key: Key<'a>,
    /// Those that have it and whose names are translated as it needs.
    pub rows: ChunkRows,
}

/// The series that are Prometheus' own, whose names are taken as they are.
pub fn native_rows(chunk: &SeriesChunk) -> ChunkRows {
    chunk.with_origin(|origin| prometheus::is_native_scope(&origin.scope))
}

/// What the metric is where it has Prometheus' own names.
pub fn as_native(metric: &Series) -> Series {
    Series { scope: prometheus::native_scope(), ..metric.clone() }
}

/// Some series, apart by how they got their names.
pub struct Apart {
    /// Prometheus' own.
    pub native: ChunkRows,
    /// OTLP's, which are translated.
    pub translated: ChunkRows,
}

impl Apart {
    pub fn of(chunk: &SeriesChunk, rows: &ChunkRows) -> Apart {
        let (mut native, mut translated) = (native_rows(chunk), rows.clone());
        translated.subtract(&native);
        native.intersect(rows);
        Apart { native, translated }
    }
}

/// The metrics of some series, each once, without attributes and resource; of the scope there is left
/// whether the names are Prometheus' own.
pub fn metrics_of(chunk: &SeriesChunk, rows: &ChunkRows) -> Vec<Series> {
    let Apart { native, translated } = Apart::of(chunk, rows);
    let all = chunk.metrics_of(&translated).cloned();
    all.chain(chunk.metrics_of(&native).map(as_native)).collect()
}

/// The keys that become a label, unless a series has two of them, whose values it joins.
pub fn label_keys<'a>(chunk: &'a SeriesChunk, label: &str, native: &ChunkRows) -> Option<Vec<LabelKey<'a>>> {
    let mut keys: Vec<LabelKey<'a>> = Vec::new();
    for key in chunk.keys() {
        let (as_it_is, translated) = (key.name() == label, label_name(key.name()) == label);
        if !as_it_is && !translated {
            continue;
        }
        let mut rows = key.all().into_owned();
        match (as_it_is, translated) {
            (true, false) => rows.intersect(native),
            (false, true) => rows.subtract(native),
            _ => {}
        }
        if key.is_repeated() || keys.iter().any(|other| other.rows.intersects(&rows)) {
            return None;
        }
        keys.push(LabelKey { key, rows });
    }
    Some(keys)
}

/// What a value is as a label's.
pub fn text<'a>(key: &Key<'a>, value: usize) -> Cow<'a, str> {
    match key.value(value) {
        AnyValue::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(label_value(&other)),
    }
}

/// Whether resource and scope make the label.
pub fn is_of_origin(label: &str) -> bool {
    is_target(label) || label.starts_with("otel_scope_")
}

/// Whether the resource makes it, in place of an attribute.
pub fn is_target(label: &str) -> bool {
    ["job", "instance"].contains(&label)
}

/// The labels that resources and scopes make, each made once.
#[derive(Default)]
pub struct OriginLabels(HashMap<Origin, Labels>);

impl OriginLabels {
    pub fn of(&mut self, origin: &Origin) -> Result<&Labels, Error> {
        if !self.0.contains_key(origin) {
            let Origin { resource, scope } = origin.clone();
            let identity = Identity::of(&Series { resource, scope, ..Series::default() })?;
            self.0.insert(origin.clone(), identity.labels);
        }
        self.0.get(origin).ok_or_else(|| Error::Internal("labels that were just made".to_owned()))
    }
}
