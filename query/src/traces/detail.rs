//! Everything that was sent of one span.

use super::origin::{key_values, resource, scope};
use super::rows::spans_of;
use crate::Error;
use crate::logs::filter::id::to_hex;
use arrow::array::RecordBatch;
use ocelli_api::UnixNano;
use ocelli_api::traces::{SpanDetail, SpanEvent, SpanLink};
use ocelli_signal::Attributes;
use ocelli_signal::span_parts::{Event, Link, iter_events, iter_links};
use ocelli_signal::spans::Spans;

/// The span with this id among those of its trace; the earliest where several share the id.
pub fn find(batches: &[RecordBatch], span_id: &[u8; 8]) -> Result<Option<SpanDetail>, Error> {
    let mut found: Option<(i64, SpanDetail)> = None;
    for batch in batches {
        let spans = spans_of(batch)?;
        for row in (0..spans.len()).filter(|row| spans.span_id.value(*row) == span_id) {
            let start = spans.start_time.value(row);
            if found.as_ref().is_none_or(|(earliest, _)| start < *earliest) {
                found = Some((start, detail(&spans, row)));
            }
        }
    }
    Ok(found.map(|(_, detail)| detail))
}

fn detail(spans: &Spans<'_>, at: usize) -> SpanDetail {
    let row = spans.row(at);
    SpanDetail {
        trace_id: to_hex(&row.trace_id),
        span_id: to_hex(&row.span_id),
        parent_span_id: row.parent_span_id.map(|id| to_hex(&id)).unwrap_or_default(),
        trace_state: row.trace_state.to_owned(),
        flags: row.flags,
        name: row.name.to_owned(),
        kind: row.kind,
        start: UnixNano(row.start_time),
        end: UnixNano(row.end_time),
        status_code: row.status_code,
        status_message: row.status_message.to_owned(),
        attributes: key_values(Attributes::of_column(row.attributes)),
        dropped_attributes_count: row.dropped_attributes_count,
        events: iter_events(row.events).map(event).collect(),
        dropped_events_count: row.dropped_events_count,
        links: iter_links(row.links).map(link).collect(),
        dropped_links_count: row.dropped_links_count,
        resource: resource(spans.resource(at)),
        scope: scope(spans.scope(at)),
    }
}

fn event(event: Event<'_>) -> SpanEvent {
    SpanEvent {
        time: UnixNano(i64::try_from(event.time_ns).unwrap_or(i64::MAX)),
        name: event.name.to_owned(),
        attributes: key_values(event.attributes),
        dropped_attributes_count: event.dropped_attributes_count,
    }
}

fn link(link: Link<'_>) -> SpanLink {
    SpanLink {
        trace_id: to_hex(link.trace_id),
        span_id: to_hex(link.span_id),
        trace_state: link.trace_state.to_owned(),
        flags: link.flags,
        attributes: key_values(link.attributes),
        dropped_attributes_count: link.dropped_attributes_count,
    }
}
