//! Which part of the path got longer: the critical paths of the spans of each side, by operation.

use super::sample::{Sample, SampledSpan};
use crate::Error;
use crate::http::run::Budget;
use crate::traces::path;
use crate::traces::traceql::eval::{OF_TRACE, Place, Trace, View};
use ocelli_api::explain::ExplainedOperation;
use ocelli_storage::Snapshot;
use std::collections::{BTreeMap, HashMap};

/// Spans that are read at once.
const MOST_ROWS: usize = 1 << 18;

pub struct Paths {
    /// Spans whose path was walked, of selection and baseline.
    pub spans: [u64; 2],
    /// The greatest difference first. What an operation has of the path, mean over the spans of a
    /// side; so the sum of the differences is that of the mean durations.
    pub operations: Vec<ExplainedOperation>,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    critical_ns: f64,
    calls: u64,
}

type Operations = BTreeMap<(String, String), [Sums; 2]>;

pub fn compare(
    snapshot: &Snapshot,
    samples: &[Sample; 2],
    most: usize,
    budget: &Budget,
) -> Result<Paths, Error> {
    let (mut spans, mut operations) = ([0; 2], Operations::new());
    for (side, sample) in samples.iter().enumerate() {
        // The places of a sample are as random as what is in it, but for those that were never
        // replaced, which are in the order of the rows: take a spread.
        let stride = sample.spans.len().div_ceil(most).max(1);
        let mut of_trace: HashMap<[u8; 16], Vec<&SampledSpan>> = HashMap::new();
        let chosen = sample.spans.iter().step_by(stride);
        chosen.for_each(|span| of_trace.entry(span.trace_id).or_default().push(span));
        let mut ids: Vec<[u8; 16]> = of_trace.keys().copied().collect();
        ids.sort_unstable();
        let mut left = ids.as_slice();
        while !left.is_empty() {
            budget.check()?;
            let read = snapshot.traces(left, Some(&OF_TRACE), Some(&[]), MOST_ROWS);
            let read = read.map_err(|why| budget.told(why))?;
            crate::traces::count(&read.batches, budget);
            let views: Vec<View<'_>> = read.batches.iter().map(View::new).collect::<Result<_, _>>()?;
            let mut rows: HashMap<&[u8], Vec<_>> = HashMap::new();
            for id in &left[..read.traces] {
                rows.insert(id, Vec::new());
            }
            for (at, view) in views.iter().enumerate() {
                for row in 0..view.len() {
                    if let Some(of) = rows.get_mut(view.trace_id(row)) {
                        of.push(Place { view: at, row });
                    }
                }
            }
            for id in &left[..read.traces] {
                let trace = Trace::new(&views, rows.remove(id.as_slice()).unwrap_or_default());
                for span in of_trace.get(id).into_iter().flatten() {
                    spans[side] += u64::from(add(&trace, span, side, &mut operations));
                }
            }
            left = &left[read.traces..];
        }
    }
    Ok(Paths { spans, operations: explained(operations, spans) })
}

/// Enters the critical path of a span; false where its trace does not have it.
fn add(trace: &Trace<'_>, side_span: &SampledSpan, side: usize, operations: &mut Operations) -> bool {
    let is_it = |span: &usize| trace.view(*span).span_id(trace.places[*span].row) == side_span.span_id;
    let Some(root) = (0..trace.len()).find(is_it) else { return false };
    let bounds = |span: usize| {
        let start = trace.start_of(span);
        (start, start.saturating_add(trace.duration_of(span)))
    };
    let (start, end): (Vec<i64>, Vec<i64>) = (0..trace.len()).map(bounds).unzip();
    let key = |span: usize| {
        let (view, row) = (trace.view(span), trace.places[span].row);
        (view.service(row).to_owned(), view.name(row).to_owned())
    };
    for segment in path::of_span(&trace.layout, &start, &end, root) {
        let of = &mut operations.entry(key(segment.row as usize)).or_default()[side];
        of.critical_ns += segment.end.saturating_sub(segment.start) as f64;
    }
    for span in trace.subtree(root) {
        operations.entry(key(span)).or_default()[side].calls += 1;
    }
    true
}

fn explained(operations: Operations, spans: [u64; 2]) -> Vec<ExplainedOperation> {
    let mean = |sum: f64, side: usize| if spans[side] == 0 { 0.0 } else { sum / spans[side] as f64 };
    let mut all: Vec<ExplainedOperation> = operations
        .into_iter()
        .map(|((service, operation), sums)| {
            let (selection_ns, baseline_ns) = (mean(sums[0].critical_ns, 0), mean(sums[1].critical_ns, 1));
            ExplainedOperation {
                service,
                operation,
                selection_ns,
                baseline_ns,
                difference_ns: selection_ns - baseline_ns,
                selection_calls: mean(sums[0].calls as f64, 0),
                baseline_calls: mean(sums[1].calls as f64, 1),
            }
        })
        .collect();
    all.sort_by(|a, b| b.difference_ns.abs().total_cmp(&a.difference_ns.abs()));
    all.truncate(200);
    all
}
