//! Points as two files: the points, sorted by metric, origin, series and time, one row each; and the
//! series, sorted the same way, with the rows that are theirs.

mod distributions;
mod encoding;
mod from_memory;
mod merge;
mod narrow;
mod read;
mod reading;
mod schema;
mod series_chunk;
mod series_file;
mod sorted;
mod stream;
mod values_read;

pub use merge::merge;
pub use read::{footer, read_every_column, read_points};
pub use reading::SeriesRows;
pub use series_chunk::{FileChunk, METRIC_COLUMNS, Metrics};
pub use series_file::{SeriesEntry, check_rows, from_file as series_from_file, series_schema};
pub use values_read::ReadPoints;

use super::about::About;
use super::sink::name_files;
use super::write::{Draft, RowsFile, create_dir};
use crate::catalog::{FileEntry, SegmentEntry};
use crate::disk::Disk;
use crate::error::Result;
use crate::limits;
use crate::memtable::Generation;
use crate::paths::ROWS_SUFFIX;
use arrow::array::RecordBatch;
use from_memory::Writing;
use parquet::file::metadata::KeyValue;
use series_file::SeriesFile;
use sorted::Sorted;
use std::path::Path;
use std::sync::Arc;

/// Writes the segment of a draft of points.
pub fn write(disk: &dyn Disk, about: About, draft: &Draft<'_>) -> Result<SegmentEntry> {
    let (batches, generations) = numbered(draft)?;
    let sorted = Sorted::new(&batches, &generations)?;
    let times = sorted.series.iter().map(|series| sorted.times(series));
    let times = times.reduce(|(low, high), (min, max)| (low.min(min), high.max(max)));
    let (min_time, max_time) = times.unwrap_or_default();
    let about = About { min_time, max_time, services: sorted.services(), ..about };
    let stem = create_dir(disk, &about)?;
    let files = vec![
        write_points(disk, &stem, &sorted, about.key_values())?,
        write_series(disk, &stem, &sorted, about.key_values())?,
    ];
    let files = name_files(disk, &stem, files)?;
    Ok(about.entry(&stem, sorted.order.len() as u64, files))
}

/// The batches of a draft with numbers in place of series, and what these refer to.
fn numbered(draft: &Draft<'_>) -> Result<(Vec<RecordBatch>, Vec<Arc<Generation>>)> {
    let number = |rows: &RecordBatch| match draft.series.generation_of(rows) {
        Some(generation) => Ok((rows.clone(), generation)),
        None => draft.series.number(rows).map(|numbered| (numbered.rows, numbered.generation)),
    };
    draft.batches.iter().map(number).collect()
}

fn write_points(
    disk: &dyn Disk,
    stem: &Path,
    sorted: &Sorted<'_>,
    about: Vec<KeyValue>,
) -> Result<FileEntry> {
    let writing = Writing::new(sorted);
    let rows = sorted.order.len();
    let trial: Vec<_> =
        encoding::trial_ranges(rows).into_iter().map(|rows| writing.batch(rows)).collect::<Result<_>>()?;
    let properties = encoding::properties(&trial, writing.schema(), rows)?;
    let mut file = RowsFile::with_properties(disk, stem, ROWS_SUFFIX, writing.schema(), properties)?;
    for start in (0..rows).step_by(limits::WRITE_ROWS) {
        file.write(&writing.batch(start..rows.min(start + limits::WRITE_ROWS))?)?;
    }
    file.finish_with(about)
}

fn write_series(
    disk: &dyn Disk,
    stem: &Path,
    sorted: &Sorted<'_>,
    about: Vec<KeyValue>,
) -> Result<FileEntry> {
    let mut file = SeriesFile::create(disk, stem)?;
    for of in &sorted.series {
        let (min_time, max_time) = sorted.times(of);
        file.push(SeriesEntry {
            id: of.known.id,
            origin: of.known.origin,
            series: of.known.series.clone(),
            first_row: of.rows.start as u32,
            row_count: of.rows.len() as u32,
            min_time,
            max_time,
        })?;
    }
    file.finish(about)
}

#[cfg(test)]
mod merge_tests;
