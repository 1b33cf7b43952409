//! Points by series, out of memtables and segments.

use super::Snapshot;
use super::chunks::{Choose, Numbered, SegmentChunks};
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
        let mut gathered = Gathered {
            choose,
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
        for memory in Numbered::of(parts, from_ns, to_ns)? {
            gathered.add_memory(&memory)?;
        }
        gathered.meter.flush()?;
        Ok(gathered.finish())
    }
}

struct Gathered<'s> {
    choose: &'s mut dyn Choose,
    from_ns: i64,
    to_ns: i64,
    /// Where a series' points go; `None` for one that is not wanted.
    places: HashedMap<u128, Option<usize>>,
    found: Vec<SeriesPoints>,
    meter: Meter<'s>,
}

/// Stands for a number in memory whose series is not wanted.
const NOT_WANTED: u32 = u32::MAX;

impl Gathered<'_> {
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
            self.found.push(SeriesPoints { id, series, points: PointList::default() });
        }
        place
    }

    fn add_segment(&mut self, segment: &Segment) -> Result<()> {
        let (mut wanted, mut places) = (Vec::new(), Vec::new());
        let mut chunks = SegmentChunks::new(segment, self.choose)?;
        while let Some((chunk, rows)) = chunks.next(self.choose, self.from_ns, self.to_ns)? {
            let series = &chunk.series;
            for row in rows.iter() {
                let make = || Arc::new(series.series(row));
                if let Some(place) = self.place(series.id(row), series.metric(row), make) {
                    wanted.push(chunk.series_rows(row));
                    places.push(place);
                }
            }
        }
        let (found, meter) = (&mut self.found, &mut self.meter);
        segment.points(&wanted, self.from_ns, self.to_ns, |at, read, rows| {
            let SeriesPoints { series, points, .. } = &mut found[places[at]];
            let before = points.bytes();
            points.append(read, rows, series.kind)?;
            meter.add(points.bytes() - before)
        })
    }

    fn add_memory(&mut self, memory: &Numbered<'_>) -> Result<()> {
        let mut wanted: Vec<(usize, Arc<Series>)> = Vec::new();
        let mut by_number = vec![NOT_WANTED; memory.counts.len()];
        for at in memory.chunks() {
            let (_, rows) = memory.chunk(at, self.choose);
            let numbers: Vec<u32> = rows.iter().map(|row| (at * CHUNK_SERIES + row) as u32).collect();
            for (number, Known { id, series, .. }) in numbers.iter().zip(memory.generation.get(&numbers)) {
                if let Some(place) = self.place(id, &series, || series.clone()) {
                    by_number[*number as usize] = wanted.len() as u32;
                    wanted.push((place, series));
                }
            }
        }
        memory.parts.iter().try_for_each(|part| self.add_part(part, &wanted, &by_number))
    }

    fn add_part(&mut self, part: &Part, wanted: &[(usize, Arc<Series>)], by_number: &[u32]) -> Result<()> {
        let samples = Samples::new(&part.rows)?;
        let times = samples.time.values();
        for (row, number) in memtable::numbers(&part.rows)?.iter().enumerate() {
            let at = by_number[*number as usize];
            if at == NOT_WANTED || !(self.from_ns..=self.to_ns).contains(&times[row]) {
                continue;
            }
            let (place, told) = &wanted[at as usize];
            let found = &mut self.found[*place];
            let before = found.points.bytes();
            found.points.push(samples.row(row).into());
            self.meter.add(found.points.bytes() - before)?;
            // A description may have changed back: the last row tells.
            if !Arc::ptr_eq(&found.series, told) {
                found.series = told.clone();
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<SeriesPoints> {
        let mut found = self.found;
        found.retain(|series| !series.points.is_empty());
        found.iter_mut().for_each(|series| series.points.sort());
        found.sort_unstable_by_key(|series| series.id);
        found
    }
}
