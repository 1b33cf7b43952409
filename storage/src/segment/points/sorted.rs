//! The points of a memtable in the order of the file: by metric, origin, series and time.

use crate::error::Result;
use crate::memtable::{self, Generation, Known};
use crate::segment::services::{ServiceRows, Services, service_of};
use arrow::array::RecordBatch;
use ocelli_signal::points::Samples;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Where a row is: its batch and its place there.
pub type Place = (u32, u32);

/// A series with its rows, which are those of `Sorted::order` in the range.
#[derive(Clone, Debug)]
pub struct SortedSeries {
    pub known: Known,
    pub rows: Range<usize>,
}

/// See the module.
pub struct Sorted<'a> {
    pub batches: Vec<Samples<'a>>,
    pub series: Vec<SortedSeries>,
    pub order: Vec<Place>,
}

const NO_SLOT: u32 = u32::MAX;

impl<'a> Sorted<'a> {
    /// Sorts the rows of some numbered batches that came one after the other.
    pub fn new(batches: &'a [RecordBatch], generations: &[Arc<Generation>]) -> Result<Sorted<'a>> {
        let samples: Vec<Samples<'a>> = batches.iter().map(Samples::new).collect::<Result<_, _>>()?;
        let numbers = batches.iter().map(memtable::numbers).collect::<Result<Vec<_>>>()?;
        let series: Vec<SeriesRows<'_>> = numbers
            .into_iter()
            .zip(generations)
            .map(|(numbers, generation)| SeriesRows { generation, numbers })
            .collect();
        let slots = Slots::new(&series);
        let (order, starts) = slots.gather(&series);
        let mut sorted: Vec<SortedSeries> = slots
            .known
            .into_iter()
            .zip(starts.windows(2))
            .map(|(known, ends)| SortedSeries { known, rows: ends[0]..ends[1] })
            .collect();
        let mut order = order;
        for series_rows in &mut sorted {
            let rows = &mut order[series_rows.rows.clone()];
            // Of a description that changed, the last to arrive is kept.
            if let Some((batch, row)) = rows.last() {
                let of_batch = &series[*batch as usize];
                let last = of_batch.generation.get(&of_batch.numbers[*row as usize..][..1]);
                last.into_iter().for_each(|known| series_rows.known = known);
            }
            let time = |(batch, row): &Place| samples[*batch as usize].time.value(*row as usize);
            if !rows.is_sorted_by_key(time) {
                // Stable: of equal times the earlier arrival comes first.
                rows.sort_by_key(time);
            }
        }
        Ok(Sorted { batches: samples, series: sorted, order })
    }

    /// The earliest and the latest time of a series.
    pub fn times(&self, series: &SortedSeries) -> (i64, i64) {
        let places = &self.order[series.rows.clone()];
        let time = |place: Option<&Place>| {
            place.map_or(0, |(batch, row)| self.batches[*batch as usize].time.value(*row as usize))
        };
        (time(places.first()), time(places.last()))
    }

    /// The services of the series.
    pub fn services(&self) -> Services {
        let mut services = Services::default();
        for series in &self.series {
            let (min_time, max_time) = self.times(series);
            let rows = ServiceRows { rows: series.rows.len() as u64, min_time, max_time };
            services.add(service_of(&series.known.series.resource), rows);
        }
        services
    }
}

/// The series of the rows of a batch, by number.
struct SeriesRows<'a> {
    generation: &'a Arc<Generation>,
    numbers: &'a [u32],
}

/// Every series once, whatever numbers it has.
struct Slots {
    known: Vec<Known>,
    /// The slot of each number of each generation.
    of_number: HashMap<*const Generation, Vec<u32>>,
}

