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
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
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

/// The properties of a points file of so many rows that has these, or these columns of them, among its
/// own.
pub fn properties(sample: &[RecordBatch], schema: &Schema, rows: usize) -> Result<WriterProperties> {
    let mut builder = base(schema)?;
    let Some(first) = sample.first() else { return Ok(builder.build()) };
    let sample = concat_batches(first.schema_ref(), sample)?;
    for (at, field) in sample.schema_ref().fields().iter().enumerate() {
        if is_tried(field) {
            for (column, way) in smallest(&sample.project(&[at])?, field, rows)? {
                builder = set(builder, column, way);
            }
        }
    }
    Ok(builder.build())
}

fn base(schema: &Schema) -> Result<WriterPropertiesBuilder> {
    // A row group has its own dictionaries: few are shorter.
    Ok(properties_builder(schema, Vec::new())?
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
fn smallest(sample: &RecordBatch, field: &Field, rows: usize) -> Result<Vec<(ColumnPath, Way)>> {
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
        let sizes = written_sizes(sample, builder.build(), rows)?;
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

/// What each leaf takes when the rows are written so, as a part of a file of so many rows.
fn written_sizes(sample: &RecordBatch, properties: WriterProperties, rows: usize) -> Result<Vec<i64>> {
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(std::io::sink(), sample.schema(), options)?;
    writer.write(sample)?;
    let metadata: ParquetMetaData = writer.close()?;
    let columns = metadata.row_groups().iter().flat_map(|group| group.columns());
    Ok(columns.map(|column| share(column, sample.num_rows(), rows)).collect())
}

/// A dictionary of few values is the same for all rows of a row group, so that a sample bears a part of
/// it; one of many grows with the rows.
fn share(column: &ColumnChunkMetaData, sample: usize, rows: usize) -> i64 {
    let whole = column.compressed_size();
    let Some(start) = column.dictionary_page_offset() else { return whole };
    let dictionary = (column.data_page_offset() - start) as f64;
    let part = sample as f64 / rows.clamp(sample.max(1), limits::POINTS_ROW_GROUP_ROWS.max(sample)) as f64;
    let grown = dictionary / (2 * sample.max(1)) as f64;
    whole - (dictionary * (1.0 - grown.clamp(part, 1.0))) as i64
}

#[cfg(test)]
mod tests {
    use super::super::schema::Present;
    use super::*;
    use arrow::array::{
        Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int64Array, StringArray,
        TimestampNanosecondArray, UInt32Array,
    };
    use arrow::datatypes::{Float64Type, Int32Type};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    fn rows(times: Vec<i64>, doubles: Vec<Option<f64>>, ints: Vec<Option<i64>>) -> RecordBatch {
        let count = times.len();
        let names = Arc::new(StringArray::from(vec!["m"]));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(DictionaryArray::<Int32Type>::new(vec![0; count].into(), names)),
            Arc::new(UInt32Array::from(vec![0; count])),
            Arc::new(TimestampNanosecondArray::from(times).with_timezone("UTC")),
            Arc::new(TimestampNanosecondArray::from(vec![0; count]).with_timezone("UTC")),
            Arc::new(UInt32Array::from(vec![0; count])),
            Arc::new(Float64Array::from(doubles)),
            Arc::new(Int64Array::from(ints)),
        ];
        RecordBatch::try_new(Present::default().schema(), columns).unwrap()
    }

    fn written(rows: &RecordBatch, properties: WriterProperties) -> Bytes {
        let options = ArrowWriterOptions::new().with_properties(properties);
        let mut writer = ArrowWriter::try_new_with_options(Vec::new(), rows.schema(), options).unwrap();
        writer.write(rows).unwrap();
        writer.into_inner().unwrap().into()
    }

    /// The bits of a column of doubles: a NaN is equal to no other.
    fn bits(column: &ArrayRef) -> Vec<Option<u64>> {
        column.as_primitive::<Float64Type>().iter().map(|value| value.map(f64::to_bits)).collect()
    }

    #[test]
    fn pieces_are_from_all_over_and_of_few_rows_all() {
        for rows in [1, 100, TRIAL_ROWS, TRIAL_ROWS + 1, 1_000_000] {
            let ranges = trial_ranges(rows);
            assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, rows));
            assert_eq!(ranges.iter().map(Range::len).sum::<usize>(), rows.min(TRIAL_ROWS));
        }
        assert!(trial_ranges(0).is_empty());
    }

    #[test]
    fn the_smallest_way_is_taken() {
        let even = |at: i64| 1_767_225_600_000_000_000 + at % 100 * 15_000_000_000;
        let own = |at: i64| even(at) + at * 7_919_017 % 1_000_003;
        let cases: [(&dyn Fn(i64) -> i64, bool); 2] = [(&even, true), (&own, false)];
        for (time, dictionary) in cases {
            let times: Vec<i64> = (0..10_000).map(time).collect();
            let count = times.len();
            let rows = rows(times, vec![None; count], (0..count as i64).map(|at| Some(at * 3)).collect());
            let properties = properties(std::slice::from_ref(&rows), rows.schema_ref(), 100 * count).unwrap();
            assert_eq!(properties.dictionary_enabled(&ColumnPath::from("time")), dictionary);
            let ints = properties.encoding(&ColumnPath::from("value_int"));
            assert_eq!(ints, Some(Encoding::DELTA_BINARY_PACKED));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_way_gives_back_every_bit(
            values in prop::collection::vec((any::<i64>(), any::<Option<u64>>(), any::<Option<i64>>()), 1..300),
            few: bool,
        ) {
            let few = |at: usize| if few { at % 7 } else { at };
            let at = |at: usize| values[few(at) % values.len()];
            let all = || (0..values.len()).map(at);
            let rows = rows(
                all().map(|value| value.0).collect(),
                all().map(|value| value.1.map(f64::from_bits)).collect(),
                all().map(|value| value.2).collect(),
            );
            let mut tried = BTreeSet::new();
            for (name, leaf) in [("time", 2), ("value", 5), ("value_int", 6)] {
                for way in ways(rows.column(leaf).data_type()) {
                    let builder = base(rows.schema_ref()).unwrap();
                    let file = written(&rows, set(builder, ColumnPath::from(name), *way).build());
                    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
                    let read = reader.with_batch_size(1_000).build().unwrap().next().unwrap().unwrap();
                    prop_assert_eq!(read.column(2), rows.column(2));
                    prop_assert_eq!(bits(read.column(5)), bits(rows.column(5)));
                    prop_assert_eq!(read.column(6), rows.column(6));
                    tried.insert(format!("{name} {way:?}"));
                }
            }
            prop_assert_eq!(tried.len(), 8);
        }
    }
}
