//! Samples out of pieces: of whole files they are kept, and joined with what is in memory.

use super::identities::Identities;
use super::identity::Identity;
use super::life::ms;
use super::points::{convert, is_delta};
use crate::Error;
use crate::cores;
use crate::promql::labels::Labels;
use crate::promql::samples::between;
use crate::promql::select::{Counts, Selection};
use crate::promql::value::{Sample, Samples};
use ocelli_signal::prometheus::is_native;
use ocelli_signal::{Kind, Series};
use ocelli_storage::{Keeper, Piece, SeriesPieces, SeriesPoints};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

/// A time and a value.
const FLOAT_BYTES: usize = size_of::<(i64, f64)>();
/// A histogram with some buckets.
const HISTOGRAM_BYTES: usize = 512;
/// Points or samples below which a second thread costs more than it saves.
pub const WORTH: usize = if cfg!(test) { 1 } else { 50_000 };

/// The points of a series, of which those of whole files are samples already.
pub type Pieces = SeriesPieces<Arc<Samples>>;

/// Makes samples of whole files, to be kept.
pub struct SampleKeeper<'a>(pub &'a Identities);

impl Keeper for SampleKeeper<'_> {
    type Kept = Arc<Samples>;
    const NAME: &'static str = "samples";

    fn bytes_per_point(&self, series: &Series) -> Option<usize> {
        match series.kind {
            // What they add up to depends on where the query begins.
            _ if is_delta(series) => None,
            Kind::Gauge | Kind::Sum => Some(FLOAT_BYTES),
            Kind::ExponentialHistogram => Some(HISTOGRAM_BYTES),
            Kind::Histogram if is_native(series) => Some(HISTOGRAM_BYTES),
            // Several series, which end where the bounds change.
            Kind::Histogram | Kind::Summary => None,
        }
    }

    fn make(&self, read: &[SeriesPoints]) -> Vec<Option<(Arc<Samples>, usize)>> {
        let work = read.iter().map(|series| series.points.len()).sum();
        let length = read.len().div_ceil(cores::parts(work, WORTH)).max(1);
        let made = cores::each(read.chunks(length).collect(), |part| Ok(self.made(part)));
        made.map_or_else(|_| vec![None; read.len()], |parts| parts.concat())
    }
}

impl SampleKeeper<'_> {
    fn made(&self, read: &[SeriesPoints]) -> Vec<Option<(Arc<Samples>, usize)>> {
        let mut times = Arc::default();
        read.iter().map(|series| self.one(series, &mut times)).collect()
    }

    /// None where it is something else than one series, or can't be read: whoever reads the points is told.
    fn one(&self, read: &SeriesPoints, times: &mut Arc<Vec<i64>>) -> Option<(Arc<Samples>, usize)> {
        let identity = self.0.of(read.id, &read.series).ok()?;
        let mut converted = convert(&identity, &read.series, &read.points).ok()?;
        let (_, mut samples) = converted.pop().filter(|_| converted.is_empty())?;
        samples.share_times(times);
        let shared = Arc::strong_count(&samples.float_times) > 2;
        let bytes = samples.memory_bytes() - if shared { size_of_val(&**times) } else { 0 };
        Some((Arc::new(samples), bytes))
    }
}

/// How many points a selection has of the series, and about how many bytes they take.
pub fn scanned(series: &Pieces, counts: &mut Counts<'_>) -> (u64, u64) {
    let mut of_piece = |piece: &Piece<Arc<Samples>>| match piece {
        Piece::Points(points) => (points.len(), points.bytes()),
        Piece::Kept(samples, bytes) => {
            let count = counts.of(samples);
            (count, bytes * count / samples.len().max(1))
        }
    };
    series.pieces.iter().fold((0, 0), |(points, bytes), piece| {
        let (more_points, more_bytes) = of_piece(piece);
        (points + more_points as u64, bytes + more_bytes as u64)
    })
}

/// The times of a series' points that are in a selection.
pub fn times_ms(series: &Pieces, selection: &Selection) -> Vec<i64> {
    let mut all = Vec::new();
    for piece in &series.pieces {
        match piece {
            Piece::Points(points) => all.extend(points.times().iter().map(|time| ms(*time))),
            Piece::Kept(samples, _) => {
                let wanted = |times: &[i64]| between(times, selection.after_ms, selection.until_ms);
                all.extend_from_slice(&samples.float_times[wanted(&samples.float_times)]);
                all.extend_from_slice(&samples.histogram_times[wanted(&samples.histogram_times)]);
            }
        }
    }
    all
}

