//! Numbers for series: a scrape repeats them all, so each is parsed once and a number from then on.

use crate::error::Result;
use crate::limits;
use crate::series_index::{CHUNK_SERIES, ChunkBuilder, SeriesChunk};
use arrow::array::{ArrayRef, AsArray, BinaryArray, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use ocelli_signal::hashed::HashedMap;
use ocelli_signal::points::{Points, SERIES_COLUMNS};
use ocelli_signal::series::series_id;
use ocelli_signal::wire::Writer;
use ocelli_signal::{DictionaryView, SchemaError, Series, Signal};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

/// A series with what names it in a segment.
#[derive(Clone, Debug)]
pub struct Known {
    pub id: u128,
    /// The hash of resource and scope, by which the series of one sender lie together.
    pub origin: u64,
    pub series: Arc<Series>,
}

impl Known {
    /// Where it is in a segment.
    pub fn order(&self) -> (&str, u64, u128) {
        (&self.series.name, self.origin, self.id)
    }
}

/// The series that have numbers, by number. It only grows, so a number means the same as long as
/// anyone holds this.
#[derive(Debug)]
pub struct Generation {
    known: RwLock<Vec<Known>>,
    /// The index of the series, as far as somebody asked.
    chunks: Mutex<Vec<Arc<SeriesChunk>>>,
    /// Of batches with these numbers; its metadata tells generations apart.
    schema: SchemaRef,
}

/// The column of the numbers.
pub const NUMBERS: &str = "series";
const GENERATION: &str = "generation";

impl Default for Generation {
    fn default() -> Generation {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut fields = vec![Arc::new(Field::new(NUMBERS, DataType::UInt32, false))];
        fields.extend(Signal::Points.schema().fields().iter().skip(SERIES_COLUMNS).cloned());
        let number = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        let metadata = HashMap::from([(GENERATION.to_owned(), number)]);
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        Generation { known: RwLock::default(), chunks: Mutex::default(), schema }
    }
}

impl Generation {
    /// How many numbers are given.
    pub fn len(&self) -> usize {
        self.known.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The series of some numbers, in their order.
    pub fn get(&self, numbers: &[u32]) -> Vec<Known> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        numbers.iter().map(|number| known[*number as usize].clone()).collect()
    }

    /// The series from so many times `CHUNK_SERIES` on, with those that have numbers by now.
    pub fn chunk(&self, at: usize) -> Arc<SeriesChunk> {
        let numbers = at * CHUNK_SERIES..self.len().clamp(at * CHUNK_SERIES, (at + 1) * CHUNK_SERIES);
        let mut chunks = self.chunks.lock().unwrap_or_else(PoisonError::into_inner);
        if chunks.len() <= at {
            chunks.resize_with(at + 1, Arc::default);
        }
        // The last one grows.
        if chunks[at].len() < numbers.len() {
            // Whoever takes in points must not wait for the index.
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner)[numbers].to_vec();
            let mut chunk = ChunkBuilder::default();
            known.iter().for_each(|known| chunk.push(known.id, &known.series));
            chunks[at] = Arc::new(chunk.finish());
        }
        chunks[at].clone()
    }

    fn add(&self, series: Vec<Known>) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).extend(series);
    }
}

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
            rows: RecordBatch::try_new(generation.schema.clone(), columns)?,
            generation,
            new_bytes,
        })
    }

    /// What the numbers of a batch refer to; `None` for a batch without.
    pub fn generation_of(&self, rows: &RecordBatch) -> Option<Arc<Generation>> {
        let name = rows.schema_ref().metadata().get(GENERATION)?;
        let current = self.locked();
        let others = current.before.iter().filter_map(Weak::upgrade);
        let mut all = std::iter::once(current.generation.clone()).chain(others);
        all.find(|generation| generation.schema.metadata().get(GENERATION) == Some(name))
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

/// The numbers of a batch that has some.
pub fn numbers(rows: &RecordBatch) -> Result<&[u32]> {
    let column = rows.column_by_name(NUMBERS).and_then(|column| column.as_primitive_opt::<UInt32Type>());
    let column = column.ok_or(SchemaError { column: NUMBERS, expected: "UInt32Array" })?;
    Ok(column.values())
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
    use crate::test_rows;
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
