//! A segment of points read from its begin to its end, series by series, in little memory.

use super::schema::Present;
use super::series_file::{self, SeriesEntry, series_schema};
use crate::error::{Error, Result};
use crate::limits;
use crate::paths::{ROWS_SUFFIX, SERIES_SUFFIX};
use crate::segment::Segment;
use crate::segment::read::Chunks;
use arrow::array::{ArrayRef, ListArray, RecordBatch, new_empty_array, new_null_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef, SchemaRef, TimestampNanosecondType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// Some rows of a batch.
#[derive(Clone, Debug)]
pub struct Run {
    pub batch: Arc<RecordBatch>,
    pub rows: Range<usize>,
}

/// Reads one segment. Batches have the columns of `columns`, whatever the file left out.
pub struct Stream<'a> {
    segment: &'a Segment,
    series: ParquetRecordBatchReader,
    pending: VecDeque<SeriesEntry>,
    rows: ParquetRecordBatchReader,
    columns: SchemaRef,
    batch: Arc<RecordBatch>,
    /// The next row of the batch.
    at: usize,
    /// Rows of the current series that are not yet taken.
    left: usize,
}

impl<'a> Stream<'a> {
    pub fn new(segment: &'a Segment, columns: SchemaRef) -> Result<Stream<'a>> {
        let file = Chunks(segment.open_checked(SERIES_SUFFIX)?);
        let footer = segment.footer(SERIES_SUFFIX, series_schema())?;
        let series = ParquetRecordBatchReaderBuilder::new_with_metadata(file, (*footer).clone())
            .with_batch_size(limits::MERGE_SERIES);
        let rows = rows_of(segment)?.with_batch_size(limits::READ_ROWS);
        let build = |builder: ParquetRecordBatchReaderBuilder<Chunks>| {
            builder.build().map_err(|error| segment.blame(error.into()))
        };
        let batch = Arc::new(RecordBatch::new_empty(columns.clone()));
        let (series, rows) = (build(series)?, build(rows)?);
        Ok(Stream { segment, series, pending: VecDeque::new(), rows, columns, batch, at: 0, left: 0 })
    }

    /// The series whose rows come next; `None` at the end.
    pub fn peek(&mut self) -> Result<Option<&SeriesEntry>> {
        while self.pending.is_empty() {
            let Some(batch) = self.series.next() else { return Ok(None) };
            let batch = batch.map_err(|error| self.segment.blame(error.into()))?;
            self.pending.extend(series_file::from_file(&batch)?);
        }
        Ok(self.pending.front())
    }

    /// Goes to the rows of the series that was peeked at. Those of the one before must all be taken.
    pub fn next_series(&mut self) -> Option<SeriesEntry> {
        let series = self.pending.pop_front()?;
        self.left = series.row_count as usize;
        Some(series)
    }

    /// Rows of the current series that lie together, at least one; `None` when all are taken.
    pub fn rows(&mut self) -> Result<Option<Run>> {
        if self.left == 0 {
            return Ok(None);
        }
        while self.at == self.batch.num_rows() {
            let next = self.rows.next();
            let batch = next.ok_or_else(|| self.segment.damaged("its series have more rows than it has"))?;
            let batch = batch.map_err(|error| self.segment.blame(error.into()))?;
            self.batch = Arc::new(with_columns(&batch, &self.columns)?);
            self.at = 0;
        }
        let end = self.batch.num_rows().min(self.at + self.left);
        Ok(Some(Run { batch: self.batch.clone(), rows: self.at..end }))
    }

    /// Takes so many of the rows that were given last.
    pub fn take(&mut self, rows: usize) {
        self.at += rows;
        self.left -= rows;
    }
}

fn rows_of(segment: &Segment) -> Result<ParquetRecordBatchReaderBuilder<Chunks>> {
    let file = Chunks(segment.open_checked(ROWS_SUFFIX)?);
    let footer = segment.points_footer()?;
    let wanted = footer.schema().fields().iter().enumerate();
    // What these two say is told by the series.
    let wanted = wanted.filter(|(_, field)| !["metric", "series"].contains(&field.name().as_str()));
    let mask = ProjectionMask::roots(footer.parquet_schema(), wanted.map(|(at, _)| at));
    Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(file, (*footer).clone()).with_projection(mask))
}

/// What a segment's points have.
pub fn present(segment: &Segment) -> Result<Present> {
    let footer = segment.points_footer()?;
    Ok(Present::in_file(|name| footer.schema().column_with_name(name).is_some()))
}

/// Some rows, with these columns.
pub fn read_ranges(
    segment: &Segment,
    ranges: &[Range<usize>],
    columns: &SchemaRef,
) -> Result<Vec<RecordBatch>> {
    let selection =
        RowSelection::from_consecutive_ranges(ranges.iter().cloned(), segment.entry.rows as usize);
    let reader = rows_of(segment)?.with_row_selection(selection).build();
    let reader = reader.map_err(|error| segment.blame(error.into()))?;
    let padded = |batch: Result<RecordBatch, arrow::error::ArrowError>| {
        with_columns(&batch.map_err(|error| segment.blame(error.into()))?, columns)
    };
    reader.map(padded).collect()
}

/// The columns that come after `metric` and `series`.
pub fn sample_columns(schema: &SchemaRef) -> SchemaRef {
    let fields: Vec<FieldRef> = schema.fields().iter().skip(2).cloned().collect();
    Arc::new(arrow::datatypes::Schema::new(fields))
}

/// A batch with these columns; those that it does not have say what their absence says.
fn with_columns(batch: &RecordBatch, columns: &SchemaRef) -> Result<RecordBatch> {
    let rows = batch.num_rows();
    let column = |field: &FieldRef| match batch.column_by_name(field.name()) {
        Some(column) => Ok(column.clone()),
        None => absent(field, rows),
    };
    let columns_of_batch = columns.fields().iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok(RecordBatch::try_new(columns.clone(), columns_of_batch)?)
}

fn absent(field: &FieldRef, rows: usize) -> Result<ArrayRef> {
    Ok(match field.data_type() {
        nullable if field.is_nullable() => new_null_array(nullable, rows),
        DataType::List(element) => {
            let offsets = OffsetBuffer::new(vec![0; rows + 1].into());
            let values = new_empty_array(element.data_type());
            Arc::new(ListArray::try_new(element.clone(), offsets, values, None)?)
        }
        _ => return Err(Error::corrupt(std::path::Path::new(field.name()), "the column is missing")),
    })
}

/// The times of a batch.
pub fn times(batch: &RecordBatch) -> Result<&[i64]> {
    let column = crate::segment::columns::column(batch, "time")?;
    crate::segment::columns::numbers::<TimestampNanosecondType>(column, "time")
}
