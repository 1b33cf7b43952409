//! The series of a segment of points, and their points.

use super::Segment;
use super::points::{self, FileChunk, METRIC_COLUMNS, Metrics, ReadPoints, SeriesEntry, SeriesRows};
use super::read::Chunks;
use crate::cache::Key;
use crate::error::Result;
use crate::limits;
use crate::paths::{ROWS_SUFFIX, SERIES_SUFFIX};
use crate::rows::Rows;
use crate::series_index::CHUNK_SERIES;
use std::ops::Range;
use std::sync::Arc;

impl Segment {
    /// All series, in the order of the file. Only for who walks over all points.
    pub fn series(&self) -> Result<Vec<SeriesEntry>> {
        let entries = self.read_series(None)?;
        points::check_rows(&self.entry.path(SERIES_SUFFIX), &entries, 0..self.entry.rows)?;
        Ok(entries)
    }

    /// Which metrics there are.
    pub fn metrics(&self) -> Result<Arc<Metrics>> {
        self.context.cache.get(Key::only(self.number, "metrics"), || {
            let schema = points::series_schema();
            let columns = METRIC_COLUMNS.map(|name| schema.index_of(name));
            let columns: Vec<usize> = columns.into_iter().collect::<Result<_, _>>()?;
            let mut metrics = Metrics::default();
            self.read_file(SERIES_SUFFIX, schema, &columns, None, |batch| metrics.push(&batch))?;
            let bytes = metrics.memory_bytes();
            Ok((metrics, bytes))
        })
    }

    /// The series from so many times `CHUNK_SERIES` on.
    pub fn series_chunk(&self, at: usize) -> Result<Arc<FileChunk>> {
        let key = Key { segment: self.number, what: SERIES_SUFFIX, part: at as u32 };
        self.context.cache.get(key, || {
            let count = self.metrics()?.series();
            let rows = at * CHUNK_SERIES..count.min((at + 1) * CHUNK_SERIES);
            let rows = Rows::from_sorted(rows.map(|row| row as u32).collect());
            let entries = self.read_series(Some(&rows))?;
            let first = entries.first().map_or(0, |entry| entry.first_row.into());
            let is_last = (at + 1) * CHUNK_SERIES >= count;
            let end =
                entries.last().filter(|_| !is_last).map_or(self.entry.rows, |last| last.rows().end.into());
            points::check_rows(&self.entry.path(SERIES_SUFFIX), &entries, first..end)?;
            let chunk = FileChunk::new(&entries);
            let bytes = chunk.memory_bytes();
            Ok((chunk, bytes))
        })
    }

    fn read_series(&self, rows: Option<&Rows>) -> Result<Vec<SeriesEntry>> {
        let mut entries = Vec::new();
        let schema = points::series_schema();
        let columns: Vec<usize> = (0..schema.fields().len()).collect();
        self.read_file(SERIES_SUFFIX, schema, &columns, rows, |batch| {
            entries.extend(points::series_from_file(&batch)?);
            Ok(())
        })?;
        Ok(entries)
    }

    /// The points of some series, whose rows are in the order of the file, between two times: `each` gets
    /// the place in `series` with rows of what was read.
    pub fn points(
        &self,
        series: &[SeriesRows],
        from_ns: i64,
        to_ns: i64,
        each: impl FnMut(usize, &ReadPoints<'_>, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        if series.is_empty() {
            return Ok(());
        }
        let footer = self.points_footer()?;
        points::read_points(Chunks(self.open_checked(ROWS_SUFFIX)?), &footer, series, from_ns, to_ns, each)
            .map_err(|error| self.blame(error))
    }

    /// Every column of the points of some series, in the order of the file.
    pub fn whole_points(
        &self,
        series: &[Range<u32>],
        mut each: impl FnMut(usize, &ReadPoints<'_>, Range<usize>) -> Result<()>,
    ) -> Result<()> {
        let footer = self.points_footer()?;
        points::read_every_column(Chunks(self.open_checked(ROWS_SUFFIX)?), &footer, series, &mut each)
            .map_err(|error| self.blame(error))
    }

    /// What was kept of the points of a series.
    pub fn kept<V: Send + Sync + 'static>(&self, what: &'static str, of: &SeriesRows) -> Option<Arc<V>> {
        self.context.cache.kept(self.key_of(what, of))
    }

    /// Keeps it as long as there is room.
    pub fn keep<V: Send + Sync + 'static>(&self, what: &'static str, of: &SeriesRows, kept: V, bytes: usize) {
        self.context.cache.keep_spare(self.key_of(what, of), Arc::new(kept), bytes);
    }

    /// What one query may have kept.
    pub fn most_kept_bytes(&self) -> usize {
        self.context.cache.limit_bytes() / limits::KEPT_SHARE
    }

    fn key_of(&self, what: &'static str, of: &SeriesRows) -> Key {
        Key { segment: self.number, what, part: of.rows.start }
    }
}
