//! Where the rows of a time range lie. Rows are sorted by time, of spans roughly: all rows of a range
//! are in one run of the file.

use super::prune::leaf_of;
use super::read::RowsFooter;
use super::sort;
use super::{ROWS_SUFFIX, Segment};
use crate::error::{Error, Result};
use crate::rows::Rows;
use ocelli_signal::Signal;
use parquet::file::statistics::Statistics;
use std::ops::Range;

impl Segment {
    /// The rows outside of which no span (by start) or log record lies between two times, both
    /// included. Found by the bounds of row groups, and in those on the edge by their times.
    pub fn rows_between(&self, from_ns: i64, to_ns: i64) -> Result<Range<u32>> {
        let all = 0..self.entry.rows as u32;
        if from_ns <= self.entry.min_time && self.entry.max_time <= to_ns {
            return Ok(all);
        }
        let footer = self.rows_footer()?;
        let youngest = sort::coarse_time(self.signal(), to_ns);
        let oldest = sort::coarse_time(self.signal(), from_ns);
        let begin = self.first_row(&footer, |time| time <= youngest)?;
        let end = self.first_row(&footer, |time| time < oldest)?;
        Ok(begin..end.max(begin))
    }

    /// The latest time that a row may have which lies behind one of this time.
    pub fn latest_behind(&self, time_ns: i64) -> i64 {
        match self.signal() {
            Signal::Spans => {
                let bucket = sort::coarse_time(Signal::Spans, time_ns);
                bucket.saturating_mul(sort::BUCKET_NS).saturating_add(sort::BUCKET_NS - 1)
            }
            Signal::Logs | Signal::Points => time_ns,
        }
    }

    /// The first row for which this is true; it is true for all later ones.
    fn first_row(&self, footer: &RowsFooter, is_after: impl Fn(i64) -> bool) -> Result<u32> {
        let (signal, mut first) = (self.signal(), 0u32);
        let place = footer.layout.file.index_of(sort::time_column(signal))?;
        let leaf = leaf_of(footer, place);
        for group in footer.arrow.metadata().row_groups() {
            let rows = group.num_rows() as u32;
            let bounds = leaf.and_then(|leaf| bounds(group.column(leaf).statistics()?));
            let coarse =
                bounds.map(|(min, max)| (sort::coarse_time(signal, min), sort::coarse_time(signal, max)));
            match coarse {
                // The last row of the group has its earliest time.
                Some((min, _)) if !is_after(min) => {}
                Some((_, max)) if is_after(max) => return Ok(first),
                _ => {
                    let within = self.first_in_group(footer, place, first..first + rows, &is_after)?;
                    if within < rows {
                        return Ok(first + within);
                    }
                }
            }
            first += rows;
        }
        Ok(first)
    }

    fn first_in_group(
        &self,
        footer: &RowsFooter,
        place: usize,
        rows: Range<u32>,
        is_after: &impl Fn(i64) -> bool,
    ) -> Result<u32> {
        let (signal, mut before, mut found) = (self.signal(), 0, None);
        let count = rows.len() as u32;
        self.read_rows(footer, &[place], Some(&Rows::from_sorted(rows.collect())), |batch| {
            let times = sort::times(signal, &batch)?.values();
            let at = times.partition_point(|time| !is_after(sort::coarse_time(signal, *time)));
            if found.is_none() && at < times.len() {
                found = Some(before + at as u32);
            }
            before += times.len() as u32;
            Ok(())
        })?;
        if before != count {
            let detail = format!("{before} rows were read of {count}");
            return Err(Error::corrupt(&self.entry.path(ROWS_SUFFIX), detail));
        }
        Ok(found.unwrap_or(count))
    }
}

fn bounds(statistics: &Statistics) -> Option<(i64, i64)> {
    match statistics {
        Statistics::Int64(bounds) => Some((*bounds.min_opt()?, *bounds.max_opt()?)),
        _ => None,
    }
}
