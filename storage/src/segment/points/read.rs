//! Points of a file, by series.

use super::schema::Present;
use super::values_read::ReadPoints;
use crate::error::Result;
use crate::limits;
use crate::segment::read::Chunks;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use std::ops::Range;
use std::sync::Arc;

/// The footer and page index of a points file, which has some of the columns.
pub fn footer(file: &Chunks) -> Result<ArrowReaderMetadata> {
    let footer = ParquetMetaDataReader::new()
        // Pages that a selection does not touch are skipped by the offset index alone.
        .with_offset_index_policy(PageIndexPolicy::Optional)
        .with_column_index_policy(PageIndexPolicy::Skip)
        .parse_and_finish(file)?;
    let columns = footer.file_metadata().schema_descr().root_schema().get_fields();
    let has = |name: &str| columns.iter().any(|column| column.name() == name);
    let options = ArrowReaderOptions::new().with_schema(Present::in_file(has).schema());
    Ok(ArrowReaderMetadata::try_new(Arc::new(footer), options)?)
}

/// Reads the points of some series, whose rows are in the order of the file, between two times, both
/// included. `each` gets the place in `series` with points of it: some rows of what was read.
pub fn read_points(
    file: Chunks,
    footer: &ArrowReaderMetadata,
    series: &[Range<u32>],
    from_ns: i64,
    to_ns: i64,
    mut each: impl FnMut(usize, &ReadPoints<'_>, Range<usize>) -> Result<()>,
) -> Result<()> {
    if series.is_empty() {
        return Ok(());
    }
    let total = footer.metadata().file_metadata().num_rows() as usize;
    let of_series = footer.schema().fields().iter().map(|field| field.name().as_str());
    let columns = of_series.enumerate().filter(|(_, name)| !["metric", "series"].contains(name));
    let mask = ProjectionMask::roots(footer.parquet_schema(), columns.map(|(at, _)| at));
    let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer.clone())
        .with_batch_size(limits::READ_ROWS)
        .with_projection(mask);
    let ranges = ranges(series);
    if ranges.iter().map(Range::len).sum::<usize>() < total {
        builder =
            builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges.into_iter(), total));
    }
    let (mut place, mut left) = (0, series[0].len());
    for batch in builder.build()? {
        let batch = batch?;
        let points = ReadPoints::new(&batch)?;
        let mut row = 0;
        while row < batch.num_rows() && place < series.len() {
            // What the batch has of one series.
            let end = batch.num_rows().min(row + left);
            each(place, &points, points.in_time(row..end, from_ns, to_ns))?;
            left -= end - row;
            row = end;
            while left == 0 && place < series.len() {
                place += 1;
                left = series.get(place).map_or(0, Range::len);
            }
        }
    }
    Ok(())
}

/// The rows of the series; neighbours joined.
fn ranges(series: &[Range<u32>]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for rows in series.iter().filter(|rows| !rows.is_empty()) {
        let rows = rows.start as usize..rows.end as usize;
        match ranges.last_mut() {
            Some(last) if last.end == rows.start => last.end = rows.end,
            _ => ranges.push(rows),
        }
    }
    ranges
}
