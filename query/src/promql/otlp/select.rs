//! A selection of the engine, answered from a storage snapshot.

use super::identity::Identity;
use super::points::convert;
use super::target_info::{self, Sightings, TARGET_INFO};
use crate::Error;
use crate::promql::labels::{BUCKET, Labels, METRIC_NAME};
use crate::promql::select::{Selection, StoredSeries};
use crate::promql::value::{Sample, Samples};
use ocelli_signal::{Kind, Series};
use ocelli_storage::{SeriesPoints, Snapshot};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MS: i64 = 1_000_000;

/// The series and samples of a selection. `scanned` is told the points that were read.
pub fn select_from(
    snapshot: &Snapshot,
    selection: &Selection,
    scanned: &dyn Fn(u64),
) -> Result<Vec<StoredSeries>, Error> {
    let (from, to) = bounds_ns(selection);
    let mut failed = None;
    let mut wanted = |series: &Series| match may_match(selection, series) {
        Ok(wanted) => wanted,
        Err(why) => {
            failed.get_or_insert(why);
            false
        }
    };
    let read = snapshot.series(&mut wanted, from, to)?;
    if let Some(why) = failed {
        return Err(why);
    }
    let mut found: BTreeMap<Labels, Samples> = BTreeMap::new();
    let mut sightings = Sightings::default();
    let with_info = selection.matchers.iter().all(|m| m.name != METRIC_NAME || m.matches(TARGET_INFO));
    for series in &read {
        scanned(series.points.len() as u64);
        let identity = Identity::of(&series.series)?;
        let alias = is_alias(selection, &series.series);
        for (labels, samples) in convert(&identity, series, selection.after_ms)? {
            if matches(selection, &labels, alias) {
                insert(&mut found, labels, samples);
            }
        }
        if with_info
            && let Some(labels) = target_info::labels(&series.series.resource)?
            && selection.matches(&labels)
        {
            sightings.add(labels, series.points.iter().map(|point| point.time.div_euclid(MS)));
        }
    }
    for (labels, samples) in sightings.into_series() {
        insert(&mut found, labels, samples);
    }
    let stored = |(labels, samples)| StoredSeries { labels, samples: Arc::new(samples) };
    Ok(found.into_iter().map(stored).collect())
}

/// Whole milliseconds in (after, until] as nanoseconds, both ends included.
fn bounds_ns(selection: &Selection) -> (i64, i64) {
    let from = selection.after_ms.saturating_add(1).saturating_mul(MS);
    (from, selection.until_ms.saturating_add(1).saturating_mul(MS).saturating_sub(1))
}

/// The label sets of a selection, without reading points where labels alone decide. A histogram or
/// summary has one set a bucket or quantile, which only its points tell.
pub fn label_sets(snapshot: &Snapshot, selection: &Selection) -> Result<Vec<Labels>, Error> {
    let (from, to) = bounds_ns(selection);
    let mut sets: BTreeSet<Labels> = BTreeSet::new();
    let mut failed = None;
    let mut wanted = |series: &Series| match plain_labels(selection, series) {
        Ok((labels, complete)) => {
            sets.extend(labels);
            !complete
        }
        Err(why) => {
            failed.get_or_insert(why);
            false
        }
    };
    let read = snapshot.series(&mut wanted, from, to)?;
    if let Some(why) = failed {
        return Err(why);
    }
    for series in &read {
        let identity = Identity::of(&series.series)?;
        let alias = is_alias(selection, &series.series);
        // Buckets do not come and go: the last point has them.
        let last = series.points.last().cloned().into_iter().collect();
        let newest = SeriesPoints { points: last, ..series.clone() };
        let converted = convert(&identity, &newest, selection.after_ms)?;
        sets.extend(
            converted
                .into_iter()
                .map(|(labels, _)| labels)
                .filter(|labels| matches(selection, labels, alias)),
        );
    }
    Ok(sets.into_iter().collect())
}

/// The sets that the series itself tells, and whether these are all.
fn plain_labels(selection: &Selection, series: &Series) -> Result<(Vec<Labels>, bool), Error> {
    let identity = Identity::of(series)?;
    let alias = is_alias(selection, series);
    let mut sets = Vec::new();
    if let Some(labels) = target_info::labels(&series.resource)?
        && selection.matches(&labels)
    {
        sets.push(labels);
    }
    if matches!(series.kind, Kind::Histogram | Kind::Summary) && !identity.native {
        return Ok((sets, !may_match(selection, series)?));
    }
    if matches(selection, &identity.labels, alias) {
        sets.push(identity.labels);
    }
    Ok((sets, true))
}

/// Whether any Prometheus series of an OTLP series can match. Cheap: names before labels.
pub fn may_match(selection: &Selection, series: &Series) -> Result<bool, Error> {
    let identity = Identity::of(series)?;
    let names = selection.matchers.iter().filter(|matcher| matcher.name == METRIC_NAME);
    let alias = is_alias(selection, series);
    let by_name = alias
        || identity.names(series.kind).iter().any(|name| names.clone().all(|matcher| matcher.matches(name)));
    let late = [METRIC_NAME, BUCKET, "quantile"];
    let others = selection.matchers.iter().filter(|matcher| !late.contains(&matcher.name.as_str()));
    if by_name && others.clone().all(|matcher| matcher.matches(identity.labels.get(&matcher.name))) {
        return Ok(true);
    }
    if names.clone().all(|matcher| matcher.matches(TARGET_INFO)) {
        let labels = target_info::labels(&series.resource)?;
        return Ok(labels.is_some_and(|labels| selection.matches(&labels)));
    }
    Ok(false)
}

/// The OTLP name finds a metric too, as `{"http.server.duration"}`.
fn is_alias(selection: &Selection, series: &Series) -> bool {
    let mut names = selection.matchers.iter().filter(|matcher| matcher.name == METRIC_NAME).peekable();
    names.peek().is_some() && names.all(|matcher| matcher.matches(&series.name))
}

fn matches(selection: &Selection, labels: &Labels, alias: bool) -> bool {
    let passes = |name: &str, matcher: &crate::promql::select::Matcher| matcher.matches(labels.get(name));
    selection
        .matchers
        .iter()
        .all(|matcher| (alias && matcher.name == METRIC_NAME) || passes(&matcher.name, matcher))
}

/// Two OTLP series may become the same one (another unit of the same words, another temporality).
fn insert(found: &mut BTreeMap<Labels, Samples>, labels: Labels, samples: Samples) {
    match found.entry(labels) {
        Entry::Vacant(entry) => {
            entry.insert(samples);
        }
        Entry::Occupied(mut entry) => {
            let mut all: BTreeMap<i64, Sample> = entry.get().in_order().into_iter().collect();
            all.extend(samples.in_order());
            let mut merged = Samples::default();
            all.into_iter().for_each(|(time, sample)| merged.push(time, sample));
            entry.insert(merged);
        }
    }
}
