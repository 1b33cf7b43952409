//! Rows in memory: immutable once made, so that whoever reads needs no lock.

use super::generation::{Generation, numbers};
use super::series_cache::{Numbered, SeriesCache};
use crate::error::Result;
use crate::limits;
use crate::rows::Rows;
use crate::segment::time_bounds;
use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use ocelli_signal::Signal;
use std::sync::Arc;

/// The range that has none.
const NO_NUMBERS: (u32, u32) = (u32::MAX, 0);

/// Some rows of one tenant and signal.
#[derive(Debug)]
pub struct Part {
    pub signal: Signal,
    /// In the signal's schema; of points with a number in place of their series.
    pub rows: RecordBatch,
    pub first_sequence: u64,
    pub last_sequence: u64,
    /// Emissions among the rows tell about spans up to this sequence.
    pub covers: u64,
    pub min_time: i64,
    pub max_time: i64,
    /// Arrow bytes, and those of series that came with the rows.
    pub bytes: usize,
    /// Of points, what the numbers refer to.
    pub series: Option<Arc<Generation>>,
    /// Of points, the lowest and the highest number: a sender repeats its series, so that they lie together.
    pub numbers: (u32, u32),
}

impl Part {
    pub fn new(
        signal: Signal,
        rows: RecordBatch,
        sequence: u64,
        covers: u64,
        cache: &SeriesCache,
    ) -> Result<Part> {
        let (min_time, max_time) = time_bounds(signal, &rows)?;
        let (mut rows, mut series, mut series_bytes) = (rows, None, 0);
        let mut range = NO_NUMBERS;
        if signal == Signal::Points {
            let Numbered { rows: numbered, generation, new_bytes } = cache.number(&rows)?;
            let wider = |range: (u32, u32), number: &u32| (range.0.min(*number), range.1.max(*number));
            range = numbers(&numbered)?.iter().fold(range, wider);
            (rows, series, series_bytes) = (numbered, Some(generation), new_bytes);
        }
        Ok(Part {
            signal,
            bytes: batch_bytes(&rows) + series_bytes,
            rows,
            first_sequence: sequence,
            last_sequence: sequence,
            covers,
            min_time,
            max_time,
            series,
            numbers: range,
        })
    }

    /// Whether joining the two pays: neighbours of like size join, so that each row is copied only
    /// a few times however many small parts come.
    pub fn joins(&self, next: &Part) -> bool {
        let (rows, more) = (self.rows.num_rows(), next.rows.num_rows());
        let same_numbers = match (&self.series, &next.series) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => true,
        };
        same_numbers && rows < 2 * more && rows + more <= limits::PART_ROWS
    }

    /// This part and the one that came after it, which it joins.
    pub fn join(&self, next: &Part) -> Result<Part> {
        let rows = concat_batches(self.rows.schema_ref(), [&self.rows, &next.rows])?;
        // What is not in the columns does not change by joining.
        let beside = |part: &Part| part.bytes.saturating_sub(batch_bytes(&part.rows));
        let (min_time, max_time) = match (self.rows.num_rows(), next.rows.num_rows()) {
            // Without rows there are no times.
            (0, _) => (next.min_time, next.max_time),
            (_, 0) => (self.min_time, self.max_time),
            _ => (self.min_time.min(next.min_time), self.max_time.max(next.max_time)),
        };
        Ok(Part {
            signal: self.signal,
            bytes: batch_bytes(&rows) + beside(self) + beside(next),
            rows,
            first_sequence: self.first_sequence,
            last_sequence: next.last_sequence,
            covers: self.covers.max(next.covers),
            min_time,
            max_time,
            series: self.series.clone(),
            numbers: (self.numbers.0.min(next.numbers.0), self.numbers.1.max(next.numbers.1)),
        })
    }

    /// Whether one of some numbers, in their order, may be among those of its rows.
    pub fn may_have(&self, numbers: &[u32]) -> bool {
        let (lowest, highest) = self.numbers;
        let at = numbers.partition_point(|number| *number < lowest);
        numbers.get(at).is_some_and(|number| *number <= highest)
    }

    pub fn overlaps(&self, from_ns: i64, to_ns: i64) -> bool {
        self.rows.num_rows() > 0 && self.min_time <= to_ns && from_ns <= self.max_time
    }

    /// Some columns of some rows, in the order of arrival.
    pub fn read(&self, columns: Option<&[&str]>, rows: Option<&Rows>) -> Result<RecordBatch> {
        let projected = match columns {
            None => self.rows.clone(),
            Some(names) => {
                let schema = self.rows.schema_ref();
                let places: Vec<usize> =
                    names.iter().map(|name| schema.index_of(name)).collect::<Result<_, _>>()?;
                self.rows.project(&places)?
            }
        };
        match rows {
            None => Ok(projected),
            Some(rows) => Ok(take_record_batch(&projected, &UInt32Array::from_iter_values(rows.iter()))?),
        }
    }
}

