//! Records that pass a filter as they come in.

use super::filter::Filter;
use super::filter::mask::Mask;
use super::record::{answer_bytes, logs_of, record};
use crate::Error;
use arrow::array::RecordBatch;
use ocelli_api::logs::LogRecord;

/// Those of a batch that pass, in the order in which they came.
#[derive(Debug, Default)]
pub struct Passing {
    pub records: Vec<Box<LogRecord>>,
    /// How many more there were, for which there was no room.
    pub skipped: u64,
}

/// As many records as there is room for, in bytes of which less is left then: a resource that many rows share is
/// in each of their records.
pub fn passing(filter: &Filter, batch: &RecordBatch, room_bytes: &mut usize) -> Result<Passing, Error> {
    let mut passed = Mask::all(batch.num_rows());
    filter.apply(batch, &mut passed)?;
    let logs = logs_of(batch)?;
    let mut passing = Passing::default();
    for row in passed.iter() {
        let bytes = answer_bytes(&logs, row);
        // What comes after a gap waits behind it, so that a gap is told where it is.
        if passing.skipped > 0 || bytes > *room_bytes {
            passing.skipped += 1;
            *room_bytes = 0;
        } else {
            *room_bytes -= bytes;
            passing.records.push(Box::new(record(&logs, row).0));
        }
    }
    Ok(passing)
}
