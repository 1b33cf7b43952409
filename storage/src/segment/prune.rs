//! What a segment's footer and bloom filters say about values, without reading rows.

use super::Segment;
use super::columns::keyed::{KeyColumn, ValueType};
use super::read::{Chunks, RowsFooter};
use crate::error::{Error, Result};
use crate::paths::ROWS_SUFFIX;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::data_type::AsBytes;
use parquet::file::statistics::Statistics;

impl Segment {
    /// Whether some row may have an attribute whose value is this text, or the number that it is the
    /// decimal of. `or_resource`: or a row without this attribute may have it of its resource.
    pub fn may_have_attribute(&self, key: &str, value: &str, or_resource: bool) -> Result<bool> {
        let footer = self.rows_footer()?;
        if or_resource && footer.layout.resource_may_have(key) {
            return Ok(true);
        }
        match footer.layout.only_column(key) {
            Err(_) => Ok(true),
            Ok(None) => Ok(false),
            Ok(Some((place, column))) => self.may_have_value(&footer, place, column, value),
        }
    }

    fn may_have_value(
        &self,
        footer: &RowsFooter,
        place: usize,
        column: &KeyColumn,
        value: &str,
    ) -> Result<bool> {
        let Some(leaf) = leaf_of(footer, place) else { return Ok(true) };
        match (column.value_type, value.parse::<f64>()) {
            (ValueType::String, _) => self.bloom_may_have(footer, leaf, value),
            (ValueType::Int, Ok(number)) => Ok(ints_may_have(footer, leaf, number)),
            // An integer is written in digits, so no other text is one.
            (ValueType::Int, Err(_)) => Ok(false),
            (ValueType::Double | ValueType::Bool, _) => Ok(true),
        }
    }

    /// Whether some row may have this value in a top-level column; true without a bloom filter.
    pub fn may_have_id(&self, name: &str, value: &[u8]) -> Result<bool> {
        let footer = self.rows_footer()?;
        let place = footer.layout.file.index_of(name).ok().and_then(|place| leaf_of(&footer, place));
        place.map_or(Ok(true), |leaf| self.bloom_may_have(&footer, leaf, value))
    }

    fn bloom_may_have<T: AsBytes + ?Sized>(
        &self,
        footer: &RowsFooter,
        leaf: usize,
        value: &T,
    ) -> Result<bool> {
        let file = Chunks(self.open_checked(ROWS_SUFFIX)?);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer.arrow.clone());
        for group in 0..footer.arrow.metadata().num_row_groups() {
            let filter = builder.get_row_group_column_bloom_filter(group, leaf);
            match filter.map_err(|error| self.blame(Error::from(error)))? {
                Some(filter) if !filter.check(value) => {}
                _ => return Ok(true),
            }
        }
        Ok(false)
    }
}

/// The Parquet column of a top-level column that is not nested.
pub fn leaf_of(footer: &RowsFooter, place: usize) -> Option<usize> {
    let schema = footer.arrow.parquet_schema();
    (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == place)
}

/// Rounding to a double keeps order, so that the bounds stay bounds.
fn ints_may_have(footer: &RowsFooter, leaf: usize, number: f64) -> bool {
    footer.arrow.metadata().row_groups().iter().any(|group| match group.column(leaf).statistics() {
        Some(Statistics::Int64(bounds)) => match (bounds.min_opt(), bounds.max_opt()) {
            (Some(min), Some(max)) => (*min as f64..=*max as f64).contains(&number),
            // A group whose rows all have no value has no bounds.
            _ => bounds.null_count_opt() != Some(group.num_rows() as u64),
        },
        _ => true,
    })
}

#[cfg(test)]
mod tests;
