//! Walks the rows of a time range through a filter, newest first where the order matters.
//!
//! Sources (memtable parts and segments) come newest first and may overlap. What is kept decides how
//! far the walk goes: rows older than its floor are never read, so a search for the newest hundred
//! ends after a few thousand rows of a large store.

use super::filter::mask::Mask;
use super::filter::{Filter, column};
use crate::Error;
use crate::http::run::Budget;
use arrow::array::{RecordBatch, TimestampNanosecondArray};
use ocelli_api::TimeRange;
use ocelli_signal::Signal;
use ocelli_storage::{Rows, Source};

/// Rows of the first piece of a source; the next ones grow, because a filter that lets few rows
/// pass should not pay for many small reads.
const FIRST_ROWS: usize = 1 << 10;
const MOST_ROWS: usize = 1 << 15;
/// A source with fewer rows to look at is read at once, times included.
const AT_ONCE_ROWS: usize = 1 << 13;
/// Where all rows are wanted, so many are read at once: about a row group.
const PIECE_ROWS: usize = 1 << 17;
/// The begin of a range is looked for in a sorted source down to this many rows, about one page.
const NEAR_ROWS: u32 = 1 << 14;

/// What to look for.
pub struct Scan<'a> {
    pub filter: &'a Filter,
    pub signal: Signal,
    /// Of the records' times, of spans the starts.
    pub range: TimeRange,
    /// Columns that the collector reads, besides those of the filter and the time.
    pub columns: &'a [&'static str],
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

    /// Rows with an earlier time can't change the outcome any more.
    fn floor(&self) -> i64 {
        i64::MIN
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
        let total: u64 = sources.iter().map(Source::rows).sum();
        for (at, source) in sources.iter().enumerate() {
            if source.max_time() < collector.floor() {
                break;
            }
            match self.source(at, source, budget, collector) {
                Err(Error::Timeout(after)) => {
                    let read = budget.stats().rows_scanned;
                    return Ok(Some(format!(
                        "the query was stopped after {} s, having read {read} of {total} rows; narrow the range or the query",
                        after.as_secs_f64(),
                    )));
                }
                outcome => outcome?,
            }
        }
        Ok(None)
    }

    fn source(
        &self,
        at: usize,
        source: &Source,
        budget: &Budget,
        collector: &mut dyn Collector,
    ) -> Result<(), Error> {
        budget.check()?;
        if !collector.looks_at_all_rows() && !self.filter.may_pass(source)? {
            return Ok(());
        }
        let candidates = match self.filter.candidates() {
            Some(query) => source.candidates(&query)?,
            None => None,
        };
        // Decoding single rows costs more than decoding pages: many candidates are no help.
        let all = source.rows() as usize;
        let mut candidates = candidates.filter(|rows| rows.len() * 2 < all);
        // The walk through sorted rows finds the begin of the range by itself, and ends at its end.
        if !(self.newest_first && self.is_sorted(source))
            && let Some(run) = source.rows_between(self.range.from.0, self.range.to.0.saturating_sub(1))?
        {
            candidates = Some(match candidates {
                Some(rows) => rows.within(run),
                None => Rows::from_sorted(run.collect()),
            });
        }
        let rows = candidates.as_ref().map_or(all, Rows::len);
        let mut reader = Reader { scan: self, at, source, budget, collector, oldest: i64::MAX };
        if rows == 0 {
            Ok(())
        } else if self.newest_first && self.is_sorted(source) {
            reader.read_sorted(candidates.as_ref())
        } else if rows <= AT_ONCE_ROWS || !self.newest_first {
            reader.read_all(candidates.as_ref())
        } else {
            reader.read_newest_first(candidates.as_ref())
        }
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
}

struct Reader<'a, 'c> {
    scan: &'a Scan<'a>,
    at: usize,
    source: &'a Source,
    budget: &'a Budget,
    collector: &'c mut dyn Collector,
    /// The time of the row that was read last.
    oldest: i64,
}

impl Reader<'_, '_> {
    /// Reads rows in the order of the source, so many at once that a large one does not take much memory.
    fn read_all(&mut self, rows: Option<&Rows>) -> Result<(), Error> {
        let count = rows.map_or(self.source.rows() as usize, Rows::len);
        if count <= PIECE_ROWS {
            return self.read(rows);
        }
        for from in (0..count).step_by(PIECE_ROWS) {
            let piece = from..count.min(from + PIECE_ROWS);
            let rows = match rows {
                Some(rows) => rows.as_slice()[piece].to_vec(),
                None => (piece.start as u32..piece.end as u32).collect(),
            };
            self.read(Some(&Rows::from_sorted(rows)))?;
        }
        Ok(())
    }

