//! The merge of spans or logs: a batch of each input at a time, put together in the schema of the
//! files, so that no row is taken apart and encoded anew.

use super::Merge;
use crate::catalog::SegmentEntry;
use crate::disk::Disk;
use crate::error::Result;
use crate::limits;
use crate::segment::columns::{downcast, typed};
use crate::segment::kway::Merged;
use crate::segment::sort;
use crate::segment::write::SegmentWriter;
use arrow::array::types::Int32Type;
use arrow::array::{BooleanArray, DictionaryArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;

/// Writes the kept rows of all inputs; `None` when there are none.
pub fn merge(disk: &dyn Disk, job: &Merge<'_>) -> Result<Option<SegmentEntry>> {
    let mut at_once = limits::READ_ROWS;
    for input in job.inputs {
        at_once = at_once.min(input.rows_within(limits::MERGE_BATCH_BYTES)?);
    }
    let mut streams = Vec::with_capacity(job.inputs.len());
    for input in job.inputs {
        let batches = input.stream(at_once)?;
        streams.push(batches.map(|batch| kept(job, batch?)));
    }
    let mut merged = Merged::new(job.signal, streams)?;
    let mut next = merged.next_rows(at_once)?;
    if next.is_none() {
        return Ok(None);
    }
    let rows: u64 = job.inputs.iter().map(|input| input.entry.rows).sum();
    let mut writer = SegmentWriter::create(disk, job.about(), rows as usize, job.index_min_rows)?;
    while let Some(batch) = next {
        writer.append(&batch)?;
        next = merged.next_rows(at_once)?;
    }
    writer.finish().map(Some)
}

/// A batch without the rows that are not to be kept.
fn kept(job: &Merge<'_>, batch: RecordBatch) -> Result<RecordBatch> {
    job.check_stop()?;
    let times = sort::times(job.signal, &batch)?.values();
    let services: &DictionaryArray<Int32Type> = typed(&batch, "service")?;
    let names: &StringArray = downcast(services.values(), "service")?;
    let keys = services.keys().values();
    let stays = times.iter().zip(keys).map(|(time, key)| (job.keep)(names.value(*key as usize), *time));
    let stays = BooleanArray::from(stays.collect::<Vec<bool>>());
    if stays.true_count() == batch.num_rows() {
        return Ok(batch);
    }
    Ok(filter_record_batch(&batch, &stays)?)
}
