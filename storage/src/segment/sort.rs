//! The order of rows in a segment, chosen so that what is asked for together lies together.

use super::columns::{column, numbers, typed};
use crate::error::Result;
use arrow::array::{FixedSizeBinaryArray, RecordBatch, TimestampNanosecondArray};
use arrow::datatypes::{Int64Type, TimestampNanosecondType};
use ocelli_signal::Signal;
use std::cmp::Reverse;

/// Spans are sorted by trace inside buckets of this length, youngest bucket first: a trace stays
/// together, and so do the spans of a time range.
pub const BUCKET_NS: i64 = 10_000_000_000;

/// What rows are compared by: ascending keys are the order of the file. Of equal ones spans are in
/// the order of arrival, logs in the reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    /// Of spans the bucket, of logs the time; all bits turned, as the youngest comes first.
    youngest_first: i64,
    trace_id: u128,
    start: i64,
}

/// The keys of rows of spans or logs, in the signal's schema or in that of a file.
pub fn keys(signal: Signal, rows: &RecordBatch) -> Result<Vec<SortKey>> {
    if signal == Signal::Spans {
        let starts = nanoseconds(rows, "start_time")?;
        let ids = typed::<FixedSizeBinaryArray>(rows, "trace_id")?;
        let key = |(row, start): (usize, &i64)| SortKey {
            youngest_first: !start.div_euclid(BUCKET_NS),
            trace_id: u128::from_be_bytes(trace_id(ids, row)),
            start: *start,
        };
        return Ok(starts.iter().enumerate().map(key).collect());
    }
    let key = |time: &i64| SortKey { youngest_first: !time, trace_id: 0, start: 0 };
    Ok(nanoseconds(rows, "time")?.iter().map(key).collect())
}

fn nanoseconds<'a>(rows: &'a RecordBatch, name: &str) -> Result<&'a [i64]> {
    numbers::<TimestampNanosecondType>(column(rows, name)?, name)
}

/// The rows of a batch in the order of the file.
pub fn order(signal: Signal, rows: &RecordBatch) -> Result<Vec<u32>> {
    let mut order: Vec<u32> = (0..rows.num_rows() as u32).collect();
    if signal == Signal::Points {
        return Ok(order);
    }
    let keys = keys(signal, rows)?;
    if signal == Signal::Spans {
        order.sort_unstable_by_key(|row| (keys[*row as usize], *row));
    } else {
        order.sort_unstable_by_key(|row| (keys[*row as usize], Reverse(*row)));
    }
    Ok(order)
}

/// The column that `times` are of.
pub fn time_column(signal: Signal) -> &'static str {
    if signal == Signal::Spans { "start_time" } else { "time" }
}

/// What is descending from row to row in files of spans and logs: the time, of spans its bucket.
pub fn coarse_time(signal: Signal, time_ns: i64) -> i64 {
    if signal == Signal::Spans { time_ns.div_euclid(BUCKET_NS) } else { time_ns }
}

/// The column's type says that ids are 16 bytes.
pub fn trace_id(ids: &FixedSizeBinaryArray, row: usize) -> [u8; 16] {
    ids.value(row).first_chunk().copied().unwrap_or_default()
}

/// The earliest and the latest time: of spans the start. (0, 0) without rows.
pub fn time_bounds(signal: Signal, rows: &RecordBatch) -> Result<(i64, i64)> {
    let times = times(signal, rows)?.reinterpret_cast::<Int64Type>();
    Ok((arrow::compute::min(&times).unwrap_or(0), arrow::compute::max(&times).unwrap_or(0)))
}

/// The times of the rows, in the signal's schema or in that of a file: of spans the start.
pub fn times(signal: Signal, rows: &RecordBatch) -> Result<&TimestampNanosecondArray> {
    typed(rows, time_column(signal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;
    use ocelli_signal::logs::Logs;
    use ocelli_signal::spans::Spans;

    #[test]
    fn spans_of_a_bucket_are_grouped_by_trace_and_logs_come_newest_first() {
        let rows = test_rows::batch(Signal::Spans, 0, 400);
        let spans = Spans::new(&rows).unwrap();
        let sorted: Vec<_> = order(Signal::Spans, &rows)
            .unwrap()
            .into_iter()
            .map(|row| spans.row(row as usize))
            .map(|span| (Reverse(span.start_time.div_euclid(BUCKET_NS)), span.trace_id, span.start_time))
            .collect();
        assert!(sorted.is_sorted() && sorted.len() == 400);

        let rows = test_rows::batch(Signal::Logs, 0, 3000);
        let logs = Logs::new(&rows).unwrap();
        let order = order(Signal::Logs, &rows).unwrap();
        assert!(order.iter().map(|row| Reverse((logs.time.value(*row as usize), *row))).is_sorted());
    }

    #[test]
    fn no_rows_have_no_times() {
        assert_eq!(time_bounds(Signal::Logs, &test_rows::batch(Signal::Logs, 0, 0)).unwrap(), (0, 0));
    }
}
