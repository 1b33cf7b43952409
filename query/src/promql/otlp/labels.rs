//! Names and values of labels, out of the index of series.

use super::choose::Chooser;
use super::identity::Identity;
use super::keys::{
    Apart, LabelKey, OriginLabels, is_of_origin, is_target, label_keys, metrics_of, native_rows, text,
};
use super::names::label_name;
use super::select::{Stored, bounds_ns, label_sets};
use crate::Error;
use crate::promql::labels::{BUCKET, METRIC_NAME, QUANTILE};
use crate::promql::select::Selection;
use ocelli_signal::Kind;
use ocelli_storage::{ChunkRows, Found, Origin, SeriesChunk};
use std::collections::{BTreeSet, HashMap};

/// Adds the names of all labels of a selection's series.
pub fn label_names(
    stored: Stored<'_>,
    selection: &Selection,
    names: &mut BTreeSet<String>,
) -> Result<(), Error> {
    each_chunk(stored, selection, |chooser, _, mut of| of.add_names(chooser, names))
}

/// Adds the values of a label of a selection's series.
pub fn label_values(
    stored: Stored<'_>,
    selection: &Selection,
    label: &str,
    values: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let told_by_points = |name: &str| [BUCKET, QUANTILE].contains(&name);
    if told_by_points(label) || selection.matchers.iter().any(|matcher| told_by_points(&matcher.name)) {
        let sets = label_sets(stored, selection)?;
        let found = sets.iter().map(|labels| labels.get(label)).filter(|value| !value.is_empty());
        values.extend(found.map(str::to_owned));
        return Ok(());
    }
    each_chunk(stored, selection, |chooser, _, mut of| of.add_values(chooser, label, values))
}

/// Shows a label, a value of it and the rows of series that have it.
pub type EachValue<'e> = dyn FnMut(&str, &str, &mut dyn Iterator<Item = usize>) + 'e;

/// Shows chunk by chunk the series of a selection, and a way to look at each value of each of their labels
/// but the metric's name. Values of keys that become one label are shown one by one.
pub fn each_label(
    stored: Stored<'_>,
    selection: &Selection,
    mut each: impl FnMut(
        &Found<'_>,
        &ChunkRows,
        &mut dyn FnMut(&mut EachValue<'_>) -> Result<(), Error>,
    ) -> Result<(), Error>,
) -> Result<(), Error> {
    each_chunk(stored, selection, |_, found, mut of| {
        let rows = of.rows.clone();
        each(found, &rows, &mut |show| of.each_value(show))
    })
}

/// What a selection found of a chunk.
struct OfChunk<'a> {
    chunk: &'a SeriesChunk,
    /// Series that are wanted, if only for their `target_info`.
    all: &'a ChunkRows,
    /// Those that are wanted themselves: …
    rows: ChunkRows,
    /// … with Prometheus' own names, …
    native: ChunkRows,
    /// … and with OTLP's.
    translated: ChunkRows,
    origins: &'a mut OriginLabels,
}

