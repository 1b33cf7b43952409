//! Writes a memtable as one segment: sorted, converted and encoded, under temporary names first.

use super::about::About;
use super::layout::layout;
use super::points;
use super::properties::properties;
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
    /// In the signal's schema, in the order of their arrival.
    pub batches: Vec<RecordBatch>,
    pub first_sequence: u64,
    pub last_sequence: u64,
    /// Emissions among the rows tell about spans up to this sequence.
    pub covered: u64,
    /// Series that were parsed before.
    pub series: &'a SeriesCache,
}

impl Draft<'_> {
    fn stem(&self) -> std::path::PathBuf {
        paths::segment_stem(self.tenant, self.signal, self.first_sequence, self.last_sequence)
    }

    fn about(&self, (min_time, max_time): (i64, i64)) -> Vec<KeyValue> {
        let about = About {
            tenant: self.tenant.to_owned(),
            signal: self.signal,
            first_sequence: self.first_sequence,
            last_sequence: self.last_sequence,
            covered_sequence: self.covered,
            min_time,
            max_time,
        };
        about.key_values()
    }
}

/// Writes the files and gives them their names; they count only when the catalog lists them.
pub fn write(disk: &dyn Disk, draft: &Draft<'_>, index_min_rows: usize) -> Result<SegmentEntry> {
    let stem = draft.stem();
    let dir = paths::parent(&stem);
    disk.create_dir_all(dir).context("create", dir)?;
    let rows = concat_batches(&draft.signal.schema(), &draft.batches)?;
    let times = sort::time_bounds(draft.signal, &rows)?;
    let about = draft.about(times);
    let files = match draft.signal {
        Signal::Points => points::write(disk, &stem, draft, &rows, &about)?,
        Signal::Spans | Signal::Logs => {
            write_sorted(disk, &stem, draft.signal, &rows, about, index_min_rows)?
        }
    };
    name_files(disk, &stem, &files)?;
    Ok(SegmentEntry {
        stem: stem.to_string_lossy().into_owned(),
        tenant: draft.tenant.to_owned(),
        signal: draft.signal,
        format_version: FORMAT_VERSION,
        rows: rows.num_rows() as u64,
        min_time: times.0,
        max_time: times.1,
        first_sequence: draft.first_sequence,
        last_sequence: draft.last_sequence,
        files,
    })
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
