//! Numbers for series: a scrape repeats them all, so each is parsed once and a number from then on.

use super::generation::{Generation, Known};
use crate::error::Result;
use crate::limits;
use arrow::array::{ArrayRef, BinaryArray, RecordBatch, UInt32Array};
use ocelli_signal::hashed::HashedMap;
use ocelli_signal::points::{Points, SERIES_COLUMNS};
use ocelli_signal::series::series_id;
use ocelli_signal::wire::Writer;
use ocelli_signal::{DictionaryView, Series};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

/// Shared by whoever takes in points. When it is full a new generation begins; the last one lives
/// until its rows are in segments.
#[derive(Debug)]
pub struct SeriesCache {
    current: Mutex<Current>,
    limit_bytes: usize,
}

impl Default for SeriesCache {
    fn default() -> SeriesCache {
        SeriesCache::new(limits::SERIES_CACHE_BYTES)
    }
}

#[derive(Debug, Default)]
struct Current {
    generation: Arc<Generation>,
    /// By the hash of all that a row says of its series: a new description is a new number, with the
    /// same id.
    numbers: HashedMap<u128, u32>,
    shared: Shared,
    bytes: usize,
    before: Vec<Weak<Generation>>,
}

/// Points with numbers in place of their series.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The number, then the columns that do not say the series.
    pub rows: RecordBatch,
    pub generation: Arc<Generation>,
    /// Of the series that were not known before.
    pub new_bytes: usize,
}

impl SeriesCache {
    pub fn new(limit_bytes: usize) -> SeriesCache {
        SeriesCache { current: Mutex::default(), limit_bytes }
    }

    fn locked(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// About what the series take that have numbers now.
    pub fn bytes(&self) -> usize {
        self.locked().bytes
    }

    /// Numbers the series of a batch of points.
    pub fn number(&self, rows: &RecordBatch) -> Result<Numbered> {
        let points = Points::new(rows)?;
        let keys = Keys::new(&points);
        let mut current = self.locked();
        current.make_room(self.limit_bytes);
        let new_bytes = current.bytes;
        let (first, mut added) = (current.numbers.len(), Vec::new());
        let Current { numbers, shared, bytes, .. } = &mut *current;
        let number = |row: usize| {
            let next = (first + added.len()) as u32;
            *numbers.entry(keys.of(&points, row)).or_insert_with(|| {
                let (known, own_bytes) = shared.parse(&points, &keys, row);
                *bytes += own_bytes;
                added.push(known);
                next
            })
        };
        let numbers: UInt32Array = (0..points.len()).map(number).collect::<Vec<_>>().into();
        current.generation.add(added);
        let (generation, new_bytes) = (current.generation.clone(), current.bytes - new_bytes);
        drop(current);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(numbers)];
        columns.extend_from_slice(&rows.columns()[SERIES_COLUMNS..]);
        Ok(Numbered {
            rows: RecordBatch::try_new(generation.schema().clone(), columns)?,
            generation,
            new_bytes,
        })
    }

    /// What the numbers of a batch refer to; `None` for a batch without.
    pub fn generation_of(&self, rows: &RecordBatch) -> Option<Arc<Generation>> {
        let current = self.locked();
        current.generation.has_numbered(rows)?;
        let others = current.before.iter().filter_map(Weak::upgrade);
        let mut all = std::iter::once(current.generation.clone()).chain(others);
        all.find(|generation| generation.has_numbered(rows) == Some(true))
    }
}

impl Current {
    /// Begins a new generation when this one is full.
    fn make_room(&mut self, limit_bytes: usize) {
        if self.bytes < limit_bytes {
            return;
        }
        let full = std::mem::take(self);
        self.before = full.before.into_iter().filter(|old| old.strong_count() > 0).collect();
        self.before.push(Arc::downgrade(&full.generation));
    }
}

/// What series have in common, by its hash: each is kept once.
#[derive(Debug, Default)]
struct Shared {
    /// Series of the metrics, without what is not the metric's.
    metrics: HashedMap<u128, Series>,
    /// Resources and scopes.
    origins: HashedMap<u128, Arc<[u8]>>,
}

/// About what a series takes in memory beside its attributes, with its places in map, list and index.
const SERIES_BYTES: usize = 300;

impl Shared {
    /// The series of a row, and about what it takes in memory that none before it took.
    fn parse(&mut self, points: &Points<'_>, Keys(keys): &Keys, row: usize) -> (Known, usize) {
        let view = points.series(row);
        let mut encoded = Writer::new();
        view.encode(&mut encoded);
        let [resource, scope, metric, _] = keys;
        let mut bytes = SERIES_BYTES + view.attributes.len();
        let metric = self.metrics.entry(metric[points.metric.key(row)]).or_insert_with(|| {
            let texts = view.name.len() + view.description.len() + view.unit.len();
            bytes += SERIES_BYTES + texts + view.metadata.len();
            view.metric().to_series()
        });
        let mut origin = |key: u128, column: &[u8]| {
            let shared = self.origins.entry(key).or_insert_with(|| {
                bytes += SERIES_BYTES + column.len();
                column.into()
            });
            shared.clone()
        };
        let series = Series {
            attributes: view.attributes.into(),
            resource: origin(resource[points.resource.key(row)], view.resource),
            scope: origin(scope[points.scope.key(row)], view.scope),
            ..metric.clone()
        };
        let known = Known {
            id: series_id(encoded.as_bytes()),
            origin: xxh3_64_with_seed(view.resource, xxh3_64(view.scope)),
            series: Arc::new(series),
        };
        (known, bytes)
    }
}

