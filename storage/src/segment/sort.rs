//! The order of rows in a segment, chosen so that what is asked for together lies together.

use crate::error::Result;
use arrow::array::{RecordBatch, TimestampNanosecondArray};
use arrow::datatypes::Int64Type;
use ocelli_signal::Signal;
use ocelli_signal::logs::Logs;
use ocelli_signal::points::Points;
use ocelli_signal::spans::Spans;
use std::cmp::Reverse;

/// Spans are sorted by trace inside buckets of this length, youngest bucket first: a trace stays
/// together, and so do the spans of a time range.
pub const BUCKET_NS: i64 = 10_000_000_000;

/// The rows of a batch in the order of the file.
pub fn order(signal: Signal, rows: &RecordBatch) -> Result<Vec<u32>> {
    match signal {
        Signal::Spans => span_order(&Spans::new(rows)?),
        Signal::Logs => log_order(&Logs::new(rows)?),
        Signal::Points => Ok((0..rows.num_rows() as u32).collect()),
    }
}

/// Bucket of the start descending, trace id, start; then the order of arrival.
fn span_order(spans: &Spans<'_>) -> Result<Vec<u32>> {
    let mut keys: Vec<(Reverse<i64>, u128, i64, u32)> = Vec::with_capacity(spans.len());
    for row in 0..spans.len() {
        let start = spans.start_time.value(row);
        let trace_id = u128::from_be_bytes(ocelli_trace_id(spans.trace_id.value(row)));
        keys.push((Reverse(start.div_euclid(BUCKET_NS)), trace_id, start, row as u32));
    }
    keys.sort_unstable();
    Ok(keys.into_iter().map(|key| key.3).collect())
}

/// The column's type says that ids are 16 bytes.
fn ocelli_trace_id(bytes: &[u8]) -> [u8; 16] {
    bytes.first_chunk().copied().unwrap_or_default()
}

/// Time descending; of equal times the later arrival first.
fn log_order(logs: &Logs<'_>) -> Result<Vec<u32>> {
    let mut order: Vec<u32> = (0..logs.len() as u32).collect();
    let times = logs.time.values();
    order.sort_unstable_by_key(|row| Reverse((times[*row as usize], *row)));
    Ok(order)
}

/// The times of the rows: of spans the start.
pub fn times(signal: Signal, rows: &RecordBatch) -> Result<&TimestampNanosecondArray> {
    Ok(match signal {
        Signal::Spans => Spans::new(rows)?.start_time,
        Signal::Logs => Logs::new(rows)?.time,
        Signal::Points => Points::new(rows)?.time,
    })
}

/// The earliest and the latest time: of spans the start. (0, 0) without rows.
pub fn time_bounds(signal: Signal, rows: &RecordBatch) -> Result<(i64, i64)> {
    let times = times(signal, rows)?.reinterpret_cast::<Int64Type>();
    Ok((arrow::compute::min(&times).unwrap_or(0), arrow::compute::max(&times).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_rows;

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
