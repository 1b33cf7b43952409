//! The exemplars of a selection's series.
//!
//! Of a classic histogram each belongs to the bucket that its value is in, as in Prometheus.

use super::choose::Chooser;
use super::identity::Identity;
use super::label_value::label_value;
use super::life::ms;
use super::names::label_name;
use super::parts::{self, Which};
use super::select::{Stored, bounds_ns};
use crate::Error;
use crate::promql::labels::Labels;
use crate::promql::select::Selection;
use ocelli_signal::span_parts::{Exemplar as Kept, iter_exemplars};
use ocelli_signal::{Kind, point};
use ocelli_storage::{PointValue, SeriesPoints};
use std::collections::BTreeMap;

/// A point that carries an exemplar may be this much younger than it.
const POINT_AFTER_MS: i64 = 300_000;

/// A measurement that was kept beside the sum of all.
#[derive(Clone, Debug, PartialEq)]
pub struct Exemplar {
    pub time_ms: i64,
    /// `trace_id`, `span_id` and what else was measured with it.
    pub labels: Labels,
    pub value: f64,
}

/// Exemplars by the labels of their series, each once and by time.
pub type Found = BTreeMap<Labels, Vec<Exemplar>>;

/// Adds the exemplars of a selection's time, its first millisecond excluded. `scanned` is told the points
/// that were read, and their bytes.
pub fn exemplars_from(
    Stored { snapshot, identities }: Stored<'_>,
    selection: &Selection,
    scanned: &dyn Fn(u64, u64),
    found: &mut Found,
) -> Result<(), Error> {
    let until_ms = selection.until_ms.saturating_add(POINT_AFTER_MS);
    let (from, to) = bounds_ns(&Selection { until_ms, ..selection.clone() });
    let mut chooser = Chooser::new(selection, identities);
    let read = snapshot.series(&mut chooser, from, to)?;
    chooser.finish()?;
    let wanted = chooser.labels();
    for series in read.iter().filter(|series| !chooser.is_info_only(series.id)) {
        scanned(series.points.len() as u64, series.points.bytes() as u64);
        let identity = identities.of(series.id, &series.series)?;
        let alias = wanted.is_alias(&series.series);
        for (labels, exemplars) in of_series(&identity, series)? {
            if !wanted.matches(&labels, alias) {
                continue;
            }
            let in_time =
                |one: &Exemplar| one.time_ms > selection.after_ms && one.time_ms <= selection.until_ms;
            let mut exemplars: Vec<_> = exemplars.into_iter().filter(in_time).collect();
            if !exemplars.is_empty() {
                found.entry(labels).or_default().append(&mut exemplars);
            }
        }
    }
    Ok(())
}

/// Puts what was found in order. A client may send an exemplar with many points.
pub fn sort(found: &mut Found) {
    for exemplars in found.values_mut() {
        exemplars.sort_by(|a, b| {
            a.time_ms.cmp(&b.time_ms).then(a.value.total_cmp(&b.value)).then_with(|| a.labels.cmp(&b.labels))
        });
        exemplars.dedup();
    }
}

fn of_series(identity: &Identity, series: &SeriesPoints) -> Result<Vec<(Labels, Vec<Exemplar>)>, Error> {
    let mut by_part: BTreeMap<Option<u64>, Vec<Exemplar>> = BTreeMap::new();
    for point in series.points.iter().filter(|point| !point.exemplars.is_empty()) {
        let bounds = match &point.value {
            PointValue::Other(bytes) if series.series.kind == Kind::Histogram && !identity.native => {
                let histogram = point::Histogram::parse(bytes);
                Some(histogram.map_err(|why| Error::Corrupt(why.to_string()))?.explicit_bounds)
            }
            _ => None,
        };
        for stored in iter_exemplars(&point.exemplars) {
            let exemplar = read(&stored, identity.native);
            let bucket = bounds.as_ref().map(|bounds| {
                let above = bounds.iter().find(|bound| exemplar.value <= **bound);
                above.copied().unwrap_or(f64::INFINITY).to_bits()
            });
            by_part.entry(bucket).or_default().push(exemplar);
        }
    }
    let labelled = |(bucket, exemplars): (Option<u64>, _)| match bucket {
        Some(bound) => (parts::labels(identity, Which::Bucket(bound)), exemplars),
        None => (identity.labels.clone(), exemplars),
    };
    Ok(by_part.into_iter().map(labelled).collect())
}

fn read(stored: &Kept, native: bool) -> Exemplar {
    let attributes = stored.filtered_attributes.iter().map(|(key, value)| {
        let name = if native { key.to_owned() } else { label_name(key) };
        (name, label_value(&value))
    });
    let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ids = [("trace_id", stored.trace_id), ("span_id", stored.span_id)];
    let ids = ids.into_iter().map(|(name, id)| (name.to_owned(), hex(id)));
    Exemplar {
        time_ms: ms(i64::try_from(stored.time_ns).unwrap_or(i64::MAX)),
        labels: Labels::new(attributes.chain(ids)),
        value: stored.value.map_or(f64::NAN, |value| value.as_f64()),
    }
}
