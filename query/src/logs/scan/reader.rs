//! Reads the rows of one source that may count.

use super::{Chunk, Collector, Scan};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::column;
use crate::logs::filter::mask::Mask;
use arrow::array::{RecordBatch, TimestampNanosecondArray};
use ocelli_storage::{Candidates, Rows, Source};
use std::ops::Range;

/// Rows of the first piece of a source; the next ones grow, because a filter that lets few rows
/// pass should not pay for many small reads.
const FIRST_ROWS: usize = if cfg!(test) { 1 << 5 } else { 1 << 10 };
const MOST_ROWS: usize = 1 << 15;
/// The begin of a range is looked for in a sorted source down to this many rows, about one page.
const NEAR_ROWS: u32 = 1 << 14;
/// No read should take more, unless so few rows do.
const MOST_BYTES: usize = 32 << 20;
const LEAST_ROWS: usize = if cfg!(test) { 8 } else { 256 };
/// Single rows are read where the index finds less than one in so many: of a page that is decoded
/// anyway, skipping costs more than reading.
const SPARSE: usize = 8;
/// In so many rows it pays to look for a rare value in its column before others are read.
const APART_ROWS: usize = if cfg!(test) { 16 } else { 1 << 10 };

pub(super) struct Reader<'a, 'c> {
    pub scan: &'a Scan<'a>,
    /// Index into the sources.
    pub at: usize,
    pub source: &'a Source,
    pub budget: &'a Budget,
    pub collector: &'c mut dyn Collector,
    /// The oldest and the newest time of what was read last, if that is sorted.
    pub seen: Option<(i64, i64)>,
    /// How many rows may be read at once, as far as that is known.
    most_rows: Option<usize>,
}

impl<'a, 'c> Reader<'a, 'c> {
    pub fn new(
        scan: &'a Scan<'a>,
        at: usize,
        source: &'a Source,
        budget: &'a Budget,
        collector: &'c mut dyn Collector,
    ) -> Reader<'a, 'c> {
        Reader { scan, at, source, budget, collector, seen: None, most_rows: None }
    }

    /// What the index of bodies finds, unless other rows matter too.
    pub fn candidates(&self) -> Result<Option<Candidates>, Error> {
        let query = self.scan.filter.candidates().filter(|_| !self.collector.looks_at_all_rows());
        Ok(query.map(|query| self.source.candidates(&query)).transpose()?.flatten())
    }

    /// Looks at a run of rows: at those that the index, or a column alone, finds, if these are few.
    pub fn read_piece(
        &mut self,
        piece: Range<u32>,
        candidates: &mut Option<Candidates>,
    ) -> Result<(), Error> {
        let among = match candidates {
            Some(candidates) => Some(candidates.within(piece.clone())),
            None => self.named(&piece)?,
        };
        match among {
            Some(found) if found.is_empty() => Ok(()),
            Some(found) if found.len() * SPARSE <= piece.len() => self.read(Some(&found), None),
            // Decoding single rows costs more than decoding pages, but testing them does not.
            among if piece.len() as u64 == self.source.rows() => self.read(None, among.as_ref()),
            among => self.read(Some(&Rows::from_sorted(piece.collect())), among.as_ref()),
        }
    }

    /// The rows of a run that have a value which the filter names, where that is quickly found out.
    fn named(&self, piece: &Range<u32>) -> Result<Option<Rows>, Error> {
        if piece.len() < APART_ROWS || self.collector.looks_at_all_rows() || !self.scan.filter.names_a_value()
        {
            return Ok(None);
        }
        let found = self.scan.filter.rows(self.source, piece.clone())?;
        if let Some(found) = &found {
            self.budget.scanned((piece.len() - found.len()) as u64, 0);
        }
        Ok(found)
    }

    /// Reads rows in the order of the source, in parts where they are large. If the index tells among which of
    /// them those are that pass, only these are tested.
    fn read(&mut self, rows: Option<&Rows>, among: Option<&Rows>) -> Result<(), Error> {
        let (count, most) = (rows.map_or(self.source.rows() as usize, Rows::len), self.most_rows()?);
        if count <= most {
            return self.read_part(rows, among);
        }
        let all = || 0..self.source.rows() as u32;
        let numbers: Vec<u32> = rows.map_or_else(|| all().collect(), |rows| rows.iter().collect());
        numbers.chunks(most).try_for_each(|part| {
            self.budget.check()?;
            self.read_part(Some(&Rows::from_sorted(part.to_vec())), among)
        })
    }

