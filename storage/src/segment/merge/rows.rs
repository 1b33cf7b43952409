//! The merge of spans or logs: a batch of each input at a time, put together in the schema of the
//! files, so that no row is taken apart and encoded anew
//! unless its attributes are in other columns than the output's.

use super::Merge;
use crate::catalog::SegmentEntry;
use crate::disk::Disk;
use crate::error::Result;
use crate::limits;
use crate::rows::Rows;
use crate::segment::columns::keyed::KeyColumns;
use crate::segment::columns::{downcast, typed};
use crate::segment::convert::Converter;
use crate::segment::kway::Merged;
use crate::segment::layout::Layout;
use crate::segment::read::RowsFooter;
use crate::segment::sort;
use crate::segment::write::SegmentWriter;
use arrow::array::types::Int32Type;
use arrow::array::{BooleanArray, DictionaryArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use std::cell::RefCell;
use std::sync::Arc;

/// Writes the kept rows of all inputs; `None` when there are none.
pub fn merge(disk: &dyn Disk, job: &Merge<'_>) -> Result<Option<SegmentEntry>> {
    let count = job.inputs.len().max(1);
    let mut at_once = (limits::MERGE_AHEAD_ROWS / count).clamp(1, limits::READ_ROWS);
    for input in job.inputs {
        at_once = at_once.min(input.rows_within(limits::MERGE_AHEAD_BYTES / count)?);
    }
    let footers = job.inputs.iter().map(|input| input.rows_footer()).collect::<Result<Vec<_>>>()?;
    let converter = RefCell::new(Converter::new(layout(job, &footers)?));
    let mut streams = Vec::with_capacity(job.inputs.len());
    for (input, footer) in job.inputs.iter().zip(&footers) {
        let batches = input.stream(footer, at_once)?;
        streams.push(batches.map(|batch| converter.borrow_mut().adopt(&footer.layout, &kept(job, batch?)?)));
    }
    let mut merged = Merged::new(job.signal, streams)?;
    let mut next = merged.next_rows(at_once)?;
    if next.is_none() {
        return Ok(None);
    }
    let rows: u64 = job.inputs.iter().map(|input| input.entry.rows).sum();
    let schema = converter.borrow().layout.file.clone();
    let mut writer = SegmentWriter::create(disk, job.about(), &schema, rows as usize, job.index_min_rows)?;
    while let Some(batch) = next {
        writer.append(&batch)?;
        next = merged.next_rows(at_once)?;
    }
    let attributes = converter.borrow().about();
    writer.finish(attributes).map(Some)
}

/// The attributes that have columns in the output: those that have in the inputs, if they are
/// frequent in the whole. Where most rows have none, because their files were too small or are from
/// before there were any, the rows themselves tell.
fn layout(job: &Merge<'_>, footers: &[Arc<RowsFooter>]) -> Result<Layout> {
    let rows = job.inputs.iter().map(|input| input.entry.rows);
    let of_input: Vec<(&KeyColumns, u64)> =
        footers.iter().zip(rows).filter_map(|(footer, rows)| Some((footer.layout.keys()?, rows))).collect();
    let all: u64 = job.inputs.iter().map(|input| input.entry.rows).sum();
    let told: u64 = of_input.iter().filter(|(keys, _)| keys.iter().len() > 0).map(|(_, rows)| rows).sum();
    if told * 2 >= all {
        return Layout::new(job.signal, Some(KeyColumns::union(&of_input, all)));
    }
    let mut samples = Vec::new();
    for input in job.inputs {
        let some = limits::SURVEY_ROWS / job.inputs.len() + 1;
        let first = Rows::from_sorted((0..input.entry.rows.min(some as u64) as u32).collect());
        samples.extend(input.read(Some(&["attributes"]), Some(&first))?);
    }
    Layout::for_rows(job.signal, &samples)
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
