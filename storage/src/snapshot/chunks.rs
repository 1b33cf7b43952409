//! Series that may have points in a time, chunk by chunk, without reading one.

use super::Snapshot;
use crate::error::{Error, Result};
use crate::memtable::{self, Generation, Part};
use crate::segment::Segment;
use crate::segment::points::{FileChunk, Metrics};
use crate::series_index::{CHUNK_SERIES, ChunkRows, SeriesChunk};
use ocelli_signal::Series;
use ocelli_signal::points::Samples;
use std::ops::Range;
use std::sync::Arc;

/// Says which series are wanted.
pub trait Choose {
    /// Whether series of a metric can be wanted, of which all but attributes, resource, scope and metadata
    /// may be asked: what is refused here costs nothing further.
    fn metric(&mut self, _metric: &Series) -> bool {
        true
    }

    /// Takes out those of some series of a chunk that can't be wanted; may be asked a second time, of fewer.
    fn narrow(&mut self, _chunk: &SeriesChunk, _rows: &mut ChunkRows) {}

    /// Whether this one is; asked once for each that the others let pass.
    fn series(&mut self, id: u128, series: &Arc<Series>) -> bool;
}

impl<F: FnMut(&Series) -> bool> Choose for F {
    fn series(&mut self, _id: u128, series: &Arc<Series>) -> bool {
        self(series)
    }
}

/// Chooses by the names of metrics, then by what a series has.
pub struct OfMetrics<'n, F> {
    pub names: &'n [&'n str],
    pub passes: F,
}

impl<F: FnMut(&Series) -> bool> Choose for OfMetrics<'_, F> {
    fn metric(&mut self, metric: &Series) -> bool {
        self.names.contains(&&*metric.name)
    }

    fn series(&mut self, _id: u128, series: &Arc<Series>) -> bool {
        (self.passes)(series)
    }
}

/// Some series of a chunk.
pub struct Found<'a> {
    pub chunk: &'a SeriesChunk,
    pub rows: &'a ChunkRows,
    points: &'a dyn Fn(usize) -> u64,
    bytes_per_point: f64,
}

impl Found<'_> {
    /// How many points the file or the memory has of a series.
    pub fn points(&self, row: usize) -> u64 {
        (self.points)(row)
    }

    /// What these take, on average over all series of the file or of the memory.
    pub fn bytes(&self, row: usize) -> f64 {
        self.points(row) as f64 * self.bytes_per_point
    }
}

impl Snapshot {
    /// Shows the series that `metric` and `narrow` let pass, of those that may have points between two times,
    /// both included. A series comes once for each file that has it, and for the memory.
    pub fn chunks<C: Choose, E: From<Error>>(
        &self,
        choose: &mut C,
        from_ns: i64,
        to_ns: i64,
        mut each: impl FnMut(&mut C, &Found<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for segment in self.points.segments.iter().filter(|segment| segment.entry.overlaps(from_ns, to_ns)) {
            let bytes: u64 = segment.entry.files.iter().map(|file| file.bytes).sum();
            let bytes_per_point = bytes as f64 / segment.entry.rows.max(1) as f64;
            let mut chunks = SegmentChunks::new(segment, choose)?;
            while let Some((chunk, rows)) = chunks.next(choose, from_ns, to_ns)? {
                let points = |row: usize| chunk.rows(row).len() as u64;
                each(choose, &Found { chunk: &chunk.series, rows: &rows, points: &points, bytes_per_point })?;
            }
        }
        let parts = self.points.parts.iter().filter(|part| part.overlaps(from_ns, to_ns));
        for memory in Numbered::of(parts) {
            let counts = memory.all_counts(from_ns, to_ns)?;
            let bytes_per_point = memory.bytes as f64 / memory.rows.max(1) as f64;
            for at in memory.chunks() {
                let (chunk, rows) = memory.chunk(at, choose, &counts);
                let points = |row: usize| u64::from(counts.of(at * CHUNK_SERIES + row));
                each(choose, &Found { chunk: &chunk, rows: &rows, points: &points, bytes_per_point })?;
            }
        }
        Ok(())
    }
}

/// The chunks of a segment that have series of wanted metrics.
pub struct SegmentChunks<'a> {
    segment: &'a Segment,
    metrics: Arc<Metrics>,
    /// Runs of series.
    wanted: Vec<Range<usize>>,
    at: usize,
}

