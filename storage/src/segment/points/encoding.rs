//! How the columns of a points file are encoded: for each the smallest of a few ways, found by
//! writing some of the rows in each. No way is best for all: times that many series share are short as
//! a dictionary and long as differences, and it is the other way round when each series has its own.

use super::schema::{EXEMPLARS, SERIES};
use crate::error::Result;
use crate::limits;
use crate::segment::properties::properties_builder;
use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Encoding;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use std::ops::Range;

/// A way to encode a column: by dictionary, or as this says.
type Way = Option<Encoding>;

/// How many rows are tried, in so many pieces from all over the file.
pub const TRIAL_PIECES: usize = 8;
pub const TRIAL_ROWS: usize = 16 << 10;

/// The ranges of rows to try out of so many.
pub fn trial_ranges(rows: usize) -> Vec<Range<usize>> {
    let piece = (TRIAL_ROWS / TRIAL_PIECES).min(rows);
    let last = rows - piece;
    let pieces = if rows <= TRIAL_ROWS { rows.div_ceil(piece.max(1)) } else { TRIAL_PIECES };
    let start = |at: usize| if rows <= TRIAL_ROWS { at * piece } else { last * at / (TRIAL_PIECES - 1) };
    (0..pieces).map(start).map(|start| start..rows.min(start + piece)).collect()
}

/// Which ways there are for a column's numbers.
fn ways(leaf: &DataType) -> &'static [Way] {
    match leaf {
        DataType::Float64 => &[None, Some(Encoding::PLAIN), Some(Encoding::BYTE_STREAM_SPLIT)],
        DataType::Int64 | DataType::UInt64 => {
            &[None, Some(Encoding::DELTA_BINARY_PACKED), Some(Encoding::BYTE_STREAM_SPLIT)]
        }
        DataType::Timestamp(..) => &[None, Some(Encoding::DELTA_BINARY_PACKED)],
        _ => &[],
    }
}

/// The properties of a points file that has these rows, or these columns of them, among its own.
pub fn properties(sample: &[RecordBatch], schema: &Schema) -> Result<WriterProperties> {
    let mut builder = base(schema)?;
    let Some(first) = sample.first() else { return Ok(builder.build()) };
    let sample = concat_batches(first.schema_ref(), sample)?;
    for (at, field) in sample.schema_ref().fields().iter().enumerate() {
        if is_tried(field) {
            for (column, way) in smallest(&sample.project(&[at])?, field)? {
                builder = set(builder, column, way);
            }
        }
    }
    Ok(builder.build())
}

fn base(schema: &Schema) -> Result<WriterPropertiesBuilder> {
    // A row group has its own dictionaries: few are shorter.
    Ok(properties_builder(schema, 0, Vec::new())?
        .set_max_row_group_row_count(Some(limits::POINTS_ROW_GROUP_ROWS))
        .set_dictionary_page_size_limit(limits::POINTS_DICTIONARY_BYTES))
}

fn is_tried(field: &Field) -> bool {
    let id = field.metadata().get(parquet::arrow::PARQUET_FIELD_ID_META_KEY);
    let untried = [1, SERIES, EXEMPLARS].map(|id| id.to_string());
    !id.is_some_and(|id| untried.contains(id))
}

fn set(builder: WriterPropertiesBuilder, column: ColumnPath, way: Way) -> WriterPropertiesBuilder {
    let builder = builder.set_column_dictionary_enabled(column.clone(), way.is_none());
    match way {
        Some(encoding) => builder.set_column_encoding(column, encoding),
        None => builder,
    }
}

/// The smallest way for each leaf of a column.
fn smallest(sample: &RecordBatch, field: &Field) -> Result<Vec<(ColumnPath, Way)>> {
    let mut leaves: Vec<(ColumnPath, &'static [Way])> = Vec::new();
    for_each_leaf(vec![field.name().clone()], field, &mut |path, leaf| {
        leaves.push((path, ways(leaf.data_type())))
    });
    let most = leaves.iter().map(|(_, ways)| ways.len()).max().unwrap_or(0);
    let mut best: Vec<Option<(i64, Way)>> = vec![None; leaves.len()];
    for at in 0..most {
        let mut builder = base(sample.schema_ref())?;
        for (path, ways) in leaves.iter().filter(|(_, ways)| !ways.is_empty()) {
            builder = set(builder, path.clone(), ways[at.min(ways.len() - 1)]);
        }
        let sizes = written_sizes(sample, builder.build())?;
        for ((best, (_, ways)), size) in best.iter_mut().zip(&leaves).zip(sizes) {
            if at < ways.len() && best.is_none_or(|(least, _)| size < least) {
                *best = Some((size, ways[at]));
            }
        }
    }
    Ok(leaves.into_iter().zip(best).filter_map(|((path, _), best)| Some((path, best?.1))).collect())
}

/// Calls for each leaf of a column, which is what Parquet has columns of.
fn for_each_leaf<'a>(path: Vec<String>, field: &'a Field, each: &mut dyn FnMut(ColumnPath, &'a Field)) {
    let below = |names: &[&str]| {
        [&path[..], &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()].concat()
    };
    match field.data_type() {
        DataType::Struct(fields) => {
            fields.iter().for_each(|child| for_each_leaf(below(&[child.name()]), child, each));
        }
        // Parquet puts a repeated group between the list and its element.
        DataType::List(element) => for_each_leaf(below(&["list", element.name()]), element, each),
        _ => each(ColumnPath::new(path), field),
    }
}

/// What each leaf takes when the rows are written so.
fn written_sizes(rows: &RecordBatch, properties: WriterProperties) -> Result<Vec<i64>> {
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(std::io::sink(), rows.schema(), options)?;
    writer.write(rows)?;
    let metadata: ParquetMetaData = writer.close()?;
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    Ok(columns.map(|column| column.compressed_size()).collect())
}
