//! Some series, numbered from 0, with an index of what they have.

use super::attributes::{AttributeIndex, Key};
use super::rows::ChunkRows;
use ocelli_signal::Series;
use std::sync::Arc;

/// Where series come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    pub resource: Arc<[u8]>,
    pub scope: Arc<[u8]>,
}

/// A value of a table for each series.
#[derive(Debug, Default)]
pub struct Coded<T> {
    pub(super) values: Vec<T>,
    pub(super) codes: Vec<u16>,
}

impl<T> Coded<T> {
    fn get(&self, row: usize) -> &T {
        &self.values[usize::from(self.codes[row])]
    }

    fn rows(&self, wanted: impl FnMut(&T) -> bool) -> ChunkRows {
        let wanted: Vec<bool> = self.values.iter().map(wanted).collect();
        // Mostly all or none are.
        let mut rows = ChunkRows::default();
        if !wanted.contains(&true) {
            return rows;
        }
        if !wanted.contains(&false) {
            rows.insert_range(0..self.codes.len());
            return rows;
        }
        let codes = self.codes.iter().enumerate();
        codes.filter(|(_, code)| wanted[usize::from(**code)]).map(|(row, _)| row).collect()
    }

    /// The distinct values of some rows.
    fn of(&self, rows: &ChunkRows) -> impl Iterator<Item = &T> {
        let mut seen = vec![false; self.values.len()];
        match &mut seen[..] {
            [only] => *only = !rows.is_empty(),
            several => rows.iter().for_each(|row| several[usize::from(self.codes[row])] = true),
        }
        self.values.iter().zip(seen).filter(|(_, seen)| *seen).map(|(value, _)| value)
    }

    fn memory_bytes(&self) -> usize {
        size_of_val(&*self.values) + size_of_val(&*self.codes)
    }
}

/// Series of a file or of the memory, at most `CHUNK_SERIES`.
#[derive(Debug, Default)]
pub struct SeriesChunk {
    pub(super) ids: Vec<u128>,
    /// Each without what is not the metric's: attributes, resource and scope.
    pub(super) metrics: Coded<Series>,
    pub(super) origins: Coded<Origin>,
    pub(super) attributes: AttributeIndex,
}

impl SeriesChunk {
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// All of its series.
    pub fn all(&self) -> ChunkRows {
        let mut rows = ChunkRows::default();
        rows.insert_range(0..self.len());
        rows
    }

    pub fn id(&self, row: usize) -> u128 {
        self.ids[row]
    }

    /// A series without attributes, resource and scope.
    pub fn metric(&self, row: usize) -> &Series {
        self.metrics.get(row)
    }

    pub fn origin(&self, row: usize) -> &Origin {
        self.origins.get(row)
    }

    pub fn series(&self, row: usize) -> Series {
        let Origin { resource, scope } = self.origins.get(row).clone();
        Series {
            attributes: self.attributes.of(row).into(),
            resource,
            scope,
            ..self.metrics.get(row).clone()
        }
    }

    /// The series of those metrics that are wanted (see [`SeriesChunk::metric`]), each of which is asked for once.
    pub fn with_metric(&self, wanted: impl FnMut(&Series) -> bool) -> ChunkRows {
        self.metrics.rows(wanted)
    }

    /// The series of those origins that are wanted, each of which is asked for once.
    pub fn with_origin(&self, wanted: impl FnMut(&Origin) -> bool) -> ChunkRows {
        self.origins.rows(wanted)
    }

    /// The metrics of some series, each once.
    pub fn metrics_of(&self, rows: &ChunkRows) -> impl Iterator<Item = &Series> {
        self.metrics.of(rows)
    }

    /// The origins of some series, each once.
    pub fn origins_of(&self, rows: &ChunkRows) -> impl Iterator<Item = &Origin> {
        self.origins.of(rows)
    }

    /// The keys of attributes, by name.
    pub fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        self.attributes.keys()
    }

    /// About what it takes in memory. Texts of metrics and origins are shared with others.
    pub fn memory_bytes(&self) -> usize {
        size_of_val(&*self.ids)
            + self.metrics.memory_bytes()
            + self.origins.memory_bytes()
            + self.attributes.memory_bytes()
    }
}
