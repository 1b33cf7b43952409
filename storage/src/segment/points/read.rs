//! Points of a file, by series.

use super::narrow::narrowed;
use super::reading::{Each, Reading, SeriesRows};
use super::schema::Present;
use super::values_read::ReadPoints;
use crate::error::Result;
use crate::segment::read::Chunks;
use ocelli_signal::Kind;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use std::collections::BTreeMap;
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
/// included. `each` gets the place in `series` with points of it: some rows of what was read. Those of one
/// series come in their order.
pub fn read_points(
    file: Chunks,
    footer: &ArrowReaderMetadata,
    series: &[SeriesRows],
    from_ns: i64,
    to_ns: i64,
    mut each: impl FnMut(usize, &ReadPoints<'_>, Range<usize>) -> Result<()>,
) -> Result<()> {
    // Lists of buckets are dear to decode also where they are empty: numbers are read without them.
    let mut by_columns: BTreeMap<&[&str], Vec<usize>> = BTreeMap::new();
    for (place, of) in series.iter().enumerate().filter(|(_, of)| !of.rows.is_empty()) {
        by_columns.entry(columns_of(of.kind)).or_default().push(place);
    }
    for (columns, places) in by_columns {
        let reading = Reading { file: &file, footer, columns };
        let wanted = narrowed(&reading, series, &places, from_ns, to_ns)?;
        let mut each = |place: usize, read: &ReadPoints<'_>, rows: Range<usize>| {
            let rows = read.in_time(rows, from_ns, to_ns);
            if rows.is_empty() { Ok(()) } else { each(place, read, rows) }
        };
        reading.read(&wanted, &mut each)?;
    }
    Ok(())
}

/// Reads all columns of some series, in the order of the file.
pub fn read_every_column(
    file: Chunks,
    footer: &ArrowReaderMetadata,
    series: &[Range<u32>],
    each: &mut Each<'_>,
) -> Result<()> {
    Reading { file: &file, footer, columns: &[] }.read_every_column(series, each)
}

/// The columns of a kind of series, besides those that all have.
fn columns_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Histogram => &["count", "sum", "min", "max", "bucket_counts", "explicit_bounds"],
        Kind::ExponentialHistogram => {
            &["count", "sum", "min", "max", "scale", "zero_count", "zero_threshold", "positive", "negative"]
        }
        Kind::Summary => &["count", "sum", "quantiles"],
        _ => &["value", "value_int"],
    }
}
