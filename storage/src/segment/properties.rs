//! How each column is encoded: times and integers as deltas, ids and long texts plain, names by
//! dictionary, all of it zstd-1. Chosen by the column's type, so that a new column needs no entry;
//! attributes with a column of their own also by how often their values repeat.

use super::columns::keyed::{self, DISTINCT};
use crate::error::Result;
use crate::limits;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

/// Texts that rarely repeat: a dictionary would only be tried and thrown away.
const LONG_TEXTS: [&str; 1] = ["body"];
/// Files with this column are asked for single rows.
const LOOKED_UP: &str = "trace_id";
/// Columns that ranges are asked of: their bounds are kept page by page.
const RANGED: [&str; 6] = ["time", "start_time", "duration_ns", "severity_number", "status_code", "metric"];

/// The properties of a file with these columns.
pub fn properties(schema: &Schema, about: Vec<KeyValue>) -> Result<WriterProperties> {
    Ok(properties_builder(schema, about)?.build())
}

/// The same, to be changed.
pub fn properties_builder(schema: &Schema, about: Vec<KeyValue>) -> Result<WriterPropertiesBuilder> {
    // A few rows of a file are what most questions about spans and logs end with.
    let looked_up = schema.column_with_name(LOOKED_UP).is_some();
    let page_rows = if looked_up { limits::LOOKUP_PAGE_ROWS } else { limits::PAGE_ROWS };
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("ocelli ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(limits::ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(page_rows)
        .set_dictionary_page_size_limit(limits::DICTIONARY_BYTES)
        .set_write_batch_size(1024)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_key_value_metadata(Some(about));
    for field in schema.fields() {
        builder = leaf_properties(builder, vec![field.name().clone()], field, true);
    }
    Ok(builder)
}

fn is_distinct(field: &Field) -> bool {
    field.metadata().contains_key(DISTINCT)
}

fn is_attribute(field: &Field) -> bool {
    field.name().starts_with(keyed::PREFIX)
}

/// Walks down to the leaves, which are what Parquet has columns of.
fn leaf_properties(
    builder: WriterPropertiesBuilder,
    path: Vec<String>,
    field: &Field,
    is_top: bool,
) -> WriterPropertiesBuilder {
    let below = |builder, child: &Field| {
        let mut path = path.clone();
        path.push(child.name().clone());
        leaf_properties(builder, path, child, false)
    };
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().fold(builder, |builder, child| below(builder, child)),
        DataType::Map(entries, _) => below(builder, entries),
        DataType::List(element) => {
            // Parquet puts a repeated group between the list and its element.
            let mut path = path.clone();
            path.extend(["list".to_owned(), element.name().clone()]);
            leaf_properties(builder, path, element, false)
        }
        leaf => {
            let column = ColumnPath::new(path);
            let statistics = if is_top { statistics(field) } else { EnabledStatistics::None };
            encode_leaf(
                builder.set_column_statistics_enabled(column.clone(), statistics),
                column,
                field,
                leaf,
            )
        }
    }
}

/// Bounds cost time to find and bytes to keep: they are kept where they can prune something.
fn statistics(field: &Field) -> EnabledStatistics {
    match field.data_type() {
        _ if RANGED.contains(&field.name().as_str()) => EnabledStatistics::Page,
        DataType::Int64 | DataType::Float64 => EnabledStatistics::Chunk,
        _ => EnabledStatistics::None,
    }
}

fn encode_leaf(
    builder: WriterPropertiesBuilder,
    column: ColumnPath,
    field: &Field,
    leaf: &DataType,
) -> WriterPropertiesBuilder {
    let name = field.name().as_str();
    let (dictionary, encoding) = match leaf {
        // Integers of an attribute with few values are smaller as numbers of a dictionary.
        DataType::Int64 if is_attribute(field) && !is_distinct(field) => (true, None),
        DataType::Float64 if is_distinct(field) => (false, Some(Encoding::BYTE_STREAM_SPLIT)),
        DataType::Utf8 if is_distinct(field) => (false, Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)),
        DataType::Timestamp(..) | DataType::Int32 | DataType::Int64 | DataType::UInt32 | DataType::UInt64 => {
            (false, Some(Encoding::DELTA_BINARY_PACKED))
        }
        DataType::FixedSizeBinary(_) => (false, Some(Encoding::PLAIN)),
        DataType::Utf8 if LONG_TEXTS.contains(&name) => (false, Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)),
        // When the dictionary overflows, what follows is encoded so.
        DataType::Utf8 => (true, Some(Encoding::DELTA_LENGTH_BYTE_ARRAY)),
        DataType::Boolean => (false, Some(Encoding::RLE)),
        _ => (true, None),
    };
    let builder = builder.set_column_dictionary_enabled(column.clone(), dictionary);
    match encoding {
        Some(encoding) => builder.set_column_encoding(column, encoding),
        None => builder,
    }
}
