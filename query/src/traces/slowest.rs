//! Which traces took longest.

use super::cursor::TraceKey;
use crate::Error;
use crate::logs::filter::column;
use crate::logs::scan::{Chunk, Collector};
use arrow::array::{FixedSizeBinaryArray, TimestampNanosecondArray};
use std::collections::HashMap;

/// Extent of every trace in the range, and whether one of its spans matched.
pub struct Slowest {
    most: usize,
    extents: HashMap<[u8; 16], Extent>,
}

struct Extent {
    start: i64,
    end: i64,
    matched: bool,
}

impl Slowest {
    /// Meeting more than `most` traces is an error.
    pub fn new(most: usize) -> Slowest {
        Slowest { most, extents: HashMap::new() }
    }

    pub fn into_keys(self) -> Vec<TraceKey> {
        let matched = self.extents.into_iter().filter(|(_, extent)| extent.matched);
        let key = |(trace_id, extent): ([u8; 16], Extent)| TraceKey {
            value: extent.end.saturating_sub(extent.start),
            trace_id,
        };
        matched.map(key).collect()
    }
}

impl Collector for Slowest {
    /// A trace lasts as long as all of its spans do.
    fn looks_at_all_rows(&self) -> bool {
        true
    }

    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let ids: &FixedSizeBinaryArray = column(chunk.batch, "trace_id")?;
        let ends: &TimestampNanosecondArray = column(chunk.batch, "end_time")?;
        for row in chunk.in_range.iter() {
            let (start, end) = (chunk.times.value(row), ends.value(row));
            let new = Extent { start, end, matched: false };
            let extent = self.extents.entry(id_of(ids, row)).or_insert(new);
            extent.start = extent.start.min(start);
            extent.end = extent.end.max(end);
            extent.matched |= chunk.passed.contains(row);
        }
        check_most(self.extents.len(), self.most)
    }
}

pub fn check_most(traces: usize, most: usize) -> Result<(), Error> {
    if traces > most {
        let message = format!("more than {most} traces are in the range; ask for a shorter one");
        return Err(Error::LimitExceeded(message));
    }
    Ok(())
}

pub fn id_of(ids: &FixedSizeBinaryArray, row: usize) -> [u8; 16] {
    let mut id = [0; 16];
    id.copy_from_slice(ids.value(row));
    id
}
