//! A selection of the engine, answered from a storage snapshot.

use super::choose::Chooser;
use super::identities::Identities;
use super::life::ms;
use super::points::convert;
use super::target_info::Sightings;
use crate::Error;
use crate::promql::labels::Labels;
use crate::promql::select::{Selection, StoredSeries};
use crate::promql::value::{Sample, Samples};
use ocelli_signal::{Kind, Series};
use ocelli_storage::{Choose, ChunkRows, SeriesChunk, SeriesPoints, Snapshot};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

const MS: i64 = 1_000_000;

/// What selections are answered from.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    pub snapshot: &'a Snapshot,
    pub identities: &'a Identities,
}

/// The series and samples of a selection. `scanned` is told the points that were read, and their bytes.
pub fn select_from(
    Stored { snapshot, identities }: Stored<'_>,
    selection: &Selection,
    scanned: &dyn Fn(u64, u64),
) -> Result<Vec<StoredSeries>, Error> {
    let (from, to) = bounds_ns(selection);
    let mut chooser = Chooser::new(selection, identities);
    let read = snapshot.series(&mut chooser, from, to)?;
    chooser.finish()?;
    let mut found: HashMap<Labels, Samples> = HashMap::with_capacity(read.len());
    let mut sightings = Sightings::default();
    // Points are let go of one series after the other.
    for series in read {
        scanned(series.points.len() as u64, series.points.bytes() as u64);
        if let Some(labels) = chooser.info(&series.series.resource)? {
            sightings.add(labels, series.points.times().iter().map(|time| ms(*time)));
        }
        if chooser.is_info_only(series.id) {
            continue;
        }
        let identity = identities.of(series.id, &series.series)?;
        let alias = chooser.is_alias(&series.series);
        for (labels, samples) in convert(&identity, &series)? {
            if chooser.matches(&labels, alias) {
                insert(&mut found, labels, samples);
            }
        }
    }
    for (labels, samples) in sightings.into_series() {
        insert(&mut found, labels, samples);
    }
    let stored = |(labels, samples)| StoredSeries { labels, samples: Arc::new(samples) };
    Ok(found.into_iter().map(stored).collect())
}

/// Whole milliseconds in (after, until] as nanoseconds, both ends included.
pub fn bounds_ns(selection: &Selection) -> (i64, i64) {
    let from = selection.after_ms.saturating_add(1).saturating_mul(MS);
    (from, selection.until_ms.saturating_add(1).saturating_mul(MS).saturating_sub(1))
}

/// The label sets of a selection, without reading points where labels alone decide. A histogram or
/// summary has one set a bucket or quantile, which only its points tell.
pub fn label_sets(
    Stored { snapshot, identities }: Stored<'_>,
    selection: &Selection,
) -> Result<Vec<Labels>, Error> {
    let (from, to) = bounds_ns(selection);
    let chooser = Chooser::new(selection, identities);
    let mut plain = PlainLabels { chooser, identities, sets: BTreeSet::new(), failed: None };
    let read = snapshot.series(&mut plain, from, to)?;
    let PlainLabels { chooser, mut sets, failed, .. } = plain;
    failed.map_or(Ok(()), Err)?;
    for series in &read {
        let identity = identities.of(series.id, &series.series)?;
        let alias = chooser.is_alias(&series.series);
        // Buckets do not come and go: the last point has them.
        let newest =
            SeriesPoints { id: series.id, series: series.series.clone(), points: series.points.newest() };
        let converted = convert(&identity, &newest)?;
        let labels = converted.into_iter().map(|(labels, _)| labels);
        sets.extend(labels.filter(|labels| chooser.matches(labels, alias)));
    }
    Ok(sets.into_iter().collect())
}

/// Takes the label sets that series themselves tell, and wants only those whose points must be asked.
struct PlainLabels<'a> {
    chooser: Chooser<'a>,
    identities: &'a Identities,
    sets: BTreeSet<Labels>,
    failed: Option<Error>,
}

impl PlainLabels<'_> {
    /// Whether the points of the series are needed.
    fn take(&mut self, id: u128, series: &Series) -> Result<bool, Error> {
        let info = self.chooser.info(&series.resource)?;
        self.sets.extend(info);
        if !self.chooser.may_match(id, series)? {
            return Ok(false);
        }
        let identity = self.identities.of(id, series)?;
        if matches!(series.kind, Kind::Histogram | Kind::Summary) && !identity.native {
            return Ok(true);
        }
        if self.chooser.matches(&identity.labels, self.chooser.is_alias(series)) {
            self.sets.insert(identity.labels.clone());
        }
        Ok(false)
    }
}

impl Choose for PlainLabels<'_> {
    fn metric(&mut self, metric: &Series) -> bool {
        self.chooser.metric(metric)
    }

    fn narrow(&mut self, chunk: &SeriesChunk, rows: &mut ChunkRows) {
        self.chooser.narrow(chunk, rows);
    }

    fn series(&mut self, id: u128, series: &Arc<Series>) -> bool {
        self.take(id, series).unwrap_or_else(|why| {
            self.failed.get_or_insert(why);
            false
        })
    }
}

/// Two OTLP series may become the same one (another unit of the same words, another temporality).
fn insert(found: &mut HashMap<Labels, Samples>, labels: Labels, samples: Samples) {
    match found.entry(labels) {
        Entry::Vacant(entry) => {
            entry.insert(samples);
        }
        Entry::Occupied(mut entry) => {
            let mut all: BTreeMap<i64, (Sample, i64)> = started(entry.get()).collect();
            all.extend(started(&samples));
            let mut merged = Samples::default();
            all.into_iter().for_each(|(time, (sample, start))| merged.push_started(time, sample, start));
            entry.insert(merged);
        }
    }
}

/// Samples by time, with the start of their counters.
fn started(samples: &Samples) -> impl Iterator<Item = (i64, (Sample, i64))> {
    let floats = samples.float_times.iter().zip(&samples.floats).enumerate();
    let floats =
        floats.map(|(at, (time, value))| (*time, (Sample::Float(*value), samples.float_starts.get(at))));
    let histograms = samples.histogram_times.iter().zip(&samples.histograms).enumerate();
    let histograms = histograms.map(|(at, (time, histogram))| {
        (*time, (Sample::Histogram(histogram.clone()), samples.histogram_starts.get(at)))
    });
    floats.chain(histograms)
}
