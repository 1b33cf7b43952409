//! Reads Parquet files through the disk seam.

use super::filters::Filters;
use super::layout::Layout;
use super::pages::{Groups, KeptPages};
use crate::disk::DiskReader;
use crate::error::Result;
use crate::limits;
use crate::rows::Rows;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use ocelli_signal::Signal;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowGroups,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::reader::{ChunkReader, Length};
use std::io::{self, BufReader, Read};
use std::sync::Arc;

/// A file of the disk seam, as the Parquet reader wants it.
#[derive(Clone, Debug)]
pub struct Chunks(pub Arc<dyn DiskReader>);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.bytes()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(From { file: self.0.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        if start.saturating_add(length as u64) > self.0.bytes() {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are beyond the end")));
        }
        let mut buffer = vec![0; length];
        self.0.read_at(start, &mut buffer)?;
        Ok(buffer.into())
    }
}

/// Reads on from a place.
#[derive(Debug)]
pub struct From {
    file: Arc<dyn DiskReader>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.file.bytes().saturating_sub(self.at);
        let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.file.read_at(self.at, &mut buffer[..length])?;
        self.at += length as u64;
        Ok(length)
    }
}

/// The footer and page index of a file whose columns are known.
pub fn footer(file: &Chunks, schema: &SchemaRef) -> Result<ArrowReaderMetadata> {
    Ok(ArrowReaderMetadata::load(file, options().with_schema(schema.clone()))?)
}

/// The footer and page index of a file of spans or logs, and the layout that the footer tells of.
pub fn rows_footer(file: &Chunks, signal: Signal) -> Result<RowsFooter> {
    let read = ArrowReaderMetadata::load(file, options())?;
    let told = read.metadata().file_metadata().key_value_metadata();
    let (layout, filters) = (Layout::of_file(signal, told)?, Filters::of_file(told));
    let options = options().with_schema(layout.file.clone());
    Ok(RowsFooter { arrow: ArrowReaderMetadata::try_new(read.metadata().clone(), options)?, layout, filters })
}

fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new()
        // Pages that a selection does not touch are skipped by the offset index alone.
        .with_offset_index_policy(PageIndexPolicy::Optional)
        .with_column_index_policy(PageIndexPolicy::Skip)
        .with_skip_arrow_metadata(true)
}

/// What is known of a file of spans or logs before its rows are read.
#[derive(Debug)]
pub struct RowsFooter {
    pub layout: Layout,
    pub filters: Filters,
    pub arrow: ArrowReaderMetadata,
}

/// Reads some columns (by their place in the file's schema) of some rows.
pub fn read(
    file: Chunks,
    footer: &ArrowReaderMetadata,
    columns: &[usize],
    rows: Option<(&Rows, KeptPages)>,
    mut each: impl FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    if rows.as_ref().is_some_and(|(rows, _)| rows.is_empty()) {
        return Ok(());
    }
    for batch in batches(file, footer, columns, rows, limits::READ_ROWS)? {
        each(batch?)?;
    }
    Ok(())
}

/// About what a row takes in memory in some columns: dictionaries are written out when they are read.
pub fn row_bytes(footer: &ArrowReaderMetadata, columns: &[usize]) -> usize {
    let (schema, metadata) = (footer.parquet_schema(), footer.metadata());
    let mut bytes = 0;
    for group in metadata.row_groups() {
        let leaves = group.columns().iter().enumerate();
        let wanted = leaves.filter(|(leaf, _)| columns.contains(&schema.get_column_root_idx(*leaf)));
        bytes += wanted
            .map(|(_, chunk)| {
                let texts = chunk.unencoded_byte_array_data_bytes().unwrap_or_default();
                chunk.uncompressed_size().max(texts).max(0) as u64
            })
            .sum::<u64>();
    }
    let rows = metadata.file_metadata().num_rows().max(1) as u64;
    bytes.div_ceil(rows) as usize
}

/// The same, batch by batch.
pub fn batches(
    file: Chunks,
    footer: &ArrowReaderMetadata,
    columns: &[usize],
    rows: Option<(&Rows, KeptPages)>,
    batch_rows: usize,
) -> Result<ParquetRecordBatchReader> {
    let mask = ProjectionMask::roots(footer.parquet_schema(), columns.iter().copied());
    let hint = Some(footer.schema().fields());
    let levels = parquet_to_arrow_field_levels(footer.parquet_schema(), mask, hint)?;
    let (groups, selection) = match rows {
        Some((rows, kept)) => {
            let (groups, rows) = Groups::with_rows(file, footer.metadata().clone(), rows, kept);
            let selection = rows.selection(groups.num_rows());
            (groups, Some(selection))
        }
        None => (Groups::all(file, footer.metadata().clone()), None),
    };
    Ok(ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, batch_rows, selection)?)
}
