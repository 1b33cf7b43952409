//! Rows in memory: immutable once made, so that whoever reads needs no lock.

use super::grouped::{GroupedSeries, group};
use super::series_cache::SeriesCache;
use crate::error::Result;
use crate::limits;
use crate::rows::Rows;
use crate::segment::time_bounds;
use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use ocelli_signal::Signal;
use ocelli_signal::points::Points;

/// Some rows of one tenant and signal.
#[derive(Debug)]
pub struct Part {
    pub signal: Signal,
    pub rows: RecordBatch,
    pub first_sequence: u64,
    pub last_sequence: u64,
    /// Emissions among the rows tell about spans up to this sequence.
    pub covers: u64,
    pub min_time: i64,
    pub max_time: i64,
    /// Arrow bytes.
    pub bytes: usize,
    /// Points by their series; empty for other signals.
    pub series: Vec<GroupedSeries>,
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
        let series = if signal == Signal::Points { group(&Points::new(&rows)?, cache) } else { Vec::new() };
        Ok(Part {
            signal,
            bytes: batch_bytes(&rows),
            rows,
            first_sequence: sequence,
            last_sequence: sequence,
            covers,
            min_time,
            max_time,
            series,
        })
    }

    /// Whether joining the two pays: neighbours of like size join, so that each row is copied only
    /// a few times however many small parts come.
    pub fn joins(&self, next: &Part) -> bool {
        let (rows, more) = (self.rows.num_rows(), next.rows.num_rows());
        rows < 2 * more && rows + more <= limits::PART_ROWS
    }

    /// This part and the one that came after it.
    pub fn join(&self, next: &Part, cache: &SeriesCache) -> Result<Part> {
        let rows = concat_batches(&self.signal.schema(), [&self.rows, &next.rows])?;
        let mut joined =
            Part::new(self.signal, rows, self.first_sequence, self.covers.max(next.covers), cache)?;
        joined.last_sequence = next.last_sequence;
        Ok(joined)
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

    fn part(from: usize, count: usize, sequence: u64) -> Part {
        let rows = test_rows::batch(Signal::Points, from, count);
        Part::new(Signal::Points, rows, sequence, sequence, &SeriesCache::default()).unwrap()
    }

    #[test]
    fn joined_parts_hold_the_rows_of_both() {
        let joined = part(0, 5, 3).join(&part(5, 4, 7), &SeriesCache::default()).unwrap();
        crate::test_compare::assert_same_rows(&joined.rows, &test_rows::batch(Signal::Points, 0, 9));
        assert_eq!((joined.first_sequence, joined.last_sequence, joined.covers), (3, 7, 7));
        assert_eq!(joined.series.iter().map(|series| series.rows.len()).sum::<usize>(), 9);
    }

    #[test]
    fn only_parts_of_like_size_join() {
        assert!(part(0, 5, 1).joins(&part(0, 5, 2)));
        assert!(!part(0, 50, 1).joins(&part(0, 5, 2)));
    }

    #[test]
    fn reads_columns_and_rows() {
        let read = part(0, 9, 1).read(Some(&["time"]), Some(&Rows::new(vec![2, 8]))).unwrap();
        assert_eq!((read.num_columns(), read.num_rows()), (1, 2));
        assert!(part(0, 9, 1).read(Some(&["absent"]), None).is_err());
    }
}