fn each_chunk(
    stored: Stored<'_>,
    selection: &Selection,
    mut each: impl FnMut(&mut Chooser<'_>, &Found<'_>, OfChunk<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let (from, to) = bounds_ns(selection);
    let mut chooser = Chooser::new(selection, stored.identities);
    let mut origins = OriginLabels::default();
    stored.snapshot.chunks(&mut chooser, from, to, |chooser, found| {
        let of = OfChunk::new(chooser, found.chunk, found.rows, &mut origins)?;
        each(chooser, found, of)
    })?;
    chooser.finish()
}

impl<'a> OfChunk<'a> {
    /// Of the chunk that was narrowed last.
    fn new(
        chooser: &mut Chooser<'_>,
        chunk: &'a SeriesChunk,
        all: &'a ChunkRows,
        origins: &'a mut OriginLabels,
    ) -> Result<OfChunk<'a>, Error> {
        let mut rows = chooser.own_rows(chunk)?;
        rows.intersect(all);
        let Apart { native, translated } = Apart::of(chunk, &rows);
        Ok(OfChunk { chunk, all, rows, native, translated, origins })
    }

    fn each_value(&mut self, show: &mut EachValue<'_>) -> Result<(), Error> {
        for key in self.chunk.keys() {
            let translated = label_name(key.name());
            let both = [(key.name(), &self.native), (&translated, &self.translated)];
            for (label, among) in both.into_iter().filter(|(_, among)| !among.is_empty()) {
                for value in key.values() {
                    let rows = key.rows(value).iter().map(|row| usize::from(*row));
                    let mut rows = rows.filter(|row| among.contains(*row)).peekable();
                    let text = text(&key, value);
                    if rows.peek().is_some() && !text.is_empty() {
                        show(label, &text, &mut rows);
                    }
                }
            }
        }
        let mut by_origin: HashMap<*const Origin, (&Origin, Vec<usize>)> = HashMap::new();
        for row in self.translated.iter() {
            let origin = self.chunk.origin(row);
            let known = by_origin.entry(std::ptr::from_ref(origin));
            known.or_insert((origin, Vec::new())).1.push(row);
        }
        for (origin, rows) in by_origin.into_values() {
            let labels = self.origins.of(origin)?.iter().filter(|(name, _)| *name != METRIC_NAME);
            labels.for_each(|(name, value)| show(name, value, &mut rows.iter().copied()));
        }
        Ok(())
    }

    fn add_names(&mut self, chooser: &mut Chooser<'_>, names: &mut BTreeSet<String>) -> Result<(), Error> {
        for key in self.chunk.keys() {
            // An empty value is no label, unless it is joined with that of another key.
            let others = key.others().filter(|value| text(&key, *value).is_empty());
            let mut empty = key.with(key.equal("").chain(others));
            empty.intersect(&self.rows);
            for row in empty.iter() {
                let identity = Identity::of(&self.chunk.series(row))?;
                names.extend(identity.labels.iter().map(|(name, _)| name.to_owned()));
            }
            let mut with = key.all().into_owned();
            with.intersect(&self.rows);
            with.subtract(&empty);
            if with.intersects(&self.native) {
                names.insert(key.name().to_owned());
            }
            with.subtract(&self.native);
            if !with.is_empty() {
                names.insert(label_name(key.name()));
            }
        }
        for origin in self.chunk.origins_of(&self.translated) {
            names.extend(self.origins.of(origin)?.iter().map(|(name, _)| name.to_owned()));
        }
        if !self.rows.is_empty() {
            names.insert(METRIC_NAME.to_owned());
        }
        let late = |kind: Kind| self.chunk.metrics_of(&self.translated).any(|metric| metric.kind == kind);
        names.extend(late(Kind::Histogram).then(|| BUCKET.to_owned()));
        names.extend(late(Kind::Summary).then(|| QUANTILE.to_owned()));
        for origin in self.chunk.origins_of(self.all) {
            let info = chooser.info(&origin.resource)?;
            names.extend(info.iter().flat_map(|labels| labels.iter()).map(|(name, _)| name.to_owned()));
        }
        Ok(())
    }

    fn add_values(
        &mut self,
        chooser: &mut Chooser<'_>,
        label: &str,
        values: &mut BTreeSet<String>,
    ) -> Result<(), Error> {
        if label == METRIC_NAME {
            let metrics = metrics_of(self.chunk, &self.rows);
            values.extend(metrics.iter().flat_map(|metric| chooser.names(metric)));
        } else {
            self.add_own_values(label, values)?;
        }
        for origin in self.chunk.origins_of(self.all) {
            let info = chooser.info(&origin.resource)?;
            let value = info.as_ref().map(|labels| labels.get(label)).filter(|value| !value.is_empty());
            values.extend(value.map(str::to_owned));
        }
        Ok(())
    }

    fn add_own_values(&mut self, label: &str, values: &mut BTreeSet<String>) -> Result<(), Error> {
        let of_origin = is_of_origin(label);
        let keys = label_keys(self.chunk, label, &native_rows(self.chunk));
        let joined = keys.as_ref().is_none_or(|keys| of_origin && !is_target(label) && !keys.is_empty());
        if joined {
            return self.add_made(label, &self.rows, values);
        }
        for LabelKey { key, mut rows } in keys.unwrap_or_default() {
            rows.intersect(&self.rows);
            if of_origin {
                // The resource may say otherwise.
                let mut translated = rows.clone();
                translated.intersect(&self.translated);
                self.add_made(label, &translated, values)?;
                rows.intersect(&self.native);
            }
            let found = |value: &usize| key.rows(*value).iter().any(|row| rows.contains(usize::from(*row)));
            let texts = key.values().filter(found).map(|value| text(&key, value).into_owned());
            values.extend(texts.filter(|text| !text.is_empty()));
        }
        if of_origin {
            for origin in self.chunk.origins_of(&self.translated) {
                let value = self.origins.of(origin)?.get(label);
                values.extend((!value.is_empty()).then(|| value.to_owned()));
            }
        }
        Ok(())
    }

    /// Makes the labels of some series for the value of one.
    fn add_made(&self, label: &str, rows: &ChunkRows, values: &mut BTreeSet<String>) -> Result<(), Error> {
        for row in rows.iter() {
            let identity = Identity::of(&self.chunk.series(row))?;
            let value = identity.labels.get(label);
            values.extend((!value.is_empty()).then(|| value.to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "labels_tests.rs"]
mod tests;
