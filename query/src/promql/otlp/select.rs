//! A selection of the engine, answered from a storage snapshot.

use super::choose::{Chooser, LabelMatch};
use super::identities::Identities;
use super::pieces::{self, Joiner, Pieces, SampleKeeper, WORTH, merged};
use super::points::convert;
use super::target_info::Sightings;
use crate::Error;
use crate::cores;
use crate::promql::labels::Labels;
use crate::promql::select::{Counts, Selection, StoredSeries};
use crate::promql::value::Samples;
use ocelli_signal::{Kind, Series};
use ocelli_storage::{Choose, ChunkRows, SeriesChunk, Snapshot};
use std::collections::BTreeSet;
use std::sync::Arc;

const MS: i64 = 1_000_000;

/// What selections are answered from.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    pub snapshot: &'a Snapshot,
    pub identities: &'a Identities,
}

/// The series of a selection with its samples and maybe others of theirs, sorted by labels. `scanned` is told
/// the points that are looked at, and their bytes.
pub fn select_from(
    Stored { snapshot, identities }: Stored<'_>,
    selection: &Selection,
    scanned: &dyn Fn(u64, u64),
) -> Result<Vec<StoredSeries>, Error> {
    let (from, to) = bounds_ns(selection);
    let mut chooser = Chooser::new(selection, identities);
    let read = snapshot.pieces(&mut chooser, &SampleKeeper(identities), from, to)?;
    chooser.finish()?;
    let mut sightings = Sightings::default();
    let (mut work, mut counts) = (0, Counts::new(selection));
    for series in &read {
        let (points, bytes) = pieces::scanned(series, &mut counts);
        scanned(points, bytes);
        work += points as usize + SERIES_WORK;
        if let Some(labels) = chooser.info(&series.series.resource)? {
            sightings.add(labels, pieces::times_ms(series, selection).into_iter());
        }
    }
    let mut parts = vec![Vec::new(); cores::parts(work, WORTH)];
    let length = read.len().div_ceil(parts.len());
    for (at, series) in read.into_iter().enumerate().filter(|(_, series)| !chooser.is_info_only(series.id)) {
        parts[at / length.max(1)].push(series);
    }
    let infos = sightings.into_series().map(|(labels, samples)| (labels, Arc::new(samples)));
    let mut found: Vec<(Labels, Arc<Samples>)> = infos.collect();
    let of_part = |series| joined(series, identities, selection, &chooser.labels());
    for mut converted in cores::each(parts, of_part)? {
        found.append(&mut converted);
    }
    // Runs that are sorted are merged.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let mut stored: Vec<StoredSeries> = Vec::with_capacity(found.len());
    for (labels, samples) in found {
        match stored.last_mut().filter(|last| last.labels == labels) {
            Some(known) => known.samples = Arc::new(merged(&known.samples, &samples)),
            None => stored.push(StoredSeries { labels, samples }),
        }
    }
    Ok(stored)
}

/// A series is as much work as so many samples.
const SERIES_WORK: usize = 100;

/// What some series become, sorted by labels.
fn joined(
    read: Vec<Pieces>,
    identities: &Identities,
    selection: &Selection,
    wanted: &LabelMatch<'_>,
) -> Result<Vec<(Labels, Arc<Samples>)>, Error> {
    let mut found = Vec::with_capacity(read.len());
    let all = identities.of_all(read.iter().map(|series| (series.id, &series.series)))?;
    let mut joiner = Joiner::new(selection);
    // Points are let go of one series after the other.
    for (series, identity) in read.into_iter().zip(all) {
        let alias = wanted.is_alias(&series.series);
        let wanted = |(labels, _): &(Labels, Arc<Samples>)| wanted.matches(labels, alias);
        found.extend(joiner.join(&identity, series)?.into_iter().filter(wanted));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
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
    let wanted = chooser.labels();
    for series in &read {
        let identity = identities.of(series.id, &series.series)?;
        let alias = wanted.is_alias(&series.series);
        // Buckets do not come and go: the last point has them.
        let converted = convert(&identity, &series.series, &series.points.newest())?;
        let labels = converted.into_iter().map(|(labels, _)| labels);
        sets.extend(labels.filter(|labels| wanted.matches(labels, alias)));
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
        let wanted = self.chooser.labels();
        if wanted.matches(&identity.labels, wanted.is_alias(series)) {
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
