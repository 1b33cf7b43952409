//! Points by series, out of memtables and segments.

use super::Snapshot;
use super::memory::Meter;
use crate::error::Result;
use crate::memtable::{self, Generation, Known, Part};
use crate::segment::Segment;
use crate::segment::points::SeriesEntry;
use bytes::Bytes;
use ocelli_signal::Series;
use ocelli_signal::points::{PointBody, PointRow, Samples};
use ocelli_signal::span_parts::Number;
use std::collections::HashMap;
use std::sync::Arc;

/// What a point says.
#[derive(Clone, Debug, PartialEq)]
pub enum PointValue {
    /// No value, as a stale marker has none.
    None,
    Double(f64),
    Int(i64),
    /// The OTLP data point of the series' kind (see `ocelli_signal::point`).
    Other(Bytes),
}

/// One point; times in nanoseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// 0 when unknown.
    pub start: i64,
    pub time: i64,
    pub flags: u32,
    pub value: PointValue,
    /// See `ocelli_signal::span_parts::iter_exemplars`.
    pub exemplars: Bytes,
}

impl From<PointRow<'_>> for Point {
    fn from(row: PointRow<'_>) -> Point {
        Point {
            start: row.start_time,
            time: row.time,
            flags: row.flags,
            value: match row.body {
                PointBody::Empty => PointValue::None,
                PointBody::Number(Number::Double(n)) => PointValue::Double(n),
                PointBody::Number(Number::Int(n)) => PointValue::Int(n),
                PointBody::Other(point) => PointValue::Other(Bytes::copy_from_slice(point)),
            },
            exemplars: Bytes::copy_from_slice(row.exemplars),
        }
    }
}

/// What a point takes in a list, with what it refers to.
fn bytes_of(point: &Point) -> usize {
    let other = match &point.value {
        PointValue::Other(bytes) => bytes.len(),
        _ => 0,
    };
    // Lists double as they grow: on average half of the room is free.
    size_of::<Point>() * 3 / 2 + other + point.exemplars.len()
}

/// A series with its points by time; of equal times in the order of arrival.
#[derive(Clone, Debug)]
pub struct SeriesPoints {
    pub id: u128,
    pub series: Arc<Series>,
    pub points: Vec<Point>,
}

impl Snapshot {
    /// The series that `select` wants and their points between two times, both included. `select`
    /// is asked once for each series that may have points then; a series without points is left out.
    /// Sorted by metric name, then id.
    pub fn series(
        &self,
        select: &mut dyn FnMut(&Series) -> bool,
        from_ns: i64,
        to_ns: i64,
    ) -> Result<Vec<SeriesPoints>> {
        let mut gathered = Gathered {
            select,
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
    select: &'s mut dyn FnMut(&Series) -> bool,
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
                let place = (self.select)(series).then_some(self.found.len());
                self.places.insert(id, place);
                if place.is_some() {
                    self.found.push(SeriesPoints { id, series: series.clone(), points: Vec::new() });
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
        for entry in list.0.iter().filter(|entry| entry.overlaps(from_ns, to_ns)) {
            if let Some(place) = self.place(entry.id, &entry.series) {
                wanted.push(entry);
                places.push(place);
            }
        }
        let (found, meter) = (&mut self.found, &mut self.meter);
        let mut refused = Ok(());
        segment.points(&wanted, self.from_ns, self.to_ns, |at, point| {
            if refused.is_ok() {
                refused = meter.add(bytes_of(&point));
                found[places[at]].points.push(point);
            }
        })?;
        refused
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
        let mut new: Vec<u32> = (0..samples.len()).filter(in_time).map(|row| numbers[row]).collect();
        new.retain(|number| matches!(places[*number as usize], Place::NotAsked));
        new.sort_unstable();
        new.dedup();
        for (number, Known { id, series, .. }) in new.iter().zip(generation.get(&new)) {
            places[*number as usize] = match self.place(id, &series) {
                Some(place) => Place::At(place, series),
                None => Place::NotWanted,
            };
        }
        for row in (0..samples.len()).filter(in_time) {
            if let Place::At(place, told) = &places[numbers[row] as usize] {
                let found = &mut self.found[*place];
                let point = samples.row(row).into();
                self.meter.add(bytes_of(&point))?;
                found.points.push(point);
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
        for series in &mut found {
            if !series.points.is_sorted_by_key(|point| point.time) {
                series.points.sort_by_key(|point| point.time);
            }
        }
        found.sort_by(|a, b| (&a.series.name, a.id).cmp(&(&b.series.name, b.id)));
        found
    }
}
