//! A trace as columns: what a waterfall draws, without attributes.

use super::statistics;
use super::traceql::eval::{Place, Trace, View};
use super::warnings::{self, Oddities};
use super::window::{Chosen, Window};
use super::{Interned, path};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::id::to_hex;
use arrow::array::RecordBatch;
use ocelli_api::UnixNano;
use ocelli_api::traces::{CriticalPath, SpanColumns, TraceResponse};
use ocelli_signal::span_parts::iter_messages;
use ocelli_storage::{Snapshot, TracesRead};

/// The columns that a skeleton is made of.
pub const COLUMNS: [&str; 11] = [
    "trace_id",
    "span_id",
    "parent_span_id",
    "start_time",
    "end_time",
    "name",
    "kind",
    "status_code",
    "service",
    "events",
    "links",
];

/// What of a trace a skeleton is made of.
pub fn columns_of(snapshot: &Snapshot, trace_id: &[u8; 16], budget: &Budget) -> Result<TracesRead, Error> {
    let read = snapshot.traces(&[*trace_id], Some(&COLUMNS), Some(&[]), usize::MAX);
    let read = read.map_err(|why| budget.told(why))?;
    super::count(&read.batches, budget);
    Ok(read)
}

/// The rows of batches that are of a trace.
pub fn rows_of(views: &[View<'_>], trace_id: &[u8; 16]) -> Vec<Place> {
    let rows = |(at, view): (usize, &View<'_>)| {
        let own = (0..view.len()).filter(|row| view.trace_id(*row) == trace_id);
        own.map(|row| Place { view: at, row }).collect::<Vec<_>>()
    };
    views.iter().enumerate().flat_map(rows).collect()
}

/// Lays out the spans of one trace. `None` where no span has the id of the window's root. `log_count`
/// and `stats` are the caller's.
pub fn skeleton(
    trace_id: &[u8; 16],
    batches: &[RecordBatch],
    window: &Window,
) -> Result<Option<TraceResponse>, Error> {
    let views: Vec<View<'_>> = batches.iter().map(View::new).collect::<Result<_, _>>()?;
    let rows = rows_of(&views, trace_id);
    let sent = rows.len();
    let trace = Trace::new(&views, rows);
    let id = |span: usize| trace.view(span).span_id(trace.places[span].row);
    let Some(chosen) = window.choose(&trace.layout, id) else { return Ok(None) };
    let (layout, times) = (&trace.layout, statistics::of_trace(&trace));
    let whole = chosen.rows.len() == trace.len();
    let spans_below = |span: &usize| layout.subtree_size[*span];
    let mut spans = SpanColumns {
        parent: chosen.parents(layout),
        parent_missing: chosen.rows.iter().map(|span| layout.parent_missing[*span]).collect(),
        depth: chosen.rows.iter().map(|span| layout.depth[*span]).collect(),
        subtree_size: chosen.subtree_sizes(layout),
        subtree_spans: if whole { Vec::new() } else { chosen.rows.iter().map(spans_below).collect() },
        self_ns: chosen.rows.iter().map(|span| times.self_ns[*span]).collect(),
        critical_ns: chosen.rows.iter().map(|span| times.critical_ns[*span]).collect(),
        ..SpanColumns::default()
    };
    let (mut services, mut operations) = (Interned::default(), Interned::default());
    let messages = |list: Option<&[u8]>| list.map_or(0, |list| iter_messages(list).count() as u32);
    for span in &chosen.rows {
        let (view, row) = (trace.view(*span), trace.places[*span].row);
        spans.span_id.push(to_hex(&view.span_id(row)));
        spans.start_offset_ns.push(trace.start_of(*span).saturating_sub(trace.start));
        spans.duration_ns.push(trace.duration_of(*span));
        spans.service.push(services.index(view.service(row)));
        spans.operation.push(operations.index(view.name(row)));
        spans.kind.push(view.kind(row));
        spans.status.push(view.status(row));
        spans.event_count.push(messages(view.events.map(|lists| lists.value(row))));
        spans.link_count.push(messages(view.links.map(|lists| lists.value(row))));
    }
    let oddities =
        Oddities { sent_twice: sent - trace.len(), reused_ids: layout.reused_ids, cycles: layout.cycles };
    Ok(Some(TraceResponse {
        trace_id: to_hex(trace_id),
        start: UnixNano(trace.start),
        duration_ns: trace.end.saturating_sub(trace.start),
        span_count: trace.len() as u32,
        row_count: chosen.total as u32,
        warnings: warnings::describe(&trace, &oddities),
        services: services.names,
        operations: operations.names,
        critical_path: critical_path(&times.segments, trace.start, &chosen),
        spans,
        ..TraceResponse::default()
    }))
}

/// From the beginning of the trace, so that it reads as it went; what is in spans of the answer.
fn critical_path(segments: &[path::Segment], start: i64, chosen: &Chosen) -> CriticalPath {
    let mut path = CriticalPath::default();
    for segment in segments.iter().rev() {
        if let Some(row) = chosen.place(segment.row as usize) {
            path.row.push(row as u32);
            path.start_offset_ns.push(segment.start.saturating_sub(start));
            path.duration_ns.push(segment.end.saturating_sub(segment.start));
        }
    }
    path
}
