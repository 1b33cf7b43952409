//! Writes segments: converted and encoded batch by batch, under temporary names until all of it is
//! durable. A flush sorts a memtable first; a merge brings rows that are in order.

use super::about::About;
use super::columns::typed;
use super::convert::Converter;
use super::filters::FiltersBuilder;
use super::layout::Layout;
use super::partition::Partition;
use super::points;
use super::properties::properties;
use super::services::Services;
use super::sink::{Sink, discard, name_files};
use super::sort;
use crate::catalog::{FileEntry, SegmentEntry};
use crate::disk::Disk;
use crate::error::{IoContext, Result};
use crate::limits;
use crate::log_index::IndexBuilder;
use crate::memtable::SeriesCache;
use crate::paths::{self, ROWS_SUFFIX};
use crate::trace_list::TraceListBuilder;
use arrow::array::{RecordBatch, StringArray, UInt32Array};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use ocelli_signal::Signal;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use std::path::{Path, PathBuf};

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
    /// In the signal's schema, in the order of their arrival. Of points also as a memtable has them.
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
    /// What the files will say about themselves; the writer counts the rows' times and services.
    pub fn about(&self) -> About {
        About {
            tenant: self.tenant.to_owned(),
            signal: self.signal,
            partition: self.partition,
            level: self.level,
            first_sequence: self.first_sequence,
            last_sequence: self.last_sequence,
            covered_sequence: self.covered,
            min_time: 0,
            max_time: 0,
            created_at: self.created_at,
            services: Services::default(),
            flush_partitions: self.flush_partitions.clone(),
        }
    }
}

/// Writes a memtable as one segment. The files have their names then; they count only when the
/// catalog lists them.
pub fn write(disk: &dyn Disk, draft: &Draft<'_>, index_min_rows: usize) -> Result<SegmentEntry> {
    let about = draft.about();
    let stem = about.stem();
    write_draft(disk, about, draft, index_min_rows).inspect_err(|_| discard(disk, &stem))
}

fn write_draft(
    disk: &dyn Disk,
    about: About,
    draft: &Draft<'_>,
    index_min_rows: usize,
) -> Result<SegmentEntry> {
    if draft.signal == Signal::Points {
        return points::write(disk, about, draft);
    }
    let rows = concat_batches(&draft.signal.schema(), &draft.batches)?;
    let order = sort::order(draft.signal, &rows)?;
    let mut converter = Converter::new(Layout::for_rows(draft.signal, [&rows])?);
    let schema = converter.layout.file.clone();
    let mut writer = SegmentWriter::create(disk, about, &schema, order.len(), index_min_rows)?;
    for chunk in order.chunks(limits::WRITE_ROWS) {
        let chunk = UInt32Array::from_iter_values(chunk.iter().copied());
        writer.append(&converter.convert(&rows, &chunk)?)?;
    }
    writer.finish(converter.about())
}

/// Makes the directory of a segment, and gives the path of its files without suffix.
pub fn create_dir(disk: &dyn Disk, about: &About) -> Result<PathBuf> {
    let stem = about.stem();
    let dir = paths::parent(&stem);
    disk.create_dir_all(dir).context("create", dir)?;
    Ok(stem)
}

/// A segment of spans or logs being written. It holds one row group, never all rows, and what can
/// only be written when it is whole: the index of the bodies, the list of traces.
pub struct SegmentWriter<'a> {
    disk: &'a dyn Disk,
    stem: PathBuf,
    about: About,
    file: RowsFile,
    filters: FiltersBuilder,
    index: Option<IndexBuilder>,
    traces: Option<TraceListBuilder>,
    rows: u64,
    times: Option<(i64, i64)>,
}

impl<'a> SegmentWriter<'a> {
    /// Begins the files of a segment that will have about `expected_rows`: from `index_min_rows` on
    /// the bodies of logs are indexed. Times and services in `about` are counted on the way.
    pub fn create(
        disk: &'a dyn Disk,
        about: About,
        schema: &SchemaRef,
        expected_rows: usize,
        index_min_rows: usize,
    ) -> Result<SegmentWriter<'a>> {
        let stem = create_dir(disk, &about)?;
        let properties = properties(schema, Vec::new())?;
        let file = RowsFile::with_properties(disk, &stem, ROWS_SUFFIX, schema, properties)?;
        let filters = FiltersBuilder::new(schema);
        let indexed = about.signal == Signal::Logs && expected_rows >= index_min_rows;
        let index = indexed.then(IndexBuilder::default);
        let traces = (about.signal == Signal::Spans).then(TraceListBuilder::default);
        Ok(SegmentWriter { disk, stem, about, file, filters, index, traces, rows: 0, times: None })
    }

    /// Writes rows in the schema of the file. From call to call they are in the order of `sort`.
    pub fn append(&mut self, rows: &RecordBatch) -> Result<()> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        self.file.write(rows)?;
        self.filters.append(rows)?;
        if let Some(index) = &mut self.index {
            let bodies: &StringArray = typed(rows, "body")?;
            bodies.iter().try_for_each(|body| index.push(body.unwrap_or_default()))?;
        }
        if let Some(traces) = &mut self.traces {
            let ids = typed(rows, "trace_id")?;
            (0..rows.num_rows()).for_each(|row| traces.push(&sort::trace_id(ids, row)));
        }
        self.about.services.extend(&Services::of_rows(self.about.signal, rows)?);
        let (min, max) = sort::time_bounds(self.about.signal, rows)?;
        self.times = Some(self.times.map_or((min, max), |times| (times.0.min(min), times.1.max(max))));
        self.rows += rows.num_rows() as u64;
        Ok(())
    }

    /// Makes the files durable and gives them their names. `attributes` is what the converter of the
    /// rows has to say.
    pub fn finish(self, attributes: Vec<KeyValue>) -> Result<SegmentEntry> {
        let (min_time, max_time) = self.times.unwrap_or((0, 0));
        let about = About { min_time, max_time, ..self.about };
        let told = about.key_values().into_iter().chain(attributes);
        let mut rows = self.file;
        rows.write_filters(self.filters)?;
        let mut files = vec![rows.finish_with(told.collect())?];
        if let Some(index) = self.index {
            files.push(index.finish(self.disk, &self.stem)?);
        }
        if let Some(traces) = self.traces {
            files.push(traces.finish(self.disk, &self.stem)?);
        }
        let files = name_files(self.disk, &self.stem, files)?;
        Ok(about.entry(&self.stem, self.rows, files))
    }
}

/// A Parquet file being written.
pub struct RowsFile {
    writer: ArrowWriter<Sink>,
}

impl RowsFile {
    pub fn with_properties(
        disk: &dyn Disk,
        stem: &Path,
        suffix: &'static str,
        schema: &SchemaRef,
        properties: WriterProperties,
    ) -> Result<RowsFile> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties)
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

    /// Puts filters behind the rows. No row may come after them.
    fn write_filters(&mut self, filters: FiltersBuilder) -> Result<()> {
        self.writer.flush()?;
        let (bytes, told) = filters.finish(self.writer.bytes_written() as u64)?;
        self.writer.write_all(&bytes).map_err(ParquetError::from)?;
        self.writer.append_key_value_metadata(told);
        Ok(())
    }

    /// Ends a file of which it was not known before what it would say about itself.
    pub fn finish_with(mut self, about: Vec<KeyValue>) -> Result<FileEntry> {
        about.into_iter().for_each(|pair| self.writer.append_key_value_metadata(pair));
        self.finish()
    }
}
