//! One line of a list of traces.

use super::traceql::eval::{OF_TRACE, Place, Trace, View};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::id::to_hex;
use crate::logs::filter::mask::Mask;
use crate::logs::filter::{Filter, column};
use arrow::array::{RecordBatch, TimestampNanosecondArray};
use ocelli_api::traces::{MatchedSpan, ServiceSpans, TraceSummary};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::spans::STATUS_ERROR;
use ocelli_storage::Snapshot;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// How many of the matching spans are shown.
const MATCHED: usize = 3;
/// Spans that are read at once.
const MOST_ROWS: usize = 1 << 18;

/// Sums up the first of these traces, in their order, from all of their spans; at least one. `filter`
/// and `range` tell which of the spans matched.
pub fn summaries(
    snapshot: &Snapshot,
    trace_ids: &[[u8; 16]],
    filter: &Filter,
    range: TimeRange,
    budget: &Budget,
) -> Result<Vec<TraceSummary>, Error> {
    let mut columns = filter.columns();
    columns.extend(OF_TRACE);
    let columns: Vec<&str> = columns.into_iter().collect();
    let keys: Vec<&str> = filter.attributes().into_iter().collect();
    let keys = (!filter.all_attributes()).then_some(keys.as_slice());
    let read = snapshot.traces(trace_ids, Some(&columns), keys, MOST_ROWS);
    let read = read.map_err(|why| budget.told(why))?;
    super::count(&read.batches, budget);
    let views: Vec<View<'_>> = read.batches.iter().map(View::new).collect::<Result<_, _>>()?;
    let matches: Vec<Mask> =
        read.batches.iter().map(|batch| matching(batch, filter, range)).collect::<Result<_, _>>()?;
    let mut rows: HashMap<&[u8], Vec<Place>> = HashMap::new();
    for (at, view) in views.iter().enumerate() {
        (0..view.len())
            .for_each(|row| rows.entry(view.trace_id(row)).or_default().push(Place { view: at, row }));
    }
    let summary = |id: &[u8; 16]| {
        let trace = Trace::new(&views, rows.remove(id.as_slice()).unwrap_or_default());
        let matched = (0..trace.len()).filter(|span| {
            let place = trace.places[*span];
            matches[place.view].contains(place.row)
        });
        of_trace(id, &trace, matched.collect())
    };
    Ok(trace_ids[..read.traces].iter().map(summary).collect())
}

/// The line of a trace of which these spans matched.
pub fn of_trace(trace_id: &[u8; 16], trace: &Trace<'_>, mut matched: Vec<usize>) -> TraceSummary {
    let at = |span: usize| (trace.view(span), trace.places[span].row);
    let service = |span: usize| at(span).0.service(at(span).1).to_owned();
    let name = |span: usize| at(span).0.name(at(span).1).to_owned();
    let is_error = |span: usize| at(span).0.status(at(span).1) == STATUS_ERROR;
    let mut services: BTreeMap<&str, ServiceSpans> = BTreeMap::new();
    for span in 0..trace.len() {
        let of = services.entry(at(span).0.service(at(span).1)).or_default();
        of.spans += 1;
        of.errors += u32::from(is_error(span));
    }
    let named = |(name, of): (&str, ServiceSpans)| ServiceSpans { service: name.to_owned(), ..of };
    let id = |span: usize| at(span).0.span_id(at(span).1);
    matched.sort_by_key(|span| (Reverse(trace.duration_of(*span)), id(*span)));
    matched.dedup();
    matched.truncate(MATCHED);
    let matched_span = |span: usize| MatchedSpan {
        span_id: to_hex(&id(span)),
        service: service(span),
        operation: name(span),
        duration_ns: trace.duration_of(span),
        error: is_error(span),
    };
    let root = trace.root;
    TraceSummary {
        trace_id: to_hex(trace_id),
        root_service: root.map(service).unwrap_or_default(),
        root_operation: root.map(name).unwrap_or_default(),
        has_root: root.is_some_and(|root| at(root).0.parent(at(root).1).is_none()),
        start: UnixNano(trace.start),
        duration_ns: trace.end.saturating_sub(trace.start),
        span_count: trace.len() as u32,
        error_count: (0..trace.len()).filter(|span| is_error(*span)).count() as u32,
        services: services.into_iter().map(named).collect(),
        matched: matched.into_iter().map(matched_span).collect(),
        spansets: Vec::new(),
    }
}

fn matching(batch: &RecordBatch, filter: &Filter, range: TimeRange) -> Result<Mask, Error> {
    let starts: &TimestampNanosecondArray = column(batch, "start_time")?;
    let inside = |row: usize| (range.from.0..range.to.0).contains(&starts.value(row));
    let mut rows = Mask::from_fn(batch.num_rows(), inside);
    filter.apply(batch, &mut rows)?;
    Ok(rows)
}
