//! One line of a list of traces.

use super::rows::{Row, distinct, spans_of};
use crate::Error;
use crate::logs::filter::id::to_hex;
use crate::logs::filter::mask::Mask;
use crate::logs::filter::{Filter, column};
use arrow::array::{RecordBatch, TimestampNanosecondArray};
use ocelli_api::traces::{MatchedSpan, ServiceSpans, TraceSummary};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::spans::Spans;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// How many of the matching spans are shown.
const MATCHED: usize = 3;

/// Sums up all spans of a trace; `filter` and `range` tell which of them matched.
pub fn summary(
    trace_id: &[u8; 16],
    batches: &[RecordBatch],
    filter: &Filter,
    range: TimeRange,
) -> Result<TraceSummary, Error> {
    let views: Vec<Spans<'_>> = batches.iter().map(spans_of).collect::<Result<_, _>>()?;
    let matches: Vec<Mask> =
        batches.iter().map(|batch| matching(batch, filter, range)).collect::<Result<_, _>>()?;
    let (rows, _) = distinct(&views);
    let start = rows.iter().map(Row::start).min().unwrap_or_default();
    let end = rows.iter().map(|row| row.end().max(row.start())).max().unwrap_or_default();
    let parentless = rows.iter().filter(|row| row.node().parent.is_none()).min_by_key(|row| row.start());
    let first = parentless.or_else(|| rows.iter().min_by_key(|row| row.start()));
    let mut services: BTreeMap<&str, ServiceSpans> = BTreeMap::new();
    for row in &rows {
        let of = services.entry(row.service()).or_default();
        of.spans += 1;
        of.errors += u32::from(row.is_error());
    }
    let named = |(name, spans): (&str, ServiceSpans)| ServiceSpans { service: name.to_owned(), ..spans };
    let mut matched: Vec<&Row<'_>> = rows.iter().filter(|row| matches[row.batch].contains(row.at)).collect();
    matched.sort_by_key(|row| (Reverse(row.duration()), row.node().span_id));
    matched.truncate(MATCHED);
    Ok(TraceSummary {
        trace_id: to_hex(trace_id),
        root_service: first.map(|row| row.service().to_owned()).unwrap_or_default(),
        root_operation: first.map(|row| row.name().to_owned()).unwrap_or_default(),
        has_root: parentless.is_some(),
        start: UnixNano(start),
        duration_ns: end.saturating_sub(start),
        span_count: rows.len() as u32,
        error_count: rows.iter().filter(|row| row.is_error()).count() as u32,
        services: services.into_iter().map(named).collect(),
        matched: matched.into_iter().map(matched_span).collect(),
        spansets: Vec::new(),
    })
}

fn matching(batch: &RecordBatch, filter: &Filter, range: TimeRange) -> Result<Mask, Error> {
    let starts: &TimestampNanosecondArray = column(batch, "start_time")?;
    let inside = |row: usize| (range.from.0..range.to.0).contains(&starts.value(row));
    let mut rows = Mask::from_fn(batch.num_rows(), inside);
    filter.apply(batch, &mut rows)?;
    Ok(rows)
}

fn matched_span(row: &Row<'_>) -> MatchedSpan {
    MatchedSpan {
        span_id: to_hex(row.view.span_id.value(row.at)),
        service: row.service().to_owned(),
        operation: row.name().to_owned(),
        duration_ns: row.duration(),
        error: row.is_error(),
    }
}
