//! Points of a file, by series.

use super::series_file::SeriesEntry;
use super::values::schema;
use super::values_read::ReadPoints;
use crate::error::Result;
use crate::rows::Rows;
use crate::segment::read::{self, Chunks};
use crate::snapshot::Point;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;

/// Reads the points of some series, which are in the order of the file, between two times, both
/// included. `each` gets the place in `series` with each point.
pub fn read_points(
    file: Chunks,
    footer: &ArrowReaderMetadata,
    series: &[&SeriesEntry],
    from_ns: i64,
    to_ns: i64,
    mut each: impl FnMut(usize, Point),
) -> Result<()> {
    let rows: Vec<u32> = series.iter().flat_map(|entry| entry.rows()).collect();
    let columns: Vec<usize> = (2..schema().fields().len()).collect();
    let (mut place, mut left) = (0, series.first().map_or(0, |entry| entry.row_count));
    read::read(file, footer, &columns, Some(&Rows::from_sorted(rows)), |batch| {
        let points = ReadPoints::new(&batch)?;
        for row in 0..batch.num_rows() {
            while left == 0 {
                place += 1;
                left = series.get(place).map_or(u32::MAX, |entry| entry.row_count);
            }
            left -= 1;
            if (from_ns..=to_ns).contains(&points.time(row))
                && let Some(entry) = series.get(place)
            {
                each(place, points.point(row, entry.series.kind)?);
            }
        }
        Ok(())
    })
}