impl<'a> SegmentChunks<'a> {
    pub fn new(segment: &'a Segment, choose: &mut dyn Choose) -> Result<SegmentChunks<'a>> {
        let metrics = segment.metrics()?;
        let mut wanted: Vec<Range<usize>> = Vec::new();
        for (metric, series) in metrics.iter() {
            if !choose.metric(metric) {
                continue;
            }
            match wanted.last_mut().filter(|last| last.end == series.start) {
                Some(last) => last.end = series.end,
                None => wanted.push(series),
            }
        }
        Ok(SegmentChunks { segment, metrics, wanted, at: 0 })
    }

    /// The next chunk with its wanted series, unless it has none.
    pub fn next(
        &mut self,
        choose: &mut dyn Choose,
        from_ns: i64,
        to_ns: i64,
    ) -> Result<Option<(Arc<FileChunk>, ChunkRows)>> {
        while self.at * CHUNK_SERIES < self.metrics.series() {
            let first = self.at * CHUNK_SERIES;
            let mut rows = ChunkRows::default();
            let runs = self.wanted.iter().map(|run| run.start.max(first)..run.end.min(first + CHUNK_SERIES));
            runs.filter(|run| run.start < run.end)
                .for_each(|run| rows.insert_range(run.start - first..run.end - first));
            self.at += 1;
            if rows.is_empty() {
                continue;
            }
            let chunk = self.segment.series_chunk(self.at - 1)?;
            choose.narrow(&chunk.series, &mut rows);
            chunk.retain_overlapping(&mut rows, from_ns, to_ns);
            if !rows.is_empty() {
                return Ok(Some((chunk, rows)));
            }
        }
        Ok(None)
    }
}

/// The points in memory whose numbers are of one generation.
pub struct Numbered<'a> {
    pub generation: &'a Arc<Generation>,
    pub parts: Vec<&'a Part>,
    bytes: usize,
    rows: usize,
}

/// How many points some series have in a time, by number.
pub struct PointCounts {
    first: usize,
    counts: Vec<u32>,
}

impl PointCounts {
    fn of(&self, number: usize) -> u32 {
        number.checked_sub(self.first).and_then(|at| self.counts.get(at)).copied().unwrap_or(0)
    }
}

impl<'a> Numbered<'a> {
    /// Of parts in the order of arrival.
    pub fn of(parts: impl Iterator<Item = &'a Arc<Part>>) -> Vec<Numbered<'a>> {
        let mut all: Vec<Numbered<'a>> = Vec::new();
        for part in parts {
            let Some(generation) = &part.series else { continue };
            let known = all.iter().position(|of| Arc::ptr_eq(of.generation, generation));
            let at = known.unwrap_or_else(|| {
                all.push(Numbered { generation, parts: Vec::new(), bytes: 0, rows: 0 });
                all.len() - 1
            });
            all[at].parts.push(part);
            all[at].bytes += part.bytes;
            all[at].rows += part.rows.num_rows();
        }
        all
    }

    /// The points of all series.
    fn all_counts(&self, from_ns: i64, to_ns: i64) -> Result<PointCounts> {
        counted(self.parts.iter().copied(), 0..self.generation.len(), from_ns, to_ns)
    }

    /// The points of some series, whose numbers come in their order. Of others it may tell less.
    pub fn counts(&self, numbers: &[u32], from_ns: i64, to_ns: i64) -> Result<PointCounts> {
        counted(self.parts_of(numbers), span(numbers), from_ns, to_ns)
    }

    /// The parts that may have points of some series.
    pub fn parts_of(&self, numbers: &[u32]) -> impl Iterator<Item = &'a Part> {
        self.parts.iter().copied().filter(move |part| part.may_have(numbers))
    }

    /// Which chunks there are.
    pub fn chunks(&self) -> Range<usize> {
        0..self.generation.len().div_ceil(CHUNK_SERIES)
    }

    /// The series of a chunk that may be wanted, whether or not they have points.
    pub fn candidates(&self, at: usize, choose: &mut dyn Choose) -> ChunkRows {
        let chunk = self.generation.chunk(at);
        let mut rows = chunk.with_metric(|metric| choose.metric(metric));
        if !rows.is_empty() {
            choose.narrow(&chunk, &mut rows);
        }
        rows
    }

    /// The series of a chunk that are wanted, of those that have points.
    pub fn chunk(
        &self,
        at: usize,
        choose: &mut dyn Choose,
        counts: &PointCounts,
    ) -> (Arc<SeriesChunk>, ChunkRows) {
        let chunk = self.generation.chunk(at);
        let mut rows = chunk.with_metric(|metric| choose.metric(metric));
        let first = at * CHUNK_SERIES;
        rows.intersect(&rows.iter().filter(|row| counts.of(first + row) > 0).collect());
        if !rows.is_empty() {
            choose.narrow(&chunk, &mut rows);
        }
        (chunk, rows)
    }
}

/// From the lowest to the highest of some numbers, which come in their order.
pub fn span(numbers: &[u32]) -> Range<usize> {
    match numbers {
        [first, .., last] => *first as usize..*last as usize + 1,
        [only] => *only as usize..*only as usize + 1,
        [] => 0..0,
    }
}

fn counted<'a>(
    parts: impl Iterator<Item = &'a Part>,
    numbers: Range<usize>,
    from_ns: i64,
    to_ns: i64,
) -> Result<PointCounts> {
    let mut counts = vec![0; numbers.len()];
    for part in parts {
        let samples = Samples::new(&part.rows)?;
        for (number, time) in memtable::numbers(&part.rows)?.iter().zip(samples.time.values()) {
            let at = (*number as usize).wrapping_sub(numbers.start);
            if let Some(count) = counts.get_mut(at) {
                *count += u32::from((from_ns..=to_ns).contains(time));
            }
        }
    }
    Ok(PointCounts { first: numbers.start, counts })
}
