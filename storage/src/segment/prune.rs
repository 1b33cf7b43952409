//! What a segment's footer and bloom filters say about values, without reading rows.

use super::Segment;
use super::columns::keyed::{KeyColumn, ValueType};
use super::read::{Chunks, RowsFooter};
use crate::error::{Error, Result};
use crate::paths::ROWS_SUFFIX;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::data_type::AsBytes;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use std::ops::Range;

impl Segment {
    /// Runs of rows, one a row group, outside of which no row has an attribute whose value is this
    /// text, or the number that it is the decimal of; with `or_resource` also none without this
    /// attribute has it of its resource.
    pub fn runs_with_attribute(&self, key: &str, value: &str, or_resource: bool) -> Result<Vec<Range<u32>>> {
        let footer = self.rows_footer()?;
        if or_resource && footer.layout.resource_may_have(key) {
            return Ok(self.all_rows());
        }
        match footer.layout.only_column(key) {
            Err(_) => Ok(self.all_rows()),
            Ok(None) => Ok(Vec::new()),
            Ok(Some((place, column))) => self.runs_with_value(&footer, place, column, value),
        }
    }

    fn all_rows(&self) -> Vec<Range<u32>> {
        std::iter::once(0..self.entry.rows as u32).collect()
    }

    fn runs_with_value(
        &self,
        footer: &RowsFooter,
        place: usize,
        column: &KeyColumn,
        value: &str,
    ) -> Result<Vec<Range<u32>>> {
        let Some(leaf) = leaf_of(footer, place) else { return Ok(self.all_rows()) };
        match (column.value_type, value.parse::<f64>()) {
            (ValueType::String, _) => self.runs_by_bloom(footer, leaf, value),
            (ValueType::Int, Ok(number)) => runs(footer, |group| {
                Ok(ints_may_have(footer.arrow.metadata().row_group(group), leaf, number))
            }),
            // An integer is written in digits, so no other text is one.
            (ValueType::Int, Err(_)) => Ok(Vec::new()),
            (ValueType::Double | ValueType::Bool, _) => Ok(self.all_rows()),
        }
    }

    /// Runs of rows outside of which no row has this value in a top-level column; all rows without a
    /// bloom filter.
    pub fn runs_with_id(&self, name: &str, value: &[u8]) -> Result<Vec<Range<u32>>> {
        let footer = self.rows_footer()?;
        let place = footer.layout.file.index_of(name).ok().and_then(|place| leaf_of(&footer, place));
        place.map_or_else(|| Ok(self.all_rows()), |leaf| self.runs_by_bloom(&footer, leaf, value))
    }

    fn runs_by_bloom<T: AsBytes + ?Sized>(
        &self,
        footer: &RowsFooter,
        leaf: usize,
        value: &T,
    ) -> Result<Vec<Range<u32>>> {
        let file = Chunks(self.open_checked(ROWS_SUFFIX)?);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, footer.arrow.clone());
        runs(footer, |group| {
            let filter = builder.get_row_group_column_bloom_filter(group, leaf);
            let filter = filter.map_err(|error| self.blame(Error::from(error)))?;
            Ok(filter.is_none_or(|filter| filter.check(value)))
        })
    }
}

/// The rows of the row groups that are wanted.
fn runs(footer: &RowsFooter, mut wanted: impl FnMut(usize) -> Result<bool>) -> Result<Vec<Range<u32>>> {
    let (mut runs, mut first): (Vec<Range<u32>>, u32) = (Vec::new(), 0);
    for (number, group) in footer.arrow.metadata().row_groups().iter().enumerate() {
        let rows = first..first + group.num_rows() as u32;
        first = rows.end;
        if wanted(number)? {
            match runs.last_mut().filter(|last| last.end == rows.start) {
                Some(last) => last.end = rows.end,
                None => runs.push(rows),
            }
        }
    }
    Ok(runs)
}

/// The Parquet column of a top-level column that is not nested.
pub fn leaf_of(footer: &RowsFooter, place: usize) -> Option<usize> {
    let schema = footer.arrow.parquet_schema();
    (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == place)
}

/// Rounding to a double keeps order, so that the bounds stay bounds.
fn ints_may_have(group: &RowGroupMetaData, leaf: usize, number: f64) -> bool {
    match group.column(leaf).statistics() {
        Some(Statistics::Int64(bounds)) => match (bounds.min_opt(), bounds.max_opt()) {
            (Some(min), Some(max)) => (*min as f64..=*max as f64).contains(&number),
            // A group whose rows all have no value has no bounds.
            _ => bounds.null_count_opt() != Some(group.num_rows() as u64),
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests;
