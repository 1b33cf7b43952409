//! One atomic view of a tenant's memtables and segments. Taking it is cheap; reading it blocks, so
//! async callers do that in `spawn_blocking`.

mod attribute_keys;
mod chunks;
mod kept;
mod memory;
mod points;
mod series;
mod source;
mod traces;

pub use attribute_keys::AttributeKeys;
pub use chunks::{Choose, Found, OfMetrics};
pub use kept::{Keeper, Piece, SeriesPieces};
pub use memory::{End, QueryMemory};
pub use points::{Point, PointList, PointValue, Values};
pub use series::SeriesPoints;
pub use source::Source;
pub use traces::TracesRead;

use crate::error::Result;
use crate::memtable::{Part, batch_bytes};
use crate::rows::Rows;
use crate::segment::Segment;
use arrow::array::{Array, RecordBatch};
use memory::Meter;
use ocelli_signal::Signal;
use ocelli_signal::spans::Spans;
use std::sync::Arc;

/// The parts and segments of one signal.
#[derive(Clone, Debug, Default)]
pub(crate) struct View {
    pub parts: Vec<Arc<Part>>,
    pub segments: Vec<Arc<Segment>>,
}

/// What a tenant's store holds at one moment: every acknowledged row once. What it refers to stays
/// readable as long as it lives.
#[derive(Clone, Debug)]
pub struct Snapshot {
    spans: View,
    points: View,
    logs: View,
    memory: Option<Arc<QueryMemory>>,
}

impl Snapshot {
    pub(crate) fn new(spans: View, points: View, logs: View) -> Snapshot {
        Snapshot { spans, points, logs, memory: None }
    }

    /// The same for a query: points and traces that are read are held in its memory. Rows of sources
    /// are held by whoever reads them, as only they know for how long.
    pub fn within(self, memory: Arc<QueryMemory>) -> Snapshot {
        Snapshot { memory: Some(memory), ..self }
    }

    fn meter(&self) -> Meter<'_> {
        Meter::new(self.memory.as_deref())
    }

    fn view(&self, signal: Signal) -> &View {
        match signal {
            Signal::Spans => &self.spans,
            Signal::Points => &self.points,
            Signal::Logs => &self.logs,
        }
    }

    /// What may hold spans (by start) or logs between two times, both included, in nanoseconds;
    /// the source with the youngest row first. Points are read by [`Snapshot::series`].
    pub fn sources(&self, signal: Signal, from_ns: i64, to_ns: i64) -> Vec<Source> {
        let view = self.view(signal);
        let parts =
            view.parts.iter().filter(|part| part.overlaps(from_ns, to_ns)).cloned().map(Source::Memory);
        let segments = view.segments.iter().filter(|segment| segment.entry.overlaps(from_ns, to_ns));
        let mut sources: Vec<Source> = parts.chain(segments.cloned().map(Source::Segment)).collect();
        sources.sort_by_key(|source| std::cmp::Reverse(source.max_time()));
        sources
    }

    /// All spans of a trace, wherever they lie, in no order.
    pub fn trace(&self, trace_id: &[u8; 16]) -> Result<Vec<RecordBatch>> {
        let mut found = Vec::new();
        for part in &self.spans.parts {
            let ids = Spans::new(&part.rows)?.trace_id;
            let rows = (0..ids.len() as u32).filter(|row| ids.value(*row as usize) == trace_id);
            let rows = Rows::from_sorted(rows.collect());
            if !rows.is_empty() {
                found.push(part.read(None, Some(&rows))?);
            }
        }
        for segment in &self.spans.segments {
            found.extend(segment.trace(trace_id)?);
        }
        let mut meter = self.meter();
        found.iter().try_for_each(|batch| meter.add(batch_bytes(batch)))?;
        meter.flush()?;
        Ok(found)
    }

    /// The earliest time of a row of a signal, in nanoseconds; none without rows.
    pub fn min_time(&self, signal: Signal) -> Option<i64> {
        let view = self.view(signal);
        let parts = view.parts.iter().filter(|part| part.rows.num_rows() > 0).map(|part| part.min_time);
        parts.chain(view.segments.iter().map(|segment| segment.entry.min_time)).min()
    }

    /// Rows of a signal, in memory and in segments.
    pub fn rows(&self, signal: Signal) -> u64 {
        let view = self.view(signal);
        let in_memory: usize = view.parts.iter().map(|part| part.rows.num_rows()).sum();
        in_memory as u64 + view.segments.iter().map(|segment| segment.entry.rows).sum::<u64>()
    }
}
