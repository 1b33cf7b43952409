//! A fair sample of the spans of each side.

use super::Explain;
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::mask::Mask;
use crate::logs::filter::{Filter, column};
use crate::logs::scan::{Chunk, Collector, Scan};
use crate::traces::slowest::id_of;
use crate::traces::traceql::eval::View;
use crate::traces::traceql::{Evaluator, all_ids, narrow};
use arrow::array::FixedSizeBinaryArray;
use ocelli_api::TimeRange;
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use std::collections::HashSet;

/// A span where it lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampledSpan {
    /// Index into the sources of the range.
    pub source: usize,
    pub row: u32,
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    pub duration: i64,
}

/// Every span has the same chance to be in it (Vitter's algorithm R). The same spans give the same
/// sample, so that an answer can be asked for again.
pub struct Sample {
    pub spans: Vec<SampledSpan>,
    pub total: u64,
    sum_ns: f64,
    most: usize,
    random: u64,
}

impl Sample {
    pub fn new(most: usize, seed: u64) -> Sample {
        Sample { spans: Vec::new(), total: 0, sum_ns: 0.0, most, random: seed }
    }

    pub fn offer(&mut self, span: SampledSpan) {
        self.total += 1;
        self.sum_ns += span.duration as f64;
        if self.spans.len() < self.most {
            self.spans.push(span);
            return;
        }
        let at = self.below(self.total);
        if let Some(place) = usize::try_from(at).ok().and_then(|at| self.spans.get_mut(at)) {
            *place = span;
        }
    }

    /// SplitMix64.
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    pub fn mean_ns(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.sum_ns / self.total as f64 }
    }

    /// p50, p95 and p99 of the durations in the sample.
    pub fn quantiles(&self) -> [i64; 3] {
        let mut durations: Vec<i64> = self.spans.iter().map(|span| span.duration).collect();
        durations.sort_unstable();
        [0.5, 0.95, 0.99].map(|share| {
            let rank = (share * durations.len() as f64).ceil() as usize;
            durations.get(rank.max(1) - 1).copied().unwrap_or_default()
        })
    }
}

/// Which spans are selected.
pub enum Selected {
    /// Those that pass.
    Filter(Filter),
    /// Those that a query over whole traces left.
    Spans(HashSet<([u8; 16], [u8; 8])>),
}

impl Selected {
    /// Also tells why spans may be missing.
    pub fn of(
        snapshot: &Snapshot,
        asked: &Explain<'_>,
        budget: &Budget,
    ) -> Result<(Selected, Option<String>), Error> {
        let narrowed = narrow::pipeline(&asked.selection.pipeline);
        if narrowed.exact {
            return Ok((Selected::Filter(narrowed.answer), None));
        }
        let evaluator = Evaluator::of_query(asked.selection, asked.range);
        let found = all_ids(snapshot, &narrowed, asked.range, asked.memory_bytes, budget)?;
        let (mut spans, mut left) = (HashSet::new(), found.ids.as_slice());
        while !left.is_empty() {
            let some = &left[..left.len().min(crate::traces::traceql::MOST_TRACES)];
            let done = evaluator.evaluate(snapshot, some, budget, &mut |at, trace, spansets| {
                for span in spansets.into_iter().flat_map(|spanset| spanset.spans) {
                    budget.keep(64)?;
                    spans.insert((some[at], trace.view(span).span_id(trace.places[span].row)));
                }
                Ok(())
            })?;
            left = &left[done..];
        }
        Ok((Selected::Spans(spans), found.partial))
    }
}

/// Enters the spans of a scope: what is selected into the first sample, all else into the second;
/// everything into the second without a selection.
pub fn fill(
    snapshot: &Snapshot,
    scope: &Filter,
    range: TimeRange,
    selected: Option<&Selected>,
    samples: &mut [Sample; 2],
    budget: &Budget,
) -> Result<Option<String>, Error> {
    let sources = snapshot.sources(Signal::Spans, range.from.0, range.to.0);
    let mut columns = vec!["trace_id", "span_id", "end_time"];
    let mut attributes = Vec::new();
    if let Some(Selected::Filter(filter)) = selected {
        columns.extend(filter.columns());
        attributes.extend(filter.attributes().into_iter().map(str::to_owned));
    }
    let (columns, attributes) = (columns.as_slice(), attributes.as_slice());
    let scan = Scan { filter: scope, signal: Signal::Spans, range, columns, attributes, newest_first: false };
    scan.run(&sources, budget, &mut Fill { selected, samples })
}

struct Fill<'a> {
    selected: Option<&'a Selected>,
    samples: &'a mut [Sample; 2],
}

impl Collector for Fill<'_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let view = View::new(chunk.batch)?;
        let ids: &FixedSizeBinaryArray = column(chunk.batch, "trace_id")?;
        let passing = match self.selected {
            Some(Selected::Filter(filter)) => {
                let mut passing = chunk.passed.clone();
                filter.apply(chunk.batch, &mut passing)?;
                passing
            }
            Some(Selected::Spans(spans)) => {
                let mut passing = chunk.passed.clone();
                passing.retain(|row| spans.contains(&(id_of(ids, row), view.span_id(row))));
                passing
            }
            None => Mask::none(chunk.batch.num_rows()),
        };
        for row in chunk.passed.iter() {
            let side = usize::from(!passing.contains(row));
            self.samples[side].offer(SampledSpan {
                source: chunk.source,
                row: chunk.rows[row],
                trace_id: id_of(ids, row),
                span_id: view.span_id(row),
                duration: view.duration(row),
            });
        }
        Ok(())
    }
}
