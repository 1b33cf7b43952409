//! Series of a file by chunks, and by metrics: what questions look at before they read points.

use super::reading::SeriesRows;
use super::series_file::{SeriesEntry, kind_named, shared_texts};
use crate::error::Result;
use crate::segment::columns::typed;
use crate::series_index::{ChunkBuilder, ChunkRows, SeriesChunk};
use arrow::array::{BooleanArray, RecordBatch};
use ocelli_signal::Series;
use std::ops::Range;

/// So many series of a file, with the rows that are theirs.
#[derive(Debug)]
pub struct FileChunk {
    pub series: SeriesChunk,
    /// The first row of each, and the one behind the last.
    bounds: Vec<u32>,
    times: Vec<(i64, i64)>,
    /// Between which all of these lie.
    bounds_ns: (i64, i64),
}

impl FileChunk {
    /// Of series whose rows lie one after the other.
    pub fn new(entries: &[SeriesEntry]) -> FileChunk {
        let mut series = ChunkBuilder::default();
        entries.iter().for_each(|entry| series.push(entry.id, &entry.series));
        let ends = entries.last().map(|entry| entry.rows().end);
        FileChunk {
            series: series.finish(),
            bounds: entries.iter().map(|entry| entry.first_row).chain(ends).collect(),
            bounds_ns: entries.iter().fold((i64::MAX, i64::MIN), |(from, to), entry| {
                (from.min(entry.min_time), to.max(entry.max_time))
            }),
            times: entries.iter().map(|entry| (entry.min_time, entry.max_time)).collect(),
        }
    }

    /// The rows of a series.
    pub fn rows(&self, series: usize) -> Range<u32> {
        self.bounds[series]..self.bounds[series + 1]
    }

    /// What is known of a series before its points are read.
    pub fn series_rows(&self, series: usize) -> SeriesRows {
        let kind = self.series.metric(series).kind;
        SeriesRows { rows: self.rows(series), kind, times: self.times[series] }
    }

    /// Takes out the series that have no points between two times, both included.
    pub fn retain_overlapping(&self, series: &mut ChunkRows, from_ns: i64, to_ns: i64) {
        let (from, to) = self.bounds_ns;
        if from_ns <= from && to <= to_ns {
            return;
        }
        let overlaps = |row: &usize| self.times[*row].0 <= to_ns && from_ns <= self.times[*row].1;
        *series = series.iter().filter(overlaps).collect();
    }

    pub fn memory_bytes(&self) -> usize {
        self.series.memory_bytes() + size_of_val(&*self.bounds) + size_of_val(&*self.times)
    }
}

/// The columns that tell metrics apart.
pub const METRIC_COLUMNS: [&str; 4] = ["metric", "unit", "kind", "is_monotonic"];

/// The metrics of a file in its order, each with its series. One that was sent with several units, or as
/// several kinds, may come more than once.
#[derive(Debug, Default)]
pub struct Metrics(Vec<(Series, Range<usize>)>);

impl Metrics {
    /// Each as a series that has only what is in `METRIC_COLUMNS`.
    pub fn iter(&self) -> impl Iterator<Item = (&Series, Range<usize>)> {
        self.0.iter().map(|(metric, series)| (metric, series.clone()))
    }

    /// How many series there are.
    pub fn series(&self) -> usize {
        self.0.last().map_or(0, |(_, series)| series.end)
    }

    /// Takes the next batch of `METRIC_COLUMNS`.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let [name, unit, kind, is_monotonic] = METRIC_COLUMNS;
        let (name, unit, kind) =
            (shared_texts(batch, name)?, shared_texts(batch, unit)?, shared_texts(batch, kind)?);
        let is_monotonic: &BooleanArray = typed(batch, is_monotonic)?;
        let keys = |row: usize| (name.key(row), unit.key(row), kind.key(row), is_monotonic.value(row));
        let mut row = 0;
        while row < batch.num_rows() {
            let first = keys(row);
            let length = (row..batch.num_rows()).take_while(|row| keys(*row) == first).count();
            let metric = Series {
                name: name.get(row),
                unit: unit.get(row),
                kind: kind_named(&kind.get(row)),
                is_monotonic: is_monotonic.value(row),
                ..Series::default()
            };
            let start = self.series();
            match self.0.last_mut().filter(|(last, _)| *last == metric) {
                Some((_, series)) => series.end += length,
                None => self.0.push((metric, start..start + length)),
            }
            row += length;
        }
        Ok(())
    }

    pub fn memory_bytes(&self) -> usize {
        self.0.iter().map(|(metric, _)| size_of::<(Series, Range<usize>)>() + 64 + metric.name.len()).sum()
    }
}
