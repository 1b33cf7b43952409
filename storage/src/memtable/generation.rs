//! Series by number, and the index of them.

use crate::error::Result;
use crate::series_index::{CHUNK_SERIES, ChunkBuilder, SeriesChunk};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use ocelli_signal::points::SERIES_COLUMNS;
use ocelli_signal::{SchemaError, Series, Signal};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

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
const NUMBERS: &str = "series";
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
    /// The schema of batches with its numbers.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether the numbers of a batch are its own; `None` for a batch without.
    pub fn has_numbered(&self, rows: &RecordBatch) -> Option<bool> {
        let name = rows.schema_ref().metadata().get(GENERATION)?;
        Some(self.schema.metadata().get(GENERATION) == Some(name))
    }

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

    pub(super) fn add(&self, series: Vec<Known>) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).extend(series);
    }
}

/// The numbers of a batch that has some.
pub fn numbers(rows: &RecordBatch) -> Result<&[u32]> {
    let column = rows.column_by_name(NUMBERS).and_then(|column| column.as_primitive_opt::<UInt32Type>());
    let column = column.ok_or(SchemaError { column: NUMBERS, expected: "UInt32Array" })?;
    Ok(column.values())
}
