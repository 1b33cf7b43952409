//! Reads traces whole, as far as a query looks at them, and evaluates it.

use super::Value;
use super::ast::{Attribute, Query};
use super::candidates::TraceqlSearch;
use super::eval::{self, Needs, Place, SpanRef, SpansetResult, Trace, View};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::id::to_hex;
use crate::traces::summary::of_trace;
use ocelli_api::traces::{Spanset, SpansetSpan, TraceSummary};
use ocelli_api::{KeyValue, TimeRange, UnixNano};
use ocelli_storage::Snapshot;
use std::collections::HashMap;

/// Traces, and spans of them, that are read at once.
pub const MOST_TRACES: usize = 512;
const MOST_ROWS: usize = 1 << 18;

/// Of a span that is shown, without its texts; of a pair of key and value.
const SPAN_BYTES: usize = 400;
const PAIR_BYTES: usize = 200;

/// Called with the number of a trace among those asked for, the trace, and what is left of it.
pub type Each<'f> = dyn FnMut(usize, &Trace<'_>, Vec<SpansetResult<'_>>) -> Result<(), Error> + 'f;

pub struct Evaluator<'q> {
    query: &'q Query,
    range: TimeRange,
    columns: Vec<&'static str>,
    /// All for `None`.
    keys: Option<Vec<String>>,
    /// Attributes that are shown of spans, with their names.
    shown: Vec<(String, &'q Attribute)>,
    spans: usize,
}

impl<'q> Evaluator<'q> {
    pub fn new(search: &TraceqlSearch<'q>) -> Evaluator<'q> {
        Evaluator { spans: search.spans, ..Evaluator::of_query(search.query, search.range) }
    }

    pub fn of_query(query: &'q Query, range: TimeRange) -> Evaluator<'q> {
        let needs = Needs::of_query(query);
        let shown =
            eval::shown(&query.pipeline).into_iter().map(|shown| (shown.to_string(), shown)).collect();
        let columns = needs.columns.into_iter().collect();
        let keys = (!needs.all_keys).then(|| needs.keys.into_iter().collect());
        Evaluator { query, range, columns, keys, shown, spans: 0 }
    }

    /// The same, with every attribute of the spans and of their resources.
    pub fn with_everything(mut self) -> Evaluator<'q> {
        for column in ["attributes", "resource", "status_message"] {
            if !self.columns.contains(&column) {
                self.columns.push(column);
            }
        }
        Evaluator { keys: None, ..self }
    }

    /// Evaluates the first of these traces, in their order; gives how many.
    pub fn evaluate(
        &self,
        snapshot: &Snapshot,
        trace_ids: &[[u8; 16]],
        budget: &Budget,
        each: &mut Each<'_>,
    ) -> Result<usize, Error> {
        budget.check()?;
        let keys: Option<Vec<&str>> =
            self.keys.as_ref().map(|keys| keys.iter().map(String::as_str).collect());
        let read = snapshot.traces(trace_ids, Some(&self.columns), keys.as_deref(), MOST_ROWS);
        let read = read.map_err(|why| budget.told(why))?;
        crate::traces::count(&read.batches, budget);
        let views: Vec<View<'_>> = read.batches.iter().map(View::new).collect::<Result<_, _>>()?;
        let mut rows: HashMap<&[u8], Vec<Place>> = HashMap::new();
        for (at, view) in views.iter().enumerate() {
            (0..view.len())
                .for_each(|row| rows.entry(view.trace_id(row)).or_default().push(Place { view: at, row }));
        }
        for (at, trace_id) in trace_ids[..read.traces].iter().enumerate() {
            budget.check()?;
            let trace = Trace::new(&views, rows.remove(trace_id.as_slice()).unwrap_or_default());
            let spansets = eval::run(&trace, &self.query.pipeline, self.range);
            each(at, &trace, spansets)?;
        }
        Ok(read.traces)
    }

    /// One line of a list, with the spansets that matched.
    pub fn summary(
        &self,
        trace_id: &[u8; 16],
        trace: &Trace<'_>,
        spansets: &[SpansetResult<'_>],
    ) -> TraceSummary {
        let matched = spansets.iter().flat_map(|spanset| spanset.spans.iter().copied()).collect();
        TraceSummary {
            spansets: spansets.iter().map(|spanset| self.spanset(trace, spanset)).collect(),
            ..of_trace(trace_id, trace, matched)
        }
    }

    fn spanset(&self, trace: &Trace<'_>, spanset: &SpansetResult<'_>) -> Spanset {
        let mut spans = spanset.spans.clone();
        spans.sort_by_key(|span| (trace.start_of(*span), *span));
        spans.truncate(self.spans);
        let shown = |span: usize| {
            let value = |(name, attribute): &(String, &'q Attribute)| {
                let value = SpanRef::of_trace(trace, span).attribute(attribute);
                (!value.is_nil()).then(|| pair(name, &value))
            };
            self.shown.iter().filter_map(value).collect()
        };
        let span = |span: usize| SpansetSpan {
            span_id: to_hex(&trace.view(span).span_id(trace.places[span].row)),
            operation: name(trace, span).to_owned(),
            service: service(trace, span).to_owned(),
            start: UnixNano(trace.start_of(span)),
            duration_ns: trace.duration_of(span),
            attributes: shown(span),
        };
        Spanset {
            matched: spanset.spans.len() as u32,
            attributes: spanset.attributes.iter().map(|(name, value)| pair(name, value)).collect(),
            spans: spans.into_iter().map(span).collect(),
        }
    }
}

/// About what a line of an answer takes, and its text when it is sent.
pub fn summary_bytes(summary: &TraceSummary) -> usize {
    let pairs = |pairs: &[KeyValue]| -> usize {
        pairs.iter().map(|pair| PAIR_BYTES + 2 * (pair.key.len() + pair.value.display().len())).sum()
    };
    let span = |span: &SpansetSpan| {
        SPAN_BYTES + 2 * (span.operation.len() + span.service.len()) + pairs(&span.attributes)
    };
    let spanset =
        |spanset: &Spanset| pairs(&spanset.attributes) + spanset.spans.iter().map(span).sum::<usize>();
    SPAN_BYTES + summary.spansets.iter().map(spanset).sum::<usize>()
}

fn pair(name: &str, value: &Value<'_>) -> KeyValue {
    KeyValue { key: name.to_owned(), value: value.to_api() }
}

fn service<'a>(trace: &Trace<'a>, span: usize) -> &'a str {
    trace.view(span).service(trace.places[span].row)
}

fn name<'a>(trace: &Trace<'a>, span: usize) -> &'a str {
    trace.view(span).name(trace.places[span].row)
}
