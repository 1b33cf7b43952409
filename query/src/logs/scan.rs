//! Walks the rows of a time range through a filter, newest first where the order matters.
//!
//! Sources (memtable parts and segments) come newest first and may overlap. What is kept decides how
//! far the walk goes: rows older than its floor are never read, so a search for the newest hundred
//! ends after a few thousand rows of a large store.

mod cores;
mod reader;
pub mod runs;

pub use cores::Mergeable;

use super::filter::Filter;
use super::filter::mask::Mask;
use crate::Error;
use crate::http::run::Budget;
use arrow::array::{RecordBatch, TimestampNanosecondArray};
use ocelli_api::TimeRange;
use ocelli_signal::Signal;
use ocelli_storage::Source;
use reader::Reader;
use std::ops::Range;
use std::time::Duration;

/// A source with fewer rows to look at is read at once, times included.
const AT_ONCE_ROWS: usize = 1 << 13;
/// Where all rows are wanted, so many are read at once: about a row group.
const PIECE_ROWS: usize = if cfg!(test) { 300 } else { 1 << 17 };
/// What to look for.
pub struct Scan<'a> {
    pub filter: &'a Filter,
    pub signal: Signal,
    /// Of the records' times, of spans the starts.
    pub range: TimeRange,
    /// Columns that the collector reads, besides those of the filter and the time.
    pub columns: &'a [&'static str],
    /// Attributes of rows that the collector reads, if `attributes` is among the columns.
    pub attributes: &'a [String],
    /// False where every row is wanted anyway, so that the order does not matter.
    pub newest_first: bool,
}

/// Rows of one source.
pub struct Chunk<'a> {
    /// Index into the sources.
    pub source: usize,
    pub batch: &'a RecordBatch,
    /// The row numbers, in the source, of the batch's rows.
    pub rows: &'a [u32],
    pub times: &'a TimestampNanosecondArray,
    /// Rows of the batch in the range.
    pub in_range: &'a Mask,
    /// Those of them that pass the filter.
    pub passed: &'a Mask,
}

/// Keeps what a search is for.
pub trait Collector {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error>;

    /// Whether rows of the range that do not pass matter too.
    fn looks_at_all_rows(&self) -> bool {
        false
    }

    /// Whether attributes are read by [`super::filter::attribute::Own`] alone, as filters do; then they may come as columns.
    fn reads_values(&self) -> bool {
        false
    }

    /// Rows with an earlier time can't change the outcome any more.
    fn floor(&self) -> i64 {
        i64::MIN
    }

    /// Rows with a later time can't, in a walk from the oldest on.
    fn ceiling(&self) -> i64 {
        i64::MAX
    }
}

