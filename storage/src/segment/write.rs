//! Writes a memtable as one segment: sorted, converted and encoded, under temporary names first.

use super::about::About;
use super::layout::layout;
use super::partition::Partition;
use super::points;
use super::properties::properties;
use super::services::Services;
use super::sink::{Sink, name_files};
use super::sort;
use crate::catalog::{FileEntry, SegmentEntry};
use crate::disk::Disk;
use crate::error::{IoContext, Result};
use crate::limits;
use crate::log_index;
use crate::memtable::SeriesCache;
use crate::paths::{self, ROWS_SUFFIX};
use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use ocelli_signal::Signal;
use ocelli_signal::logs::Logs;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::KeyValue;
use std::path::Path;

/// Version of the files' layout; see `docs/format/segment.md`.
pub const FORMAT_VERSION: u32 = 1;

/// The rows of a segment to be.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    pub tenant: &'a str,
    pub signal: Signal,
    pub partition: Partition,
    /// See `SegmentEntry`.
    pub level: u32,
    /// In the signal's schema, in the order of their arrival.
    pub batches: Vec<RecordBatch>,
    pub first_sequence: u64,
    pub last_sequence: u64,
    /// Emissions among the rows tell about spans up to this sequence.
    pub covered: u64,
    /// When the youngest row was flushed, in nanoseconds since the Unix epoch.
    pub created_at: i64,
    /// See `About`.
    pub flush_partitions: Vec<Partition>,
    /// Series that were parsed before.
    pub series: &'a SeriesCache,
}

impl Draft<'_> {
    fn about(&self, rows: &RecordBatch) -> Result<About> {
        let (min_time, max_time) = sort::time_bounds(self.signal, rows)?;
        Ok(About {
            tenant: self.tenant.to_owned(),
            signal: self.signal,
            partition: self.partition,
            level: self.level,
            first_sequence: self.first_sequence,
            last_sequence: self.last_sequence,
            covered_sequence: self.covered,
            min_time,
            max_time,
            created_at: self.created_at,
            services: Services::of(self.signal, rows, self.series)?,
            flush_partitions: self.flush_partitions.clone(),
        })
    }
}

/// Writes the files and gives them their names; they count only when the catalog lists them.
pub fn write(disk: &dyn Disk, draft: &Draft<'_>, index_min_rows: usize) -> Result<SegmentEntry> {
    let rows = concat_batches(&draft.signal.schema(), &draft.batches)?;
    let about = draft.about(&rows)?;
    let stem = about.stem();
    let dir = paths::parent(&stem);
    disk.create_dir_all(dir).context("create", dir)?;
    let keys = about.key_values();
    let files = match draft.signal {
        Signal::Points => points::write(disk, &stem, draft, &rows, &keys)?,
        Signal::Spans | Signal::Logs => write_sorted(disk, &stem, draft.signal, &rows, keys, index_min_rows)?,
    };
    name_files(disk, &stem, &files)?;
    Ok(about.entry(&stem, rows.num_rows() as u64, files))
}

fn write_sorted(
    disk: &dyn Disk,
    stem: &Path,
    signal: Signal,
    rows: &RecordBatch,
    about: Vec<KeyValue>,
    index_min_rows: usize,
) -> Result<Vec<FileEntry>> {
    let layout = layout(signal)?;
    let order = sort::order(signal, rows)?;
    let mut file = RowsFile::create(disk, stem, ROWS_SUFFIX, &layout.file, rows.num_rows(), about)?;
    for chunk in order.chunks(limits::WRITE_ROWS) {
        file.write(&layout.to_file(rows, &UInt32Array::from_iter_values(chunk.iter().copied()))?)?;
    }
    let mut files = vec![file.finish()?];
    if signal == Signal::Logs && order.len() >= index_min_rows {
        let body = Logs::new(rows)?.body;
        let bodies = order.iter().map(|row| body.value(*row as usize));
        files.push(log_index::write(disk, stem, bodies)?);
    }
    Ok(files)
}

/// A Parquet file being written.
pub struct RowsFile {
    writer: ArrowWriter<Sink>,
}

impl RowsFile {
    pub fn create(
        disk: &dyn Disk,
        stem: &Path,
        suffix: &'static str,
        schema: &SchemaRef,
        rows: usize,
        about: Vec<KeyValue>,
    ) -> Result<RowsFile> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties(schema, rows, about)?)
            // The Arrow schema would cost kilobytes in each file, and tells other readers nothing.
            .with_skip_arrow_metadata(true);
        let sink = Sink::create(disk, stem, suffix)?;
        Ok(RowsFile { writer: ArrowWriter::try_new_with_options(sink, schema.clone(), options)? })
    }

    pub fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        Ok(self.writer.write(rows)?)
    }

    pub fn finish(self) -> Result<FileEntry> {
        self.writer.into_inner()?.finish()
    }
}