/// Joins the pieces of series, one after the other.
pub struct Joiner<'s> {
    selection: &'s Selection,
    /// Of the points that were converted last.
    times: Arc<Vec<i64>>,
    /// By the times of the floats of some pieces.
    known: HashMap<Vec<usize>, Joined>,
}

/// Lists of times that were joined.
struct Joined {
    /// Held, so that no other one comes to lie where it is.
    _lists: Vec<Arc<Vec<i64>>>,
    /// Which of each are wanted.
    places: Vec<Range<usize>>,
    times: Arc<Vec<i64>>,
}

/// Series that have times of their own are not remembered by the million.
const MOST_KNOWN: usize = 256;

impl<'s> Joiner<'s> {
    pub fn new(selection: &'s Selection) -> Joiner<'s> {
        Joiner { selection, times: Arc::default(), known: HashMap::new() }
    }

    /// All Prometheus series of one OTLP series.
    pub fn join(
        &mut self,
        identity: &Identity,
        series: Pieces,
    ) -> Result<Vec<(Labels, Arc<Samples>)>, Error> {
        let mut found = Vec::with_capacity(series.pieces.len());
        for piece in series.pieces {
            match piece {
                Piece::Kept(samples, _) => found.push((identity.labels.clone(), samples)),
                Piece::Points(points) => {
                    for (labels, mut samples) in convert(identity, &series.series, &points)? {
                        samples.share_times(&mut self.times);
                        found.push((labels, Arc::new(samples)));
                    }
                }
            }
        }
        // A series of which something is kept is one.
        if found.len() < 2 || found.iter().any(|(labels, _)| *labels != identity.labels) {
            return Ok(found);
        }
        let pieces: Vec<Arc<Samples>> = found.into_iter().map(|(_, samples)| samples).collect();
        Ok(vec![(identity.labels.clone(), Arc::new(self.one(&pieces)))])
    }

    fn one(&mut self, pieces: &[Arc<Samples>]) -> Samples {
        let Selection { after_ms, until_ms, .. } = *self.selection;
        let in_order = pieces.windows(2).all(|pair| pair[1].is_later_than(&pair[0]));
        if !in_order {
            let within = pieces.iter().map(|piece| piece.between(after_ms, until_ms));
            return within.fold(Samples::default(), |joined, piece| merged(&joined, &piece));
        }
        let Joined { places, times, .. } = self.of_times(pieces);
        let floats = Vec::with_capacity(times.len());
        let mut joined = Samples { float_times: times.clone(), floats, ..Samples::default() };
        for (piece, places) in pieces.iter().zip(places) {
            joined.append_but_times(piece, places.clone(), after_ms, until_ms);
        }
        joined
    }

    fn of_times(&mut self, pieces: &[Arc<Samples>]) -> &Joined {
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        let selection = self.selection;
        let key = pieces.iter().map(|piece| Arc::as_ptr(&piece.float_times) as usize).collect();
        self.known.entry(key).or_insert_with(|| {
            let _lists: Vec<_> = pieces.iter().map(|piece| piece.float_times.clone()).collect();
            let within = |times: &Arc<Vec<i64>>| between(times, selection.after_ms, selection.until_ms);
            let places: Vec<Range<usize>> = _lists.iter().map(within).collect();
            let some = _lists.iter().zip(&places).flat_map(|(times, places)| &times[places.clone()]);
            let times = Arc::new(some.copied().collect());
            Joined { _lists, places, times }
        })
    }
}

/// Two OTLP series may become the same one (another unit of the same words, another temporality).
pub fn merged(known: &Samples, more: &Samples) -> Samples {
    let mut all: BTreeMap<i64, (Sample, i64)> = started(known).collect();
    all.extend(started(more));
    let mut merged = Samples::default();
    all.into_iter().for_each(|(time, (sample, start))| merged.push_started(time, sample, start));
    merged
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

#[cfg(test)]
#[path = "pieces_tests.rs"]
mod tests;