    /// How many rows may be read at once.
    fn most_rows(&mut self) -> Result<usize, Error> {
        if let Some(most) = self.most_rows {
            return Ok(most);
        }
        let (columns, attributes) = (self.scan.columns(), self.scan.attributes());
        let keys = (!self.scan.filter.all_attributes()).then_some(attributes.as_slice());
        let bytes = self.source.row_bytes(Some(&columns), keys)?;
        Ok(*self.most_rows.insert((MOST_BYTES / bytes.max(1)).max(LEAST_ROWS)))
    }

    fn read_part(&mut self, rows: Option<&Rows>, among: Option<&Rows>) -> Result<(), Error> {
        let (columns, attributes) = (self.scan.columns(), self.scan.attributes());
        let batches = if self.scan.filter.all_attributes() {
            self.source.read(Some(&columns), rows)?
        } else if self.collector.reads_values() {
            self.source.read_values(Some(&columns), &attributes, rows)?
        } else {
            self.source.read_keys(Some(&columns), &attributes, rows)?
        };
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
            self.take(batch, numbers, among)?;
        }
        Ok(())
    }

    fn take(&mut self, batch: &RecordBatch, rows: &[u32], among: Option<&Rows>) -> Result<(), Error> {
        let range = self.scan.range;
        let times: &TimestampNanosecondArray = column(batch, self.scan.time())?;
        let inside = |row: usize| (range.from.0..range.to.0).contains(&times.value(row));
        let in_range = Mask::from_fn(batch.num_rows(), inside);
        let mut passed = in_range.clone();
        if let (Some(among), [first, .., last]) = (among, rows) {
            let among = among.within(*first..*last + 1);
            let mut left = among.as_slice();
            passed.retain(|row| {
                let before = left.iter().take_while(|other| **other < rows[row]).count();
                left = &left[before..];
                left.first() == Some(&rows[row])
            });
        }
        self.scan.filter.apply(batch, &mut passed)?;
        if let [first, .., last] | [first @ last] = &times.values()[..] {
            self.seen = Some((*last, self.seen.map_or(*first, |(_, newest)| newest)));
        }
        let (in_range, passed) = (&in_range, &passed);
        self.collector.take(&Chunk { source: self.at, batch, rows, times, in_range, passed })
    }

    /// Reads rows as they lie, piece by piece, until one ends before the range or the floor.
    pub fn read_sorted(&mut self, runs: &[Range<u32>]) -> Result<(), Error> {
        let sorted = self.scan.is_sorted(self.source);
        let first = if sorted { self.first_row_near(self.scan.range.to.0)? } else { 0 };
        let mut candidates = self.candidates()?;
        let share = share(candidates.as_ref());
        let mut size = FIRST_ROWS;
        for run in runs {
            let mut at = run.start.max(first);
            while at < run.end {
                self.budget.check()?;
                let length = (size as f64 / share).min(f64::from(run.end - at)) as u32;
                let end = (at + length.max(1)).min(run.end);
                self.read_piece(at..end, &mut candidates)?;
                let floor = self.scan.range.from.0.max(self.collector.floor());
                if self.seen.is_some_and(|(oldest, _)| self.source.latest_behind(oldest) < floor) {
                    return Ok(());
                }
                at = end;
                size = (size * 4).min(MOST_ROWS);
            }
        }
        Ok(())
    }

    /// The other way round: from the last rows on, until a piece begins behind the range or the ceiling.
    pub fn read_sorted_back(&mut self, runs: &[Range<u32>]) -> Result<(), Error> {
        let end = self.around(self.scan.range.from.0)?.end;
        let share = share(self.candidates()?.as_ref());
        let mut size = FIRST_ROWS;
        for run in runs.iter().rev() {
            let mut to = run.end.min(end);
            while to > run.start {
                self.budget.check()?;
                let length = (size as f64 / share).min(f64::from(to - run.start)) as u32;
                let from = to.saturating_sub(length.max(1)).max(run.start);
                self.seen = None;
                // The index is asked in ascending order only.
                let mut candidates = self.candidates()?;
                self.read_piece(from..to, &mut candidates)?;
                let last = (self.scan.range.to.0 - 1).min(self.collector.ceiling());
                if self.seen.is_some_and(|(_, newest)| newest > last) {
                    return Ok(());
                }
                to = from;
                size = (size * 4).min(MOST_ROWS);
            }
        }
        Ok(())
    }

    /// A row of a sorted source before which all are at or after `to`, and not long before the
    /// first that is not.
    fn first_row_near(&self, to: i64) -> Result<u32, Error> {
        if self.source.max_time() < to { Ok(0) } else { Ok(self.around(to)?.start) }
    }

    /// Rows of a sorted source before which all are at or after a time, and behind which none is.
    fn around(&self, time: i64) -> Result<Range<u32>, Error> {
        let (mut first, mut end) = (0, self.source.rows() as u32);
        if self.source.min_time() >= time {
            return Ok(end..end);
        }
        while end - first > NEAR_ROWS {
            let middle = first + (end - first) / 2;
            let rows = Rows::from_sorted(vec![middle]);
            let batches = self.source.read(Some(&[self.scan.time()]), Some(&rows))?;
            let found = match batches.iter().find(|batch| batch.num_rows() > 0) {
                Some(batch) => column::<TimestampNanosecondArray>(batch, self.scan.time())?.value(0),
                None => break,
            };
            if found >= time { first = middle + 1 } else { end = middle }
        }
        Ok(first..end)
    }

    /// Reads the times first, then the other columns piece by piece, until the floor is reached.
    pub fn read_newest_first(&mut self, runs: &[Range<u32>]) -> Result<(), Error> {
        let whole = matches!(runs, [run] if run.len() as u64 == self.source.rows());
        let rows = (!whole).then(|| Rows::from_sorted(runs.iter().cloned().flatten().collect()));
        let times = self.times(rows.as_ref())?;
        let mut left = times.as_slice();
        let mut size = FIRST_ROWS;
        while let Some((newest, _)) = left.first() {
            if *newest < self.collector.floor() {
                return Ok(());
            }
            let (piece, rest) = left.split_at(size.min(left.len()));
            let mut rows: Vec<u32> = piece.iter().map(|(_, row)| *row).collect();
            rows.sort_unstable();
            self.read(Some(&Rows::from_sorted(rows)), None)?;
            left = rest;
            size = (size * 4).min(MOST_ROWS);
        }
        Ok(())
    }

    /// The other way round.
    pub fn read_oldest_first(&mut self, runs: &[Range<u32>]) -> Result<(), Error> {
        let rows: Rows = runs.iter().cloned().flatten().collect();
        let mut times = self.times(Some(&rows))?;
        times.reverse();
        let mut size = FIRST_ROWS;
        let mut left = times.as_slice();
        while let Some((oldest, _)) = left.first() {
            if *oldest > self.collector.ceiling() {
                return Ok(());
            }
            let (piece, rest) = left.split_at(size.min(left.len()));
            let rows: Rows = piece.iter().map(|(_, row)| *row).collect();
            self.read(Some(&rows), None)?;
            left = rest;
            size = (size * 4).min(MOST_ROWS);
        }
        Ok(())
    }

    /// Times and numbers of the rows in the range, newest first.
    fn times(&mut self, among: Option<&Rows>) -> Result<Vec<(i64, u32)>, Error> {
        let batches = self.source.read(Some(&[self.scan.time()]), among)?;
        let mut numbers: Box<dyn Iterator<Item = u32>> = match among {
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

/// Pieces are so long that about so many of their rows are read. How many it are exactly is known once
/// the index was asked: where words that are frequent rarely come together, there may be none.
fn share(candidates: Option<&Candidates>) -> f64 {
    let share = candidates.map_or(1.0, Candidates::share);
    if share * SPARSE as f64 > 1.0 { 1.0 } else { share }
}