    /// Reads rows in the order of the source.
    fn read(&mut self, rows: Option<&Rows>) -> Result<(), Error> {
        let attributes: Vec<&str> = self.scan.filter.attributes().into_iter().collect();
        let batches = self.source.read_keys(Some(&self.scan.columns()), &attributes, rows)?;
        let _held = self.budget.hold(&batches)?;
        let numbers: Vec<u32> = match rows {
            Some(rows) => rows.iter().collect(),
            None => (0..self.source.rows() as u32).collect(),
        };
        let mut from = 0;
        for batch in &batches {
            self.budget.check()?;
            self.budget.scanned(batch.num_rows() as u64, batch.get_array_memory_size() as u64);
            let numbers = &numbers[from..from + batch.num_rows()];
            from += batch.num_rows();
            self.take(batch, numbers)?;
        }
        Ok(())
    }

    fn take(&mut self, batch: &RecordBatch, rows: &[u32]) -> Result<(), Error> {
        let range = self.scan.range;
        let times: &TimestampNanosecondArray = column(batch, self.scan.time())?;
        let inside = |row: usize| (range.from.0..range.to.0).contains(&times.value(row));
        let in_range = Mask::from_fn(batch.num_rows(), inside);
        let mut passed = in_range.clone();
        self.scan.filter.apply(batch, &mut passed)?;
        self.oldest = times.values().last().copied().unwrap_or(self.oldest);
        let (in_range, passed) = (&in_range, &passed);
        self.collector.take(&Chunk { source: self.at, batch, rows, times, in_range, passed })
    }

    /// Reads rows as they lie, piece by piece, until one ends before the range or the floor.
    fn read_sorted(&mut self, candidates: Option<&Rows>) -> Result<(), Error> {
        let first = self.first_row_near(self.scan.range.to.0)?;
        let rows: Vec<u32> = match candidates {
            Some(rows) => rows.iter().filter(|row| *row >= first).collect(),
            None => (first..self.source.rows() as u32).collect(),
        };
        let mut left = rows.as_slice();
        let mut size = FIRST_ROWS;
        while !left.is_empty() {
            let (piece, rest) = left.split_at(size.min(left.len()));
            self.read(Some(&Rows::from_sorted(piece.to_vec())))?;
            if self.oldest < self.scan.range.from.0.max(self.collector.floor()) {
                return Ok(());
            }
            left = rest;
            size = (size * 4).min(MOST_ROWS);
        }
        Ok(())
    }

    /// A row of a sorted source before which all are at or after `to`, and not long before the
    /// first that is not.
    fn first_row_near(&self, to: i64) -> Result<u32, Error> {
        let (mut first, mut end) = (0, self.source.rows() as u32);
        if self.source.max_time() < to {
            return Ok(0);
        }
        while end - first > NEAR_ROWS {
            let middle = first + (end - first) / 2;
            let rows = Rows::from_sorted(vec![middle]);
            let batches = self.source.read(Some(&[self.scan.time()]), Some(&rows))?;
            let time = match batches.iter().find(|batch| batch.num_rows() > 0) {
                Some(batch) => column::<TimestampNanosecondArray>(batch, self.scan.time())?.value(0),
                None => return Ok(first),
            };
            if time >= to { first = middle + 1 } else { end = middle }
        }
        Ok(first)
    }

    /// Reads the times first, then the other columns piece by piece, until the floor is reached.
    fn read_newest_first(&mut self, candidates: Option<&Rows>) -> Result<(), Error> {
        let times = self.times(candidates)?;
        let mut left = times.as_slice();
        let mut size = FIRST_ROWS;
        while let Some((newest, _)) = left.first() {
            if *newest < self.collector.floor() {
                return Ok(());
            }
            let (piece, rest) = left.split_at(size.min(left.len()));
            let mut rows: Vec<u32> = piece.iter().map(|(_, row)| *row).collect();
            rows.sort_unstable();
            self.read(Some(&Rows::from_sorted(rows)))?;
            left = rest;
            size = (size * 4).min(MOST_ROWS);
        }
        Ok(())
    }

    /// Times and numbers of the rows in the range, newest first.
    fn times(&mut self, candidates: Option<&Rows>) -> Result<Vec<(i64, u32)>, Error> {
        let batches = self.source.read(Some(&[self.scan.time()]), candidates)?;
        let mut numbers: Box<dyn Iterator<Item = u32>> = match candidates {
            Some(rows) => Box::new(rows.iter()),
            None => Box::new(0..self.source.rows() as u32),
        };
        let (from, to) = (self.scan.range.from.0, self.scan.range.to.0);
        let mut times = Vec::new();
        for batch in &batches {
            self.budget.scanned(0, batch.get_array_memory_size() as u64);
            let column: &TimestampNanosecondArray = column(batch, self.scan.time())?;
            let rows = column.values().iter().zip(numbers.by_ref());
            times.extend(rows.filter(|(time, _)| (from..to).contains(*time)).map(|(time, row)| (*time, row)));
        }
        let newest_first = |a: &(i64, u32), b: &(i64, u32)| a.0 >= b.0;
        if !times.is_sorted_by(newest_first) {
            times.sort_unstable_by(|a, b| b.cmp(a));
        }
        Ok(times)
    }
}
