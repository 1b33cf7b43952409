//! A piece of a snapshot that can be read by itself.

use crate::error::Result;
use crate::log_index::{Candidates, TextQuery};
use crate::memtable::Part;
use crate::rows::Rows;
use crate::segment::{Segment, Wanted};
use arrow::array::RecordBatch;
use ocelli_signal::Signal;
use std::ops::Range;
use std::sync::Arc;

/// Rows of spans or logs. Row numbers are in the order in which `read` gives them without a
/// selection: segments of logs are sorted by time, youngest first; rows in memory as they arrived.
#[derive(Clone, Debug)]
pub enum Source {
    Memory(Arc<Part>),
    Segment(Arc<Segment>),
}

impl Source {
    /// The earliest time (of spans: start), in nanoseconds.
    pub fn min_time(&self) -> i64 {
        match self {
            Source::Memory(part) => part.min_time,
            Source::Segment(segment) => segment.entry.min_time,
        }
    }

    /// The latest time (of spans: start), in nanoseconds.
    pub fn max_time(&self) -> i64 {
        match self {
            Source::Memory(part) => part.max_time,
            Source::Segment(segment) => segment.entry.max_time,
        }
    }

    pub fn rows(&self) -> u64 {
        match self {
            Source::Memory(part) => part.rows.num_rows() as u64,
            Source::Segment(segment) => segment.entry.rows,
        }
    }

    /// Rows whose body may match, a superset of those that do, to be asked for run by run; `None`
    /// when all must be read because there is no (whole) index.
    pub fn candidates(&self, query: &TextQuery) -> Result<Option<Candidates>> {
        match self {
            Source::Memory(_) => Ok(None),
            Source::Segment(segment) => segment.candidates(query),
        }
    }

    /// The rows outside of which none lies between two times, both included, in nanoseconds; `None`
    /// for any row, as in memory.
    pub fn rows_between(&self, from_ns: i64, to_ns: i64) -> Result<Option<Range<u32>>> {
        match self {
            Source::Memory(_) => Ok(None),
            Source::Segment(segment) => {
                let rows = segment.rows_between(from_ns, to_ns)?;
                Ok(((rows.len() as u64) < segment.entry.rows).then_some(rows))
            }
        }
    }

    /// No row behind one of this time is later than what comes back: rows of logs are sorted by time,
    /// youngest first, those of spans roughly. Rows in memory are in no order.
    pub fn latest_behind(&self, time_ns: i64) -> i64 {
        match self {
            Source::Memory(_) => i64::MAX,
            Source::Segment(segment) => segment.latest_behind(time_ns),
        }
    }

    /// Some columns (all for `None`) of some rows (all for `None`), in the signal's schema, in the
    /// order of the source.
    pub fn read(&self, columns: Option<&[&str]>, rows: Option<&Rows>) -> Result<Vec<RecordBatch>> {
        match self {
            Source::Memory(part) => Ok(vec![part.read(columns, rows)?]),
            Source::Segment(segment) => segment.read(columns, rows),
        }
    }

    /// The same, where of `attributes` only the first value of each of some keys matters: others may
    /// be left out.
    pub fn read_keys(
        &self,
        columns: Option<&[&str]>,
        keys: &[&str],
        rows: Option<&Rows>,
    ) -> Result<Vec<RecordBatch>> {
        self.read_wanted(&Wanted { columns, keys: Some(keys), as_values: false }, rows)
    }

    /// The same, where values of attributes that have a column of their own may be given in a column of
    /// that name ([`value_column`]), which is quicker: `attributes` has none of the keys then.
    pub fn read_values(
        &self,
        columns: Option<&[&str]>,
        keys: &[&str],
        rows: Option<&Rows>,
    ) -> Result<Vec<RecordBatch>> {
        self.read_wanted(&Wanted { columns, keys: Some(keys), as_values: true }, rows)
    }

    fn read_wanted(&self, wanted: &Wanted<'_>, rows: Option<&Rows>) -> Result<Vec<RecordBatch>> {
        match self {
            Source::Memory(_) => self.read(wanted.columns, rows),
            Source::Segment(segment) => segment.read_wanted(wanted, rows),
        }
    }

    /// About what a row takes in memory once some columns (all for `None`) of it are read, of `attributes`
    /// the values of some keys (all for `None`).
    pub fn row_bytes(&self, columns: Option<&[&str]>, keys: Option<&[&str]>) -> Result<usize> {
        match self {
            // It is there already, and read as it lies.
            Source::Memory(part) => Ok(part.bytes / part.rows.num_rows().max(1)),
            Source::Segment(segment) => segment.row_bytes(&Wanted { columns, keys, as_values: false }),
        }
    }

    /// Runs of rows, ascending, outside of which no row has an attribute whose value is this text, or
    /// the number that it is the decimal of; with `or_resource` also none without the attribute has
    /// it of its resource.
    pub fn runs_with_attribute(&self, key: &str, value: &str, or_resource: bool) -> Result<Vec<Range<u32>>> {
        match self {
            Source::Memory(_) => Ok(self.all_rows()),
            Source::Segment(segment) => segment.runs_with_attribute(key, value, or_resource),
        }
    }

    /// Runs of rows, ascending, outside of which no row has this id in a column of ids.
    pub fn runs_with_id(&self, column: &str, id: &[u8]) -> Result<Vec<Range<u32>>> {
        match self {
            Source::Memory(_) => Ok(self.all_rows()),
            Source::Segment(segment) => match <&[u8; 16]>::try_from(id) {
                // Their files have a list of traces, which is more exact than a filter.
                Ok(id) if segment.signal() == Signal::Spans && column == "trace_id" => {
                    Ok(runs_of(&segment.rows_of(id)?))
                }
                _ => segment.runs_with_id(column, id),
            },
        }
    }

    /// Rows of a run outside of which none in it has this value, as told for [`Source::runs_with_attribute`],
    /// where its column alone tells; `None` for any row of the run.
    pub fn rows_with_attribute(
        &self,
        key: &str,
        value: &str,
        or_resource: bool,
        run: Range<u32>,
    ) -> Result<Option<Rows>> {
        match self {
            Source::Memory(_) => Ok(None),
            Source::Segment(segment) => segment.rows_with_attribute(key, value, or_resource, run),
        }
    }

    /// The same for an id in a column of ids.
    pub fn rows_with_id(&self, column: &str, id: &[u8], run: Range<u32>) -> Result<Option<Rows>> {
        match self {
            Source::Memory(_) => Ok(None),
            Source::Segment(segment) => segment.rows_with_id(column, id, run),
        }
    }

    fn all_rows(&self) -> Vec<Range<u32>> {
        std::iter::once(0..self.rows() as u32).collect()
    }
}

/// Rows, ascending, as runs.
fn runs_of(rows: &[u32]) -> Vec<Range<u32>> {
    let mut runs: Vec<Range<u32>> = Vec::new();
    for row in rows {
        match runs.last_mut().filter(|last| last.end == *row) {
            Some(last) => last.end = row + 1,
            None => runs.push(*row..row + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_run() {
        assert_eq!(runs_of(&[1, 2, 3, 7, 9, 10]), [1..4, 7..8, 9..11]);
        assert!(runs_of(&[]).is_empty());
    }
}
