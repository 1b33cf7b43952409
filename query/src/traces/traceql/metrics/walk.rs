//! Which spans a metrics query is about: walks columns where that is enough, else trace by trace.

use super::compare::Comparison;
use super::groups::Groups;
use super::{MAX_POINTS, MetricsAnswer, MetricsSearch, Series, Steps, second};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::{AllAttributes, Filter};
use crate::logs::scan::{Chunk, Collector, Mergeable, Scan};
use crate::traces::traceql::ast::{Function, Metrics};
use crate::traces::traceql::candidates::{AllIds, all_ids};
use crate::traces::traceql::eval::{Needs, SpanRef, View};
use crate::traces::traceql::narrow;
use crate::traces::traceql::read::{Evaluator, MOST_TRACES};
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use std::collections::BTreeSet;
use std::sync::Arc;

pub fn metrics(
    snapshot: &Snapshot,
    search: &MetricsSearch<'_>,
    budget: &Budget,
) -> Result<MetricsAnswer, Error> {
    let Some(metrics) = &search.query.metrics else {
        return Err(Error::bad_query("the query makes no series; add | rate() or another function"));
    };
    let steps = Steps::over(search.range, search.step_ns, search.most_steps)?;
    let mut sink = match &metrics.function {
        Function::Compare { selection, top, between } => {
            Sink::Comparison(Comparison::new(selection, *top, *between, steps))
        }
        _ => Sink::Groups(Groups::new(search, metrics, steps)),
    };
    let narrowed = narrow::pipeline(&search.query.pipeline);
    let needs = needs_of(metrics, search.exemplars > 0);
    let partial = if narrowed.exact && !needs.whole_trace {
        let (walked, partial) = walk_columns(snapshot, search, narrowed.answer, needs, sink, budget)?;
        sink = walked;
        partial
    } else {
        walk_traces(snapshot, search, &narrowed, &mut sink, budget)?
    };
    let mut series = match sink {
        Sink::Groups(groups) => groups.finish(search, budget)?,
        Sink::Comparison(comparison) => comparison.finish(),
    };
    // First of all, so that it does not hang on the order of spans which of equal series is kept.
    series.sort_by_cached_key(|series| {
        let labels = series.labels.iter().map(|(name, value)| (name.clone(), value.to_string()));
        labels.collect::<Vec<_>>()
    });
    let series = second::apply(series, &metrics.then);
    check_points(&series, steps)?;
    Ok(MetricsAnswer { steps, series, partial })
}

fn check_points(series: &[Series], steps: Steps) -> Result<(), Error> {
    if series.len().saturating_mul(steps.count) <= MAX_POINTS {
        return Ok(());
    }
    Err(Error::LimitExceeded(format!(
        "the answer would have {} series of {} points, and {MAX_POINTS} points is the limit; ask for a longer \
         step, group by less, or add | topk(10)",
        series.len(),
        steps.count
    )))
}

/// What is looked at besides the filter.
fn needs_of(metrics: &Metrics, exemplars: bool) -> Needs {
    let mut needs = Needs::default();
    needs.columns.insert("start_time");
    needs.function(&metrics.function);
    metrics.by.iter().for_each(|by| needs.attribute(by));
    if exemplars {
        needs.columns.extend(["trace_id", "span_id", "end_time"]);
    }
    needs
}

enum Sink<'q> {
    Groups(Groups<'q>),
    Comparison(Comparison<'q>),
}

impl<'q> Sink<'q> {
    fn add<'a>(&mut self, span: &SpanRef<'_, 'a>, budget: &Budget) -> Result<(), Error>
    where
        'q: 'a,
    {
        match self {
            Sink::Groups(groups) => groups.add(span, budget),
            Sink::Comparison(comparison) => comparison.add(span, budget),
        }
    }

    fn fork(&self) -> Sink<'q> {
        match self {
            Sink::Groups(groups) => Sink::Groups(groups.fork()),
            Sink::Comparison(comparison) => Sink::Comparison(comparison.fork()),
        }
    }

    fn merge(&mut self, other: Sink<'q>) -> Result<(), Error> {
        match (self, other) {
            (Sink::Groups(own), Sink::Groups(more)) => own.merge(more),
            (Sink::Comparison(own), Sink::Comparison(more)) => own.merge(more),
            _ => Ok(()),
        }
    }
}

fn walk_columns<'q>(
    snapshot: &Snapshot,
    search: &MetricsSearch<'q>,
    answer: Filter,
    needs: Needs,
    sink: Sink<'q>,
    budget: &Budget,
) -> Result<(Sink<'q>, Option<String>), Error> {
    let (signal, range) = (Signal::Spans, search.range);
    let attributes: Vec<String> = needs.keys.into_iter().collect();
    let columns: Vec<&'static str> = needs.columns.into_iter().collect();
    let filter = match needs.all_keys {
        true => Filter::And(vec![answer, Filter::Rows(Arc::new(AllAttributes))]),
        false => answer,
    };
    let sources = snapshot.sources(signal, range.from.0, range.to.0);
    let scan = Scan {
        filter: &filter,
        signal,
        range,
        columns: &columns,
        attributes: &attributes,
        newest_first: false,
    };
    let mut spans = Spans { sink, budget };
    let partial = scan.run_on_cores(&sources, budget, &mut spans)?;
    Ok((spans.sink, partial))
}

struct Spans<'s, 'q> {
    sink: Sink<'q>,
    budget: &'s Budget,
}

impl Collector for Spans<'_, '_> {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        let view = View::new(chunk.batch)?;
        chunk.passed.iter().try_for_each(|row| self.sink.add(&SpanRef::of_row(&view, row), self.budget))
    }
}

impl Mergeable for Spans<'_, '_> {
    fn fork(&self) -> Self {
        Spans { sink: self.sink.fork(), budget: self.budget }
    }

    fn merge(&mut self, other: Self) -> Result<(), Error> {
        self.sink.merge(other.sink)
    }
}

/// Evaluates every trace that may match, and enters each of the spans that are left once.
fn walk_traces<'q>(
    snapshot: &Snapshot,
    search: &MetricsSearch<'q>,
    narrowed: &narrow::Narrowed,
    sink: &mut Sink<'q>,
    budget: &Budget,
) -> Result<Option<String>, Error> {
    let evaluator = Evaluator::of_query(search.query, search.range);
    let AllIds { ids, mut partial } = all_ids(snapshot, narrowed, search.range, search.memory_bytes, budget)?;
    let mut left = ids.as_slice();
    while !left.is_empty() {
        let some = &left[..left.len().min(MOST_TRACES)];
        let read = evaluator.evaluate(snapshot, some, budget, &mut |_, trace, spansets| {
            let spans: BTreeSet<usize> = spansets.into_iter().flat_map(|spanset| spanset.spans).collect();
            spans.into_iter().try_for_each(|span| sink.add(&SpanRef::of_trace(trace, span), budget))
        });
        match read {
            Ok(done) => left = &left[done..],
            Err(Error::Timeout(after)) => {
                let (done, all) = (ids.len() - left.len(), ids.len());
                partial.get_or_insert_with(|| {
                    format!(
                        "the query was stopped after {} s, having read {done} of {all} traces; narrow the range or the query",
                        after.as_secs_f64()
                    )
                });
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(partial)
}
