//! Points by series, out of memtables and segments.

use super::Snapshot;
use super::memory::Meter;
use super::points::PointList;
use crate::error::Result;
use crate::memtable::{self, Generation, Known, Part};
use crate::segment::Segment;
use crate::segment::points::SeriesEntry;
use ocelli_signal::Series;
use ocelli_signal::points::Samples;
use std::collections::HashMap;
use std::sync::Arc;

/// Says which series are wanted.
pub trait Choose {
    /// Whether series of this one's metric (see `Series::metric`) can be wanted: what is refused here costs
    /// nothing further.
    fn metric(&mut self, _series: &Series) -> bool {
        true
    }

    /// Whether this one is; asked once for each.
    fn series(&mut self, id: u128, series: &Arc<Series>) -> bool;
}

impl<F: FnMut(&Series) -> bool> Choose for F {
    fn series(&mut self, _id: u128, series: &Arc<Series>) -> bool {
        self(series)
    }
}

/// A series with its points by time; of equal times in the order of arrival.
#[derive(Clone, Debug)]
pub struct SeriesPoints {
    pub id: u128,
    pub series: Arc<Series>,
    pub points: PointList,
}

impl Snapshot {
    /// The series that are wanted, of those that may have points between two times, both included, with
    /// their points then; a series without points is left out. Sorted by metric name, then id.
    pub fn series(&self, choose: &mut dyn Choose, from_ns: i64, to_ns: i64) -> Result<Vec<SeriesPoints>> {
        let mut gathered = Gathered {
            choose,
            from_ns,
            to_ns,
            places: HashMap::new(),
            by_number: HashMap::new(),
            found: Vec::new(),
            meter: self.meter(),
        };
        for segment in self.points.segments.iter().filter(|segment| segment.entry.overlaps(from_ns, to_ns)) {
            gathered.add_segment(segment)?;
        }
        for part in self.points.parts.iter().filter(|part| part.overlaps(from_ns, to_ns)) {
            gathered.add_part(part)?;
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
    places: HashMap<u128, Option<usize>>,
    /// The same by the numbers that rows in memory have, for each generation of numbers.
    by_number: HashMap<*const Generation, Vec<Place>>,
    found: Vec<SeriesPoints>,
    meter: Meter<'s>,
}

/// Where the points of a numbered series go.
#[derive(Clone, Default)]
enum Place {
    #[default]
    NotAsked,
    NotWanted,
    At(usize, Arc<Series>),
}

impl Gathered<'_> {
    /// Later calls know the series' latest description.
    fn place(&mut self, id: u128, series: &Arc<Series>) -> Option<usize> {
        let place = match self.places.get(&id) {
            Some(place) => *place,
            None => {
                let place = self.choose.series(id, series).then_some(self.found.len());
                self.places.insert(id, place);
                if place.is_some() {
                    self.found.push(SeriesPoints {
                        id,
                        series: series.clone(),
                        points: PointList::default(),
                    });
                }
                place
            }
        };
        if let Some(place) = place {
            self.found[place].series = series.clone();
        }
        place
    }

    fn add_segment(&mut self, segment: &Segment) -> Result<()> {
        let list = segment.series()?;
        let mut wanted: Vec<&SeriesEntry> = Vec::new();
        let mut places = Vec::new();
        let (from_ns, to_ns) = (self.from_ns, self.to_ns);
        for metric in list.metrics() {
            if !metric.first().is_some_and(|entry| self.choose.metric(&entry.series)) {
                continue;
            }
            for entry in metric.iter().filter(|entry| entry.overlaps(from_ns, to_ns)) {
                if let Some(place) = self.place(entry.id, &entry.series) {
                    wanted.push(entry);
                    places.push(place);
                }
            }
        }
        let (found, meter) = (&mut self.found, &mut self.meter);
        segment.points(&wanted, self.from_ns, self.to_ns, |at, read, rows| {
            let points = &mut found[places[at]].points;
            let before = points.bytes();
            points.append(read, rows, wanted[at].series.kind)?;
            meter.add(points.bytes() - before)
        })
    }

    fn add_part(&mut self, part: &Part) -> Result<()> {
        let Some(generation) = &part.series else { return Ok(()) };
        let numbers = memtable::numbers(&part.rows)?;
        let samples = Samples::new(&part.rows)?;
        let times = samples.time.values();
        let (from_ns, to_ns) = (self.from_ns, self.to_ns);
        let in_time = |row: &usize| (from_ns..=to_ns).contains(&times[*row]);
        let mut places = self.by_number.remove(&Arc::as_ptr(generation)).unwrap_or_default();
        places.resize(generation.len(), Place::NotAsked);
        let mut new = Vec::new();
        for row in (0..samples.len()).filter(in_time) {
            let place = &mut places[numbers[row] as usize];
            if matches!(place, Place::NotAsked) {
                *place = Place::NotWanted;
                new.push(numbers[row]);
            }
        }
        for (number, Known { id, series, .. }) in new.iter().zip(generation.get(&new)) {
            if self.choose.metric(&series)
                && let Some(place) = self.place(id, &series)
            {
                places[*number as usize] = Place::At(place, series);
            }
        }
        for row in (0..samples.len()).filter(in_time) {
            if let Place::At(place, told) = &places[numbers[row] as usize] {
                let found = &mut self.found[*place];
                let before = found.points.bytes();
                found.points.push(samples.row(row).into());
                self.meter.add(found.points.bytes() - before)?;
                // A description may have changed back: the last row tells.
                if !Arc::ptr_eq(&found.series, told) {
                    found.series = told.clone();
                }
            }
        }
        self.by_number.insert(Arc::as_ptr(generation), places);
        Ok(())
    }

    fn finish(self) -> Vec<SeriesPoints> {
        let mut found = self.found;
        found.retain(|series| !series.points.is_empty());
        found.iter_mut().for_each(|series| series.points.sort());
        found.sort_by(|a, b| (&a.series.name, a.id).cmp(&(&b.series.name, b.id)));
        found
    }
}
