//! A trace as columns: what a waterfall draws, without attributes.

use super::layout::{Layout, Node, layout};
use super::path::{self, Times};
use super::rows::{Row, distinct, spans_of};
use super::warnings::{self, Oddities};
use crate::Error;
use crate::logs::filter::id::to_hex;
use arrow::array::RecordBatch;
use ocelli_api::UnixNano;
use ocelli_api::traces::{CriticalPath, SpanColumns, TraceResponse};
use ocelli_signal::span_parts::iter_messages;
use ocelli_signal::spans::Spans;
use std::collections::HashMap;

/// Lays out the spans of one trace. `log_count` and `stats` are the caller's.
pub fn skeleton(trace_id: &[u8; 16], batches: &[RecordBatch]) -> Result<TraceResponse, Error> {
    let views: Vec<Spans<'_>> = batches.iter().map(spans_of).collect::<Result<_, _>>()?;
    let (rows, sent_twice) = distinct(&views);
    let nodes: Vec<Node> = rows.iter().map(Row::node).collect();
    let layout = layout(&nodes);
    let start = nodes.iter().map(|node| node.start).min().unwrap_or_default();
    let end = rows.iter().map(|row| row.end().max(row.start())).max().unwrap_or_default();
    let mut services = Interned::default();
    let mut operations = Interned::default();
    let mut spans = SpanColumns { depth: layout.depth.clone(), ..SpanColumns::default() };
    for row in layout.node.iter().map(|node| rows[*node]) {
        let (view, at) = (row.view, row.at);
        spans.span_id.push(to_hex(view.span_id.value(at)));
        spans.start_offset_ns.push(row.start().saturating_sub(start));
        spans.duration_ns.push(row.duration());
        spans.service.push(services.index(row.service()));
        spans.operation.push(operations.index(row.name()));
        spans.kind.push(view.kind.value(at));
        spans.status.push(view.status_code.value(at));
        spans.event_count.push(iter_messages(view.events.value(at)).count() as u32);
        spans.link_count.push(iter_messages(view.links.value(at)).count() as u32);
    }
    let times = times(&rows, &layout);
    let oddities = Oddities { sent_twice, reused_ids: layout.reused_ids, cycles: layout.cycles };
    spans.parent = layout.parent;
    spans.parent_missing = layout.parent_missing;
    spans.subtree_size = layout.subtree_size;
    spans.self_ns = times.self_ns;
    spans.critical_ns = times.critical_ns;
    Ok(TraceResponse {
        trace_id: to_hex(trace_id),
        start: UnixNano(start),
        duration_ns: end.saturating_sub(start),
        warnings: warnings::describe(&spans, &oddities),
        services: services.names,
        operations: operations.names,
        critical_path: critical_path(&times.segments, start),
        spans,
        ..TraceResponse::default()
    })
}

fn times(rows: &[Row<'_>], layout: &Layout) -> Times {
    let drawn = || layout.node.iter().map(|node| &rows[*node]);
    let (start, end): (Vec<i64>, Vec<i64>) = drawn().map(|row| (row.start(), row.end())).unzip();
    path::times(layout, &start, &end)
}

/// From the beginning of the trace, so that it reads as it went.
fn critical_path(segments: &[path::Segment], start: i64) -> CriticalPath {
    let mut path = CriticalPath::default();
    for segment in segments.iter().rev() {
        path.row.push(segment.row);
        path.start_offset_ns.push(segment.start.saturating_sub(start));
        path.duration_ns.push(segment.end.saturating_sub(segment.start));
    }
    path
}

/// Names by number, in the order in which they come up.
#[derive(Default)]
struct Interned<'a> {
    names: Vec<String>,
    known: HashMap<&'a str, u32>,
}

impl<'a> Interned<'a> {
    fn index(&mut self, name: &'a str) -> u32 {
        *self.known.entry(name).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.names.len() as u32 - 1
        })
    }
}
