//! The spans of many traces, read together: each file is opened once, and only some columns of it.

use super::Snapshot;
use crate::error::Result;
use crate::rows::Rows;
use crate::segment::Wanted;
use arrow::array::{Array, RecordBatch};
use ocelli_signal::spans::Spans;
use std::collections::HashMap;

/// Spans of the first of the traces that were asked for.
#[derive(Debug, Default)]
pub struct TracesRead {
    /// In no order. Spans of other traces may be among them.
    pub batches: Vec<RecordBatch>,
    /// How many traces were read, whole each; at least one.
    pub traces: usize,
}

impl Snapshot {
    /// Some columns (`trace_id` should be among them; all for `None`) of all spans of some traces,
    /// wherever they lie. Of `attributes` only the first value of each of some keys matters, of all
    /// for `None`. Traces that would make more than `most_rows` are left for the next call. What is
    /// read is held by whoever looks at it, as with sources.
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
        let (mut rows, mut traces) = (0, 0);
        for (trace_id, in_memory) in trace_ids.iter().zip(in_memory) {
            let listed = segments.iter().map(|segment| segment.rows_of(trace_id));
            let listed: Vec<Vec<u32>> = listed.collect::<Result<_>>()?;
            rows += in_memory.len() + listed.iter().map(Vec::len).sum::<usize>();
            if rows > most_rows && traces > 0 {
                break;
            }
            in_memory.into_iter().for_each(|(part, row)| of_part[part].push(row));
            of_segment.iter_mut().zip(listed).for_each(|(all, listed)| all.extend(listed));
            traces += 1;
        }
        let mut batches = Vec::new();
        for (part, rows) in parts.iter().zip(of_part).filter(|(_, rows)| !rows.is_empty()) {
            batches.push(part.read(columns, Some(&Rows::new(rows)))?);
        }
        for (segment, rows) in segments.iter().zip(of_segment).filter(|(_, rows)| !rows.is_empty()) {
            batches.extend(
                segment.read_wanted(&Wanted { columns, keys, as_values: false }, Some(&Rows::new(rows)))?,
            );
        }
        Ok(TracesRead { batches, traces })
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
