//! What a segment's footer and filters say about values, without reading rows.

use super::columns::downcast;
use super::columns::keyed::{KeyColumn, ValueType};
use super::read::RowsFooter;
use super::{Segment, filters};
use crate::error::{Error, Result};
use crate::paths::ROWS_SUFFIX;
use crate::rows::Rows;
use arrow::array::{Array, ArrayRef, FixedSizeBinaryArray, Int64Array, StringArray};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use std::ops::Range;

impl Segment {
    /// Runs of rows, of whole pages, outside of which no row has an attribute whose value is this
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
            Ok(Some((place, column))) => self.runs_in_column(&footer, place, column, value),
        }
    }

    /// Rows of a run outside of which none in it has this value, as told for [`Segment::runs_with_attribute`]:
    /// the attribute's column alone is read. `None` where that tells little.
    pub fn rows_with_attribute(
        &self,
        key: &str,
        value: &str,
        or_resource: bool,
        run: Range<u32>,
    ) -> Result<Option<Rows>> {
        let footer = self.rows_footer()?;
        if or_resource && footer.layout.resource_may_have(key) {
            return Ok(None);
        }
        let Ok(Some((place, about))) = footer.layout.only_column(key) else { return Ok(None) };
        let needle = match (about.value_type, value.parse()) {
            _ if about.repeats => return Ok(None),
            (ValueType::String, _) => Needle::Text(value),
            (ValueType::Int, Ok(number)) => Needle::Number(number),
            _ => return Ok(None),
        };
        self.rows_with(&footer, place, &needle, run).map(Some)
    }

    /// Rows of a run that have this id in a column of ids, of which nothing else is read.
    pub fn rows_with_id(&self, name: &str, id: &[u8], run: Range<u32>) -> Result<Option<Rows>> {
        let footer = self.rows_footer()?;
        let place = footer.layout.file.index_of(name).ok();
        place.map(|place| self.rows_with(&footer, place, &Needle::Id(id), run)).transpose()
    }

    fn rows_with(
        &self,
        footer: &RowsFooter,
        place: usize,
        needle: &Needle<'_>,
        run: Range<u32>,
    ) -> Result<Rows> {
        let rows = Rows::from_sorted(run.clone().collect());
        let (mut found, mut first) = (Vec::new(), run.start);
        self.read_rows(footer, &[place], Some(&rows), |batch| {
            let places = needle.places(batch.column(0), footer.layout.file.field(place).name())?;
            found.extend(places.into_iter().map(|at| first + at as u32));
            first += batch.num_rows() as u32;
            Ok(())
        })?;
        Ok(Rows::from_sorted(found))
    }

    fn all_rows(&self) -> Vec<Range<u32>> {
        std::iter::once(0..self.entry.rows as u32).collect()
    }

    fn runs_in_column(
        &self,
        footer: &RowsFooter,
        place: usize,
        column: &KeyColumn,
        value: &str,
    ) -> Result<Vec<Range<u32>>> {
        match (column.value_type, value.parse::<f64>()) {
            (ValueType::String, _) => self.runs_by_filter(footer, &column.column, value.as_bytes()),
            (ValueType::Int, Ok(number)) => {
                let Some(leaf) = leaf_of(footer, place) else { return Ok(self.all_rows()) };
                let groups = runs(footer, |group| {
                    ints_may_have(footer.arrow.metadata().row_group(group), leaf, number)
                });
                // A double that is large stands for many integers.
                match value.parse::<i64>().ok().or_else(|| exactly(number)) {
                    Some(value) if !groups.is_empty() => {
                        self.runs_by_filter(footer, &column.column, &value.to_le_bytes())
                    }
                    _ => Ok(groups),
                }
            }
            // An integer is written in digits, so no other text is one.
            (ValueType::Int, Err(_)) => Ok(Vec::new()),
            (ValueType::Double | ValueType::Bool, _) => Ok(self.all_rows()),
        }
    }

    /// Runs of rows outside of which no row has this value in a top-level column; all rows where it has no
    /// filters.
    pub fn runs_with_id(&self, name: &str, value: &[u8]) -> Result<Vec<Range<u32>>> {
        self.runs_by_filter(&*self.rows_footer()?, name, value)
    }

    /// `value` is in the plain encoding of its column.
    fn runs_by_filter(&self, footer: &RowsFooter, column: &str, value: &[u8]) -> Result<Vec<Range<u32>>> {
        let file = self.open_checked(ROWS_SUFFIX)?;
        let found = footer.filters.runs(file.as_ref(), column, filters::hash(value), self.entry.rows);
        let found = found.map_err(|error| self.blame(Error::from(ParquetError::from(error))))?;
        Ok(found.unwrap_or_else(|| self.all_rows()))
    }
}

/// What is looked for in a column.
enum Needle<'v> {
    Text(&'v str),
    /// Of integers; a double, since the value may be written as one.
    Number(f64),
    Id(&'v [u8]),
}

impl Needle<'_> {
    fn places(&self, array: &ArrayRef, name: &str) -> Result<Vec<usize>> {
        let rows = 0..array.len();
        Ok(match *self {
            Needle::Text(text) => {
                let texts: &StringArray = downcast(array, name)?;
                rows.filter(|row| texts.value(*row) == text && texts.is_valid(*row)).collect()
            }
            Needle::Number(number) => {
                let numbers: &Int64Array = downcast(array, name)?;
                rows.filter(|row| numbers.value(*row) as f64 == number && numbers.is_valid(*row)).collect()
            }
            Needle::Id(id) => {
                let ids: &FixedSizeBinaryArray = downcast(array, name)?;
                rows.filter(|row| ids.value(*row) == id && ids.is_valid(*row)).collect()
            }
        })
    }
}

/// The rows of the row groups that are wanted.
fn runs(footer: &RowsFooter, wanted: impl Fn(usize) -> bool) -> Vec<Range<u32>> {
    let (mut runs, mut first): (Vec<Range<u32>>, u32) = (Vec::new(), 0);
    for (number, group) in footer.arrow.metadata().row_groups().iter().enumerate() {
        let rows = first..first + group.num_rows() as u32;
        first = rows.end;
        if wanted(number) {
            match runs.last_mut().filter(|last| last.end == rows.start) {
                Some(last) => last.end = rows.end,
                None => runs.push(rows),
            }
        }
    }
    runs
}

/// The Parquet column of a top-level column that is not nested.
pub fn leaf_of(footer: &RowsFooter, place: usize) -> Option<usize> {
    let schema = footer.arrow.parquet_schema();
    (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == place)
}

/// The only integer that rounds to a double, if there is one.
fn exactly(number: f64) -> Option<i64> {
    const EXACT: f64 = (1u64 << 53) as f64;
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
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
