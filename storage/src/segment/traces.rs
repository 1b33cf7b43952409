//! The spans of one trace.

use super::layout::Wanted;
use super::{Segment, sort};
use crate::cache::Key;
use crate::error::{Error, Result};
use crate::paths::TRACES_SUFFIX;
use crate::rows::Rows;
use crate::trace_list::TraceList;
use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use ocelli_signal::spans::Spans;
use std::sync::atomic::Ordering;

impl Segment {
    /// The spans of a trace: where the list says that they are, or else wherever the ids are.
    pub fn trace(&self, trace_id: &[u8; 16]) -> Result<Vec<RecordBatch>> {
        let rows = self.rows_of(trace_id)?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let batches = self.read(None, Some(&Rows::new(rows)))?;
        let only = batches.iter().map(|batch| only_trace(batch, trace_id));
        only.filter(|batch| !batch.as_ref().is_ok_and(|batch| batch.num_rows() == 0)).collect()
    }

    /// Rows that are of a trace, a few of others perhaps among them.
    pub fn rows_of(&self, trace_id: &[u8; 16]) -> Result<Vec<u32>> {
        match self.listed(trace_id) {
            Some(rows) => Ok(rows),
            None => self.scan_ids(trace_id),
        }
    }

    /// Rows that may be of the trace; `None` without a whole list.
    fn listed(&self, trace_id: &[u8; 16]) -> Option<Vec<u32>> {
        if self.entry.file(TRACES_SUFFIX).is_none() || self.traces_damaged.load(Ordering::Relaxed) {
            return None;
        }
        let found = self.open(TRACES_SUFFIX).and_then(|file| {
            let list = self.context.cache.get(Key::only(self.number, TRACES_SUFFIX), || {
                let path = self.entry.path(TRACES_SUFFIX);
                let list = TraceList::open(&path, file.as_ref(), self.entry.rows)?;
                Ok::<_, Error>((list, path.as_os_str().len() + size_of::<TraceList>()))
            })?;
            list.rows(file.as_ref(), trace_id)
        });
        found.inspect_err(|error| self.do_without(TRACES_SUFFIX, &self.traces_damaged, error)).ok()
    }

    fn scan_ids(&self, trace_id: &[u8; 16]) -> Result<Vec<u32>> {
        let footer = self.rows_footer()?;
        let needed = footer.layout.needed(&Wanted { columns: Some(&["trace_id"]), ..Wanted::default() })?;
        let (mut rows, mut at) = (Vec::new(), 0u32);
        self.read_rows(&footer, &needed, None, |batch| {
            let ids = batch.column(0).as_fixed_size_binary();
            rows.extend(
                (0..ids.len() as u32).filter(|row| ids.value(*row as usize) == trace_id).map(|row| at + row),
            );
            at += ids.len() as u32;
            Ok(())
        })?;
        Ok(rows)
    }
}

/// Another trace's id may have the same hash.
fn only_trace(batch: &RecordBatch, trace_id: &[u8; 16]) -> Result<RecordBatch> {
    let ids = Spans::new(batch)?.trace_id;
    let is_it: BooleanArray = (0..ids.len()).map(|row| Some(sort::trace_id(ids, row) == *trace_id)).collect();
    if is_it.true_count() == is_it.len() {
        return Ok(batch.clone());
    }
    Ok(filter_record_batch(batch, &is_it)?)
}
