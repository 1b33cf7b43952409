//! Records that pass a filter as they come in.

use super::filter::Filter;
use super::filter::mask::Mask;
use super::record::{logs_of, record};
use crate::Error;
use arrow::array::RecordBatch;
use ocelli_api::logs::LogRecord;

/// Those of a batch that pass, in the order in which they came.
pub fn passing(filter: &Filter, batch: &RecordBatch) -> Result<Vec<Box<LogRecord>>, Error> {
    let mut passed = Mask::all(batch.num_rows());
    filter.apply(batch, &mut passed)?;
    let logs = logs_of(batch)?;
    Ok(passed.iter().map(|row| Box::new(record(&logs, row))).collect())
}
