//! Points as two files: the points, sorted by metric, series and time, one row each; and the series,
//! sorted the same way, with the rows that are theirs.

mod read;
mod series_file;
mod values;
mod values_read;

pub use read::read_points;
pub use series_file::{SeriesEntry, SeriesList, from_file as series_from_file, series_schema};
pub use values::schema;

use super::write::{Draft, RowsFile};
use crate::catalog::FileEntry;
use crate::disk::Disk;
use crate::error::Result;
use crate::limits;
use crate::memtable::group;
use crate::paths::{ROWS_SUFFIX, SERIES_SUFFIX};
use arrow::array::RecordBatch;
use ocelli_signal::points::Points;
use parquet::file::metadata::KeyValue;
use std::path::Path;

/// Writes both files of a segment of points.
pub fn write(
    disk: &dyn Disk,
    stem: &Path,
    draft: &Draft<'_>,
    rows: &RecordBatch,
    about: &[KeyValue],
) -> Result<Vec<FileEntry>> {
    let points = Points::new(rows)?;
    let sorted = group(&points, draft.series);
    let mut file = RowsFile::create(disk, stem, ROWS_SUFFIX, schema(), points.len(), about.to_vec())?;
    let places: Vec<(u32, u32)> = sorted
        .iter()
        .enumerate()
        .flat_map(|(place, series)| series.rows.iter().map(move |row| (place as u32, *row)))
        .collect();
    for chunk in places.chunks(limits::WRITE_ROWS) {
        file.write(&values::to_file(&points, &sorted, chunk)?)?;
    }
    let points_file = file.finish()?;
    let mut file =
        RowsFile::create(disk, stem, SERIES_SUFFIX, series_schema(), sorted.len(), about.to_vec())?;
    for batch in series_file::to_file(&sorted, &points)? {
        file.write(&batch)?;
    }
    Ok(vec![points_file, file.finish()?])
}
