//! The spans of many traces, read together: each file is opened once, and only some columns of it.

use super::{QueryMemory, Snapshot};
use crate::error::Result;
use crate::memtable::batch_bytes;
use crate::rows::Rows;
use crate::segment::Wanted;
use arrow::array::{Array, RecordBatch};
use ocelli_signal::spans::Spans;
use std::collections::HashMap;
use std::sync::Arc;

/// Spans of the first of the traces that were asked for.
#[derive(Debug, Default)]
pub struct TracesRead {
    /// In no order. Spans of other traces may be among them.
    pub batches: Vec<RecordBatch>,
    /// How many traces were read, whole each; at least one.
    pub traces: usize,
    /// The memory of the batches, given back with this.
    held: Held,
}

/// Memory of a query, given back when dropped.
#[derive(Debug, Default)]
struct Held {
    memory: Option<Arc<QueryMemory>>,
    bytes: usize,
}

impl Held {
    fn add(&mut self, bytes: usize) -> Result<()> {
        if let Some(memory) = &self.memory {
            memory.go_on()?;
            memory.hold(bytes)?;
            self.bytes += bytes;
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(memory) = &self.memory {
            memory.release(self.bytes);
        }
    }
}

/// Traces that take more together are not read at once.
const MOST_BYTES: usize = 32 << 20;

impl Snapshot {
    /// Some columns (`trace_id` should be among them; all for `None`) of all spans of some traces,
    /// wherever they lie. Of `attributes` only the first value of each of some keys matters, of all
    /// for `None`. Traces that would make more than `most_rows`, or very much, are left for the next call.
    pub fn traces(
        &self,
        trace_ids: &[[u8; 16]],
        columns: Option<&[&str]>,
        keys: Option<&[&str]>,
        most_rows: usize,
    ) -> Result<TracesRead> {
        let in_memory = self.rows_in_memory(trace_ids)?;
        let (parts, segments) = (&self.spans.parts, &self.spans.segments);
        let mut of_part: Vec<Vec<u32>> = vec![Vec::new(); parts.len()];
        let mut of_segment: Vec<Vec<u32>> = vec![Vec::new(); segments.len()];
        let wanted = Wanted { columns, keys, as_values: false };
        let row_bytes = segments.iter().map(|segment| segment.row_bytes(&wanted));
        let row_bytes: Vec<usize> = row_bytes.collect::<Result<_>>()?;
        let (mut rows, mut bytes, mut traces) = (0, 0, 0);
        for (trace_id, in_memory) in trace_ids.iter().zip(in_memory) {
            let listed = segments.iter().map(|segment| segment.rows_of(trace_id));
            let listed: Vec<Vec<u32>> = listed.collect::<Result<_>>()?;
            rows += in_memory.len() + listed.iter().map(Vec::len).sum::<usize>();
            bytes += listed.iter().zip(&row_bytes).map(|(rows, bytes)| rows.len() * bytes).sum::<usize>();
            if (rows > most_rows || bytes > MOST_BYTES) && traces > 0 {
                break;
            }
            in_memory.into_iter().for_each(|(part, row)| of_part[part].push(row));
            of_segment.iter_mut().zip(listed).for_each(|(all, listed)| all.extend(listed));
            traces += 1;
        }
        let mut read =
            TracesRead { traces, batches: Vec::new(), held: Held { memory: self.memory.clone(), bytes: 0 } };
        let mut take = |batch: RecordBatch| {
            read.held.add(batch_bytes(&batch))?;
            read.batches.push(batch);
            Ok(())
        };
        for (part, rows) in parts.iter().zip(of_part).filter(|(_, rows)| !rows.is_empty()) {
            take(part.read(columns, Some(&Rows::new(rows)))?)?;
        }
        for (segment, rows) in segments.iter().zip(of_segment).filter(|(_, rows)| !rows.is_empty()) {
            segment.read_each(&wanted, Some(&Rows::new(rows)), &mut take)?;
        }
        Ok(read)
    }

    /// Part and row of the spans in memory, trace by trace.
    fn rows_in_memory(&self, trace_ids: &[[u8; 16]]) -> Result<Vec<Vec<(usize, u32)>>> {
        let mut found = vec![Vec::new(); trace_ids.len()];
        let number: HashMap<&[u8], usize> =
            trace_ids.iter().enumerate().map(|(at, id)| (id.as_slice(), at)).collect();
        for (part, rows) in self.spans.parts.iter().enumerate() {
            let ids = Spans::new(&rows.rows)?.trace_id;
            for row in 0..ids.len() {
                if let Some(trace) = number.get(ids.value(row)) {
                    found[*trace].push((part, row as u32));
                }
            }
        }
        Ok(found)
    }
}
