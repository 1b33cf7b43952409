//! Points by series, out of memtables and segments.

use super::Snapshot;
use super::chunks::{Choose, Numbered, SegmentChunks, span};
use super::kept::{FileReading, Keeper, KeepsNothing, SeriesPieces};
use super::memory::Meter;
use super::points::PointList;
use crate::error::Result;
use crate::memtable::{self, Known, Part};
use crate::segment::Segment;
use crate::series_index::CHUNK_SERIES;
use ocelli_signal::Series;
use ocelli_signal::hashed::HashedMap;
use ocelli_signal::points::Samples;
use std::sync::Arc;

/// A series with its points by time; of equal times in the order of arrival.
#[derive(Clone, Debug)]
pub struct SeriesPoints {
    pub id: u128,
    pub series: Arc<Series>,
    pub points: PointList,
}

impl Snapshot {
    /// The series that are wanted, of those that may have points between two times, both included, with
    /// their points then; a series without points is left out. Sorted by id.
    pub fn series(&self, choose: &mut dyn Choose, from_ns: i64, to_ns: i64) -> Result<Vec<SeriesPoints>> {
        let found = self.pieces(choose, &KeepsNothing, from_ns, to_ns)?;
        Ok(found.into_iter().map(SeriesPieces::into_points).collect())
    }

    /// The same with what was kept of whole files, where the keeper wants that: these have points of other
    /// times too.
    pub fn pieces<K: Keeper>(
        &self,
        choose: &mut dyn Choose,
        keeper: &K,
        from_ns: i64,
        to_ns: i64,
    ) -> Result<Vec<SeriesPieces<K::Kept>>> {
        let mut gathered = Gathered {
            choose,
            keeper,
            from_ns,
            to_ns,
            places: HashedMap::default(),
            found: Vec::new(),
            meter: self.meter().ending(),
        };
        for segment in self.points.segments.iter().filter(|segment| segment.entry.overlaps(from_ns, to_ns)) {
            gathered.add_segment(segment)?;
        }
        let parts = self.points.parts.iter().filter(|part| part.overlaps(from_ns, to_ns));
        for memory in Numbered::of(parts) {
            gathered.add_memory(&memory)?;
        }
        gathered.meter.flush()?;
        Ok(gathered.finish())
    }
}

/// What a question finds, file by file.
pub(super) struct Gathered<'s, K: Keeper> {
    choose: &'s mut dyn Choose,
    pub keeper: &'s K,
    pub from_ns: i64,
    pub to_ns: i64,
    /// Where a series' points go; `None` for one that is not wanted.
    places: HashedMap<u128, Option<usize>>,
    pub found: Vec<SeriesPieces<K::Kept>>,
    pub meter: Meter<'s>,
}

/// Where the series of a number is among those that are wanted.
struct ByNumber {
    first: usize,
    places: Vec<u32>,
}

/// Stands for a number in memory whose series is not wanted.
const NOT_WANTED: u32 = u32::MAX;

impl ByNumber {
    /// Of the numbers of wanted series, in their order.
    fn of(wanted: &[u32]) -> ByNumber {
        let numbers = span(wanted);
        let mut places = vec![NOT_WANTED; numbers.len()];
        for (at, number) in wanted.iter().enumerate() {
            places[*number as usize - numbers.start] = at as u32;
        }
        ByNumber { first: numbers.start, places }
    }

    fn get(&self, number: u32) -> Option<usize> {
        let place = self.places.get((number as usize).wrapping_sub(self.first))?;
        (*place != NOT_WANTED).then_some(*place as usize)
    }
}

impl<K: Keeper> Gathered<'_, K> {
    /// `metric` tells what is no part of a series' identity: later calls know the latest.
    fn place(&mut self, id: u128, metric: &Series, make: impl FnOnce() -> Arc<Series>) -> Option<usize> {
        if let Some(place) = self.places.get(&id) {
            let known = &mut self.found[(*place)?].series;
            if (&known.description, &known.metadata) != (&metric.description, &metric.metadata) {
                *known = make();
            }
            return *place;
        }
        let series = make();
        let place = self.choose.series(id, &series).then_some(self.found.len());
        self.places.insert(id, place);
        if place.is_some() {
            self.found.push(SeriesPieces { id, series, pieces: Vec::new() });
        }
        place
    }

    fn add_segment(&mut self, segment: &Segment) -> Result<()> {
        let mut reading = FileReading::default();
        let mut chunks = SegmentChunks::new(segment, self.choose)?;
        while let Some((chunk, rows)) = chunks.next(self.choose, self.from_ns, self.to_ns)? {
            let series = &chunk.series;
            for row in rows.iter() {
                let make = || Arc::new(series.series(row));
                if let Some(place) = self.place(series.id(row), series.metric(row), make) {
                    reading.add(self, segment, place, chunk.series_rows(row))?;
                }
            }
        }
        reading.run(self, segment)
    }

    /// Only parts that may have a wanted series are looked at: a rule that is about a few of very many series is
    /// evaluated in the time of the few.
    fn add_memory(&mut self, memory: &Numbered<'_>) -> Result<()> {
        let mut candidates: Vec<u32> = Vec::new();
        let mut chunks = Vec::new();
        for at in memory.chunks() {
            let rows = memory.candidates(at, self.choose);
            if !rows.is_empty() {
                candidates.extend(rows.iter().map(|row| (at * CHUNK_SERIES + row) as u32));
                chunks.push(at);
            }
        }
        let counts = memory.counts(&candidates, self.from_ns, self.to_ns)?;
        let (mut wanted, mut known) = (Vec::new(), Vec::new());
        for at in chunks {
            let (_, rows) = memory.chunk(at, self.choose, &counts);
            let numbers: Vec<u32> = rows.iter().map(|row| (at * CHUNK_SERIES + row) as u32).collect();
            for (number, Known { id, series, .. }) in numbers.iter().zip(memory.generation.get(&numbers)) {
                if let Some(place) = self.place(id, &series, || series.clone()) {
                    wanted.push(*number);
                    known.push((place, series));
                }
            }
        }
        let by_number = ByNumber::of(&wanted);
        memory.parts_of(&wanted).try_for_each(|part| self.add_part(part, &known, &by_number))
    }

    fn add_part(&mut self, part: &Part, known: &[(usize, Arc<Series>)], by_number: &ByNumber) -> Result<()> {
        let samples = Samples::new(&part.rows)?;
        let times = samples.time.values();
        for (row, number) in memtable::numbers(&part.rows)?.iter().enumerate() {
            let Some(at) = by_number.get(*number) else { continue };
            if !(self.from_ns..=self.to_ns).contains(&times[row]) {
                continue;
            }
            let (place, told) = &known[at];
            let found = &mut self.found[*place];
            let points = found.points();
            let before = points.bytes();
            points.push(samples.row(row).into());
            self.meter.add(points.bytes() - before)?;
            // A description may have changed back: the last row tells.
            if !Arc::ptr_eq(&found.series, told) {
                found.series = told.clone();
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<SeriesPieces<K::Kept>> {
        let mut found = self.found;
        found.retain(|series| !series.pieces.is_empty());
        found.iter_mut().for_each(SeriesPieces::sort);
        found.sort_unstable_by_key(|series| series.id);
        found
    }
}