/// Hashes of the values that rows refer to, so that each is hashed once.
struct Keys([Vec<u128>; 4]);

impl Keys {
    fn new(points: &Points<'_>) -> Keys {
        let hashes = |column: &DictionaryView<'_, BinaryArray>| {
            column.values.iter().map(|value| xxh3_128(value.unwrap_or_default())).collect()
        };
        Keys([&points.resource, &points.scope, &points.metric, &points.attributes].map(hashes))
    }

    fn of(&self, points: &Points<'_>, row: usize) -> u128 {
        let Keys([resource, scope, metric, attributes]) = self;
        let parts = [
            resource[points.resource.key(row)],
            scope[points.scope.key(row)],
            metric[points.metric.key(row)],
            attributes[points.attributes.key(row)],
        ];
        let mut bytes = [0; 64];
        for (place, part) in bytes.chunks_exact_mut(16).zip(parts) {
            place.copy_from_slice(&part.to_le_bytes());
        }
        xxh3_128(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memtable::numbers;
    use crate::series_index::CHUNK_SERIES;
    use crate::test_rows;
    use ocelli_signal::Signal;
    use ocelli_signal::points::{PointRow, PointsBuilder};

    fn known(numbered: &Numbered) -> Vec<Known> {
        numbered.generation.get(numbers(&numbered.rows).unwrap())
    }

    fn batch(series: impl IntoIterator<Item = Series>) -> RecordBatch {
        let mut builder = PointsBuilder::new();
        for series in series {
            builder.set_series(&series.encode());
            builder.push(&PointRow::default());
        }
        builder.finish()
    }

    #[test]
    fn a_number_stands_for_the_series_of_its_row() {
        let cache = SeriesCache::default();
        let [a, b] = [0, 30].map(|from| cache.number(&test_rows::batch(Signal::Points, from, 70)).unwrap());
        assert!(Arc::ptr_eq(&a.generation, &b.generation));
        assert_eq!(numbers(&a.rows).unwrap()[30..], numbers(&b.rows).unwrap()[..40]);
        assert_eq!(a.generation.len(), 50, "five kinds, five shards, two resources");
        assert!(a.new_bytes > 0 && b.new_bytes == 0);
        for (numbered, from) in [(a, 0), (b, 30)] {
            assert!(cache.generation_of(&numbered.rows.slice(3, 5)).is_some());
            for (n, known) in known(&numbered).into_iter().enumerate() {
                assert_eq!(*known.series, test_rows::series(from + n));
                assert_eq!(known.id, series_id(&known.series.encode()));
            }
        }
        assert!(cache.generation_of(&test_rows::batch(Signal::Points, 0, 1)).is_none());
    }

    #[test]
    fn a_new_description_is_a_new_number_with_the_same_id() {
        let described = ["old", "new", "old"]
            .map(|description| Series { description: description.into(), ..test_rows::series(1) });
        let numbered = SeriesCache::default().number(&batch(described)).unwrap();
        assert_eq!(numbers(&numbered.rows).unwrap(), [0, 1, 0]);
        let known = known(&numbered);
        assert_eq!((known[0].id, &*known[1].series.description), (known[1].id, "new"));
    }

    #[test]
    fn the_index_grows_with_its_series() {
        let cache = SeriesCache::default();
        let series = |n: usize| Series { name: format!("m{n}").into(), ..Series::default() };
        let mut first = 0;
        for count in [3, 100, CHUNK_SERIES, 7] {
            let numbered = cache.number(&batch((first..first + count).map(series))).unwrap();
            first += count;
            let chunks = [0, 1].map(|at| numbered.generation.chunk(at));
            assert_eq!(chunks[0].len() + chunks[1].len(), first);
            for (n, known) in known(&numbered).into_iter().enumerate() {
                let number = first - count + n;
                let (chunk, row) = (&chunks[number / CHUNK_SERIES], number % CHUNK_SERIES);
                assert_eq!((chunk.id(row), &chunk.series(row)), (known.id, &*known.series));
            }
        }
    }

    #[test]
    fn a_full_cache_begins_anew_and_old_numbers_stay_true() {
        let (count, limit_bytes) = (1_000, 2_000_000);
        let cache = SeriesCache::new(limit_bytes);
        let series = |n: usize| Series { name: format!("m{n}").into(), ..Series::default() };
        let numbered = |first: usize| cache.number(&batch((first..first + count).map(series))).unwrap();
        let all: Vec<_> = (0..6).map(|at| (at * count, numbered(at * count))).collect();
        assert!(!Arc::ptr_eq(&all[0].1.generation, &all[5].1.generation));
        for (first, numbered) in &all {
            let found = cache.generation_of(&numbered.rows).unwrap();
            assert!(Arc::ptr_eq(&found, &numbered.generation));
            assert!(found.len() * SERIES_BYTES <= limit_bytes + count * 2 * SERIES_BYTES);
            for (n, known) in known(numbered).into_iter().enumerate() {
                assert_eq!(*known.series.name, *format!("m{}", first + n));
            }
        }
        let rows = all[0].1.rows.clone();
        drop(all);
        assert!(cache.generation_of(&rows).is_none(), "what nobody holds is gone");
    }
}
