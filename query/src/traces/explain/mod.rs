//! What sets some spans apart from others: which attributes, and which part of the path.
//!
//! Spans of a scope (a service, an operation) are parted into a selection and a baseline. A sample of
//! each, of fixed size, is compared attribute by attribute and path by path; the answer says how
//! many spans there are and how many were looked at.

mod paths;
mod sample;
mod score;
mod tally;

use super::traceql::{Query, narrow};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::TimeRange;
use ocelli_api::explain::{ExplainResponse, ExplainedSide};
use ocelli_storage::Snapshot;
use sample::{Sample, Selected};

/// Spans of one side that attributes are counted of: a share is off by a percent at most.
const SAMPLE_SPANS: usize = 20_000;
/// Spans of one side whose traces are read whole.
const PATH_SPANS: usize = 500;

pub struct Explain<'a> {
    /// What selection and baseline have in common.
    pub scope: &'a Query,
    pub selection: &'a Query,
    pub range: TimeRange,
    /// All of the scope in another range; what is not selected in the same one for `None`.
    pub baseline: Option<TimeRange>,
    /// Attributes of the answer.
    pub limit: usize,
    pub memory_bytes: u64,
}

/// Compares; `stats` is the caller's but for `partial`.
pub fn explain(snapshot: &Snapshot, asked: &Explain<'_>, budget: &Budget) -> Result<ExplainResponse, Error> {
    let scope = narrow::pipeline(&asked.scope.pipeline).answer;
    let (selected, mut partial) = Selected::of(snapshot, asked, budget)?;
    let mut samples = [Sample::new(SAMPLE_SPANS, 1), Sample::new(SAMPLE_SPANS, 2)];
    let more = sample::fill(snapshot, &scope, asked.range, Some(&selected), &mut samples, budget)?;
    partial = partial.or(more);
    if let Some(range) = asked.baseline {
        samples[1] = Sample::new(SAMPLE_SPANS, 2);
        let more = sample::fill(snapshot, &scope, range, None, &mut samples, budget)?;
        partial = partial.or(more);
    }
    let baseline_range = asked.baseline.unwrap_or(asked.range);
    let ranges = [asked.range, baseline_range];
    let mut tally = tally::Tally::default();
    for (side, sample) in samples.iter().enumerate() {
        tally.take(snapshot, ranges[side], side, sample, budget)?;
    }
    let paths = paths::compare(snapshot, &samples, PATH_SPANS, budget)?;
    let [selection, baseline] = &samples;
    let mut response = ExplainResponse {
        range: asked.range,
        baseline_range,
        selection: side(selection, paths.spans[0]),
        baseline: side(baseline, paths.spans[1]),
        attributes: tally.finish(asked.limit),
        path: paths.operations,
        ..ExplainResponse::default()
    };
    response.stats.partial = partial;
    Ok(response)
}

fn side(sample: &Sample, path_spans: u64) -> ExplainedSide {
    let [p50_ns, p95_ns, p99_ns] = sample.quantiles();
    ExplainedSide {
        spans: sample.total,
        looked_at: sample.spans.len() as u64,
        path_spans,
        mean_ns: sample.mean_ns(),
        p50_ns,
        p95_ns,
        p99_ns,
    }
}

#[cfg(test)]
mod tests;