impl Scan<'_> {
    /// Gives why the walk ended early, if it did: then the collector has a part of the rows.
    pub fn run(
        &self,
        sources: &[Source],
        budget: &Budget,
        collector: &mut dyn Collector,
    ) -> Result<Option<String>, Error> {
        for (at, source) in sources.iter().enumerate() {
            if source.max_time() < collector.floor() {
                break;
            }
            match self.source(at, source, budget, collector) {
                Err(Error::Timeout(after)) => return Ok(Some(stopped(after, budget, sources))),
                outcome => outcome?,
            }
        }
        Ok(None)
    }

    /// The same from the oldest rows on, whatever `newest_first` says; for logs.
    pub fn run_oldest_first(
        &self,
        sources: &[Source],
        budget: &Budget,
        collector: &mut dyn Collector,
    ) -> Result<Option<String>, Error> {
        let mut order: Vec<usize> = (0..sources.len()).collect();
        order.sort_by_key(|at| sources[*at].min_time());
        for at in order {
            let source = &sources[at];
            if source.min_time() > collector.ceiling() {
                break;
            }
            match self.source_back(at, source, budget, collector) {
                Err(Error::Timeout(after)) => return Ok(Some(stopped(after, budget, sources))),
                outcome => outcome?,
            }
        }
        Ok(None)
    }

    fn source_back(
        &self,
        at: usize,
        source: &Source,
        budget: &Budget,
        collector: &mut dyn Collector,
    ) -> Result<(), Error> {
        budget.check()?;
        let found = if collector.looks_at_all_rows() { None } else { self.filter.runs(source)? };
        let runs = found.unwrap_or_else(|| std::iter::once(0..source.rows() as u32).collect());
        let mut reader = Reader::new(self, at, source, budget, collector);
        match source {
            _ if runs.is_empty() => Ok(()),
            Source::Segment(_) => reader.read_sorted_back(&runs),
            Source::Memory(_) => reader.read_oldest_first(&runs),
        }
    }

    fn source(
        &self,
        at: usize,
        source: &Source,
        budget: &Budget,
        collector: &mut dyn Collector,
    ) -> Result<(), Error> {
        budget.check()?;
        let runs = self.runs(source, collector.looks_at_all_rows())?;
        let rows: usize = runs.iter().map(ExactSizeIterator::len).sum();
        let mut reader = Reader::new(self, at, source, budget, collector);
        if rows == 0 {
            Ok(())
        } else if self.newest_first && matches!(source, Source::Segment(_)) {
            reader.read_sorted(&runs)
        } else if rows <= AT_ONCE_ROWS || !self.newest_first {
            let mut candidates = reader.candidates()?;
            pieces(&runs).try_for_each(|piece| reader.read_piece(piece, &mut candidates))
        } else {
            reader.read_newest_first(&runs)
        }
    }

    /// Runs of rows, ascending, outside of which none counts, as far as footers and bloom filters tell.
    fn runs(&self, source: &Source, all: bool) -> Result<Vec<Range<u32>>, Error> {
        let whole = || std::iter::once(0..source.rows() as u32).collect();
        let narrowed = if all { None } else { self.filter.runs(source)? };
        let mut found = narrowed.unwrap_or_else(whole);
        // The walk through sorted rows finds the begin of the range by itself, and ends at its end.
        let walked = self.newest_first && self.is_sorted(source);
        if !walked
            && !found.is_empty()
            && let Some(run) = source.rows_between(self.range.from.0, self.range.to.0.saturating_sub(1))?
        {
            found = runs::both(&found, &[run]);
        }
        Ok(found)
    }

    /// Segments of logs are sorted by time, youngest first; those of spans only roughly.
    fn is_sorted(&self, source: &Source) -> bool {
        self.signal == Signal::Logs && matches!(source, Source::Segment(_))
    }

    /// The column that the range is about.
    fn time(&self) -> &'static str {
        if self.signal == Signal::Logs { "time" } else { "start_time" }
    }

    fn columns(&self) -> Vec<&'static str> {
        let mut columns = self.filter.columns();
        columns.insert(self.time());
        columns.extend(self.columns);
        columns.into_iter().collect()
    }

    /// Of the attributes of a row, those that are looked at.
    fn attributes(&self) -> Vec<&str> {
        let mut attributes = self.filter.attributes();
        attributes.extend(self.attributes.iter().map(String::as_str));
        attributes.into_iter().collect()
    }
}

/// Runs cut so that one read does not take much memory.
fn pieces(runs: &[Range<u32>]) -> impl Iterator<Item = Range<u32>> + '_ {
    runs.iter().flat_map(|run| {
        let starts = run.clone().step_by(PIECE_ROWS);
        starts.map(|start| start..run.end.min(start.saturating_add(PIECE_ROWS as u32)))
    })
}

/// Why an answer is not whole.
fn stopped(after: Duration, budget: &Budget, sources: &[Source]) -> String {
    let (read, after) = (budget.stats().rows_scanned, after.as_secs_f64());
    let total: u64 = sources.iter().map(Source::rows).sum();
    format!(
        "the query was stopped after {after} s, having read {read} of {total} rows; narrow the range or the query"
    )
}