/// The bytes of a batch's values. Buffers that columns share, as those of a decoded batch do, are
/// counted by what each column uses of them.
pub fn batch_bytes(rows: &RecordBatch) -> usize {
    let bytes = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or(0);
    rows.columns().iter().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;

    fn part(cache: &SeriesCache, from: usize, count: usize, sequence: u64) -> Part {
        let rows = test_rows::batch(Signal::Points, from, count);
        Part::new(Signal::Points, rows, sequence, sequence, cache).unwrap()
    }

    #[test]
    fn joined_parts_hold_the_rows_of_both() {
        let cache = SeriesCache::default();
        let parts = [part(&cache, 0, 5, 3), part(&cache, 5, 4, 7)];
        let joined = parts[0].join(&parts[1]).unwrap();
        let whole = part(&cache, 0, 9, 3);
        crate::test_compare::assert_same_rows(&joined.rows, &whole.rows);
        assert_eq!((joined.first_sequence, joined.last_sequence, joined.covers), (3, 7, 7));
        assert_eq!((joined.min_time, joined.max_time), (whole.min_time, whole.max_time));
        let new_series = parts.iter().map(|part| part.bytes).sum::<usize>() - joined.bytes;
        assert!(new_series < 100, "series are counted once, by the part that brought them");
    }

    #[test]
    fn a_part_knows_the_range_of_its_numbers() {
        let cache = SeriesCache::default();
        let parts = [part(&cache, 0, 5, 1), part(&cache, 5, 4, 2)];
        for one in [&parts[0], &parts[1], &parts[0].join(&parts[1]).unwrap()] {
            let own = numbers(&one.rows).unwrap();
            let (lowest, highest) = (*own.iter().min().unwrap(), *own.iter().max().unwrap());
            assert_eq!(one.numbers, (lowest, highest));
            assert!(own.iter().all(|number| one.may_have(&[*number])));
            assert!(!one.may_have(&[]) && !one.may_have(&[highest + 1]));
            assert!(one.may_have(&[highest, highest + 1]));
        }
        let empty = part(&cache, 0, 0, 3);
        assert!(!empty.may_have(&[0, u32::MAX]));
    }

    #[test]
    fn only_parts_of_like_size_join() {
        let cache = SeriesCache::default();
        assert!(part(&cache, 0, 5, 1).joins(&part(&cache, 0, 5, 2)));
        assert!(!part(&cache, 0, 50, 1).joins(&part(&cache, 0, 5, 2)));
        let other = part(&SeriesCache::default(), 0, 5, 2);
        assert!(!part(&cache, 0, 5, 1).joins(&other), "its numbers mean other series");
    }

    #[test]
    fn reads_columns_and_rows() {
        let part = part(&SeriesCache::default(), 0, 9, 1);
        let read = part.read(Some(&["time"]), Some(&Rows::new(vec![2, 8]))).unwrap();
        assert_eq!((read.num_columns(), read.num_rows()), (1, 2));
        assert!(part.read(Some(&["absent"]), None).is_err());
    }
}