impl Slots {
    fn new(series: &[SeriesRows<'_>]) -> Slots {
        let mut of_number: HashMap<*const Generation, Vec<u32>> = HashMap::new();
        let mut used: Vec<(Known, *const Generation, u32)> = Vec::new();
        for rows in series {
            let generation = Arc::as_ptr(rows.generation);
            let slots = of_number.entry(generation).or_default();
            slots.resize(rows.generation.len(), NO_SLOT);
            let mut new = Vec::new();
            for number in rows.numbers {
                let slot = &mut slots[*number as usize];
                if *slot == NO_SLOT {
                    // Not its slot yet, only a sign that it was seen.
                    *slot = 0;
                    new.push(*number);
                }
            }
            let known = rows.generation.get(&new).into_iter().zip(new);
            used.extend(known.map(|(known, number)| (known, generation, number)));
        }
        used.sort_unstable_by(|(a, ..), (b, ..)| a.order().cmp(&b.order()));
        let mut known: Vec<Known> = Vec::new();
        for (next, generation, number) in used {
            if known.last().is_none_or(|last| last.id != next.id) {
                known.push(next);
            }
            if let Some(slots) = of_number.get_mut(&generation) {
                slots[number as usize] = known.len() as u32 - 1;
            }
        }
        Slots { known, of_number }
    }

    /// The rows by their slots, in the order of arrival, and where those of each slot begin.
    fn gather(&self, series: &[SeriesRows<'_>]) -> (Vec<Place>, Vec<usize>) {
        let slots: Vec<&[u32]> =
            series.iter().map(|rows| &self.of_number[&Arc::as_ptr(rows.generation)][..]).collect();
        let mut starts = vec![0; self.known.len() + 1];
        for (rows, slots) in series.iter().zip(&slots) {
            rows.numbers.iter().for_each(|number| starts[slots[*number as usize] as usize + 1] += 1);
        }
        for slot in 1..starts.len() {
            starts[slot] += starts[slot - 1];
        }
        let mut next = starts.clone();
        let mut order = vec![(0, 0); starts.last().copied().unwrap_or(0)];
        for (batch, (rows, slots)) in series.iter().zip(&slots).enumerate() {
            for (row, number) in rows.numbers.iter().enumerate() {
                let place = &mut next[slots[*number as usize] as usize];
                order[*place] = (batch as u32, row as u32);
                *place += 1;
            }
        }
        (order, starts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memtable::{Part, SeriesCache};
    use ocelli_signal::points::{PointRow, PointsBuilder};
    use ocelli_signal::{Series, Signal};
    use proptest::prelude::*;

    fn part(rows: &[(u8, i64, bool)], cache: &SeriesCache, first: u32) -> Part {
        let mut builder = PointsBuilder::new();
        for (at, (name, time, described)) in rows.iter().enumerate() {
            let description = if *described { "new" } else { "old" }.to_owned();
            let series = Series {
                name: format!("m{name}").into(),
                description: description.into(),
                ..Series::default()
            };
            builder.set_series(&series.encode());
            // The flags say when a row arrived.
            builder.push(&PointRow { time: *time, flags: first + at as u32, ..PointRow::default() });
        }
        Part::new(Signal::Points, builder.finish(), 1, 0, cache).unwrap()
    }

    proptest! {
        #[test]
        fn is_what_a_stable_sort_gives(
            batches in prop::collection::vec(prop::collection::vec((0u8..4, 0i64..5, any::<bool>()), 0..20), 1..5),
            one_cache: bool,
        ) {
            let mut cache = SeriesCache::default();
            let (mut parts, mut naive, mut arrived) = (Vec::new(), Vec::new(), 0);
            for rows in &batches {
                if !one_cache {
                    cache = SeriesCache::default();
                }
                parts.push(part(rows, &cache, arrived));
                for (name, time, described) in rows {
                    naive.push((*name, *time, arrived, *described));
                    arrived += 1;
                }
            }
            let last_told = |name: u8| naive.iter().rev().find(|row| row.0 == name).map(|row| row.3);
            let told: Vec<_> = (0u8..4).filter_map(last_told).collect();
            naive.sort_by_key(|row| (row.0, row.1));
            let (rows, generations): (Vec<_>, Vec<_>) =
                parts.into_iter().map(|part| (part.rows, part.series.unwrap())).unzip();
            let sorted = Sorted::new(&rows, &generations).unwrap();
            let mut found = Vec::new();
            for series in &sorted.series {
                for (batch, row) in &sorted.order[series.rows.clone()] {
                    let point = sorted.batches[*batch as usize].row(*row as usize);
                    found.push((series.known.series.name.to_string(), point.time, point.flags));
                }
            }
            let expected: Vec<_> = naive.iter().map(|row| (format!("m{}", row.0), row.1, row.2)).collect();
            prop_assert_eq!(found, expected);
            let descriptions: Vec<_> =
                sorted.series.iter().map(|series| &*series.known.series.description == "new").collect();
            prop_assert_eq!(descriptions, told);
        }
    }
}
