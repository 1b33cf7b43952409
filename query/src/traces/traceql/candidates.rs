//! Which traces may match, newest or slowest first, and which of them do.

use super::ast::Query;
use super::eval::{SpansetResult, Trace};
use super::narrow::{self, Narrowed};
use super::read::{Evaluator, summary_bytes};
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::Filter;
use crate::logs::scan::{Chunk, Collector, Mergeable, Scan};
use crate::traces::cursor::{TraceCursor, TraceKey};
use crate::traces::newest::Newest;
use crate::traces::search::{Sort, TRACE_BYTES, TracePage};
use crate::traces::slowest::{Slowest, check_most, id_of};
use arrow::array::FixedSizeBinaryArray;
use ocelli_api::TimeRange;
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

pub struct TraceqlSearch<'a> {
    pub query: &'a Query,
    /// Of the starts of the spans that match.
    pub range: TimeRange,
    pub sort: Sort,
    /// Traces of a page, at least 1.
    pub limit: usize,
    /// Where the page before this one ended.
    pub cursor: Option<TraceCursor>,
    /// Spans that are shown of a spanset.
    pub spans: usize,
    /// Memory for what is known of the traces that are met.
    pub memory_bytes: u64,
}

/// So many more traces are looked for where some of them may not match.
const WIDEN: usize = 4;
/// And so many at first.
const SOME_TRACES: usize = if cfg!(test) { 8 } else { 256 };
/// When so many did not match it pays to ask which have what a match needs.
const MANY_TRACES: usize = if cfg!(test) { 20 } else { 2_048 };

/// A page of the traces that match. Newest is by the start of the newest span that passes one of
/// the filters that an answer's spans must pass.
pub fn search(snapshot: &Snapshot, search: &TraceqlSearch<'_>, budget: &Budget) -> Result<TracePage, Error> {
    let evaluator = Evaluator::new(search);
    let mut traces = Vec::new();
    let found = walk(snapshot, search, &evaluator, budget, &mut |trace_id, trace, spansets| {
        let summary = evaluator.summary(trace_id, trace, spansets);
        budget.keep(summary_bytes(&summary))?;
        traces.push(summary);
        Ok(())
    })?;
    let given = search.cursor.map_or(0, |cursor| cursor.given) + traces.len();
    let next = found.last.map(|last| TraceCursor { last, given });
    Ok(TracePage {
        next: next.filter(|_| found.more && found.partial.is_none()),
        traces,
        partial: found.partial,
    })
}

/// Called with every trace that matches, in order, and what is left of it.
pub type EachMatch<'f> = dyn FnMut(&[u8; 16], &Trace<'_>, &[SpansetResult<'_>]) -> Result<(), Error> + 'f;

/// How a walk ended.
pub struct Walked {
    /// The last trace that was given.
    pub last: Option<TraceKey>,
    /// There are more that match.
    pub more: bool,
    /// Why traces may be missing, if so.
    pub partial: Option<String>,
}

/// Gives up to `limit` traces that match, in the order of `sort`.
pub fn walk(
    snapshot: &Snapshot,
    search: &TraceqlSearch<'_>,
    evaluator: &Evaluator<'_>,
    budget: &Budget,
    each: &mut EachMatch<'_>,
) -> Result<Walked, Error> {
    let narrowed = narrow::pipeline(&search.query.pipeline);
    let found = Found { wanted: search.limit + 1, traces: Vec::new(), tried: HashSet::new(), partial: None };
    let mut walk = Walk { snapshot, search, budget, narrowed, evaluator, found, each };
    match search.sort {
        Sort::Newest => walk.newest()?,
        Sort::Slowest => walk.slowest()?,
    }
    let Found { mut traces, partial, .. } = walk.found;
    let more = traces.len() > search.limit;
    traces.truncate(search.limit);
    Ok(Walked { last: traces.pop(), more, partial })
}

/// The traces that match, in order.
struct Found {
    wanted: usize,
    traces: Vec<TraceKey>,
    tried: HashSet<[u8; 16]>,
    partial: Option<String>,
}

struct Walk<'a, 'f> {
    snapshot: &'a Snapshot,
    search: &'a TraceqlSearch<'a>,
    budget: &'a Budget,
    narrowed: Narrowed,
    evaluator: &'a Evaluator<'a>,
    found: Found,
    each: &'a mut EachMatch<'f>,
}

impl Walk<'_, '_> {
    /// Looks for more and more of the newest traces that may match, until enough do.
    fn newest(&mut self) -> Result<(), Error> {
        let given = self.search.cursor.map_or(0, |cursor| cursor.given);
        let mut traces = given + self.found.wanted;
        if !self.narrowed.exact {
            traces = traces.saturating_mul(WIDEN).max(SOME_TRACES);
        }
        let mut only: Option<Arc<HashSet<[u8; 16]>>> = None;
        loop {
            let collector = Newest::new(traces, self.most_traces());
            let collector = match &only {
                Some(ids) => collector.among(ids),
                None => collector,
            };
            let (keys, more) = self.scan_newest(collector)?;
            self.evaluate(keys)?;
            if self.found.traces.len() >= self.found.wanted || !more || self.found.partial.is_some() {
                return Ok(());
            }
            if only.is_none() && !self.narrowed.exact && self.found.tried.len() >= MANY_TRACES {
                only = self.in_all_required()?;
            }
            traces = traces.saturating_mul(WIDEN);
        }
    }

    fn scan_newest(&mut self, mut newest: Newest<'_>) -> Result<(Vec<TraceKey>, bool), Error> {
        let range = self.search.range;
        let sources = self.snapshot.sources(Signal::Spans, range.from.0, range.to.0);
        let scan = Scan { newest_first: true, ..scan(&self.narrowed.answer, range, &["trace_id"]) };
        self.found.partial = scan.run_nearest(&sources, self.budget, &mut newest)?;
        Ok(newest.into_keys())
    }

    fn slowest(&mut self) -> Result<(), Error> {
        let range = self.search.range;
        let sources = self.snapshot.sources(Signal::Spans, range.from.0, range.to.0);
        let mut slowest = Slowest::new(self.most_traces());
        let scan = scan(&self.narrowed.answer, range, &["trace_id", "end_time"]);
        self.found.partial = scan.run(&sources, self.budget, &mut slowest)?;
        self.evaluate(slowest.into_keys())
    }

    /// Evaluates the traces of these keys that lie behind the cursor and were not tried, greatest
    /// first, until there are enough.
    fn evaluate(&mut self, mut keys: Vec<TraceKey>) -> Result<(), Error> {
        let cursor = self.search.cursor;
        keys.retain(|key| {
            cursor.is_none_or(|cursor| *key < cursor.last) && !self.found.tried.contains(&key.trace_id)
        });
        keys.sort_unstable_by_key(|key| Reverse(*key));
        let mut left = keys.as_slice();
        while !left.is_empty() && self.found.traces.len() < self.found.wanted {
            let missing = self.found.wanted - self.found.traces.len();
            let few = if self.narrowed.exact { missing } else { (missing * 2).max(64) };
            let ids: Vec<[u8; 16]> =
                left.iter().take(few.min(super::read::MOST_TRACES)).map(|key| key.trace_id).collect();
            let (each, found, limit) = (&mut self.each, &mut self.found.traces, self.search.limit);
            let read =
                self.evaluator.evaluate(self.snapshot, &ids, self.budget, &mut |at, trace, spansets| {
                    // One more than is wanted tells that there are more.
                    if spansets.is_empty() || found.len() > limit {
                        return Ok(());
                    }
                    found.push(left[at]);
                    if found.len() <= limit { each(&left[at].trace_id, trace, &spansets) } else { Ok(()) }
                });
            let done = match read {
                Err(Error::Timeout(after)) => {
                    let (found, tried) = (self.found.traces.len(), self.found.tried.len());
                    self.found.partial.get_or_insert_with(|| {
                        format!(
                            "the query was stopped after {} s, with {found} traces of {tried} that were looked at; \
                             narrow the range or the query",
                            after.as_secs_f64()
                        )
                    });
                    return Ok(());
                }
                outcome => outcome?,
            };
            self.found.tried.extend(&ids[..done]);
            left = &left[done..];
        }
        Ok(())
    }

    fn most_traces(&self) -> usize {
        usize::try_from(self.search.memory_bytes / TRACE_BYTES).unwrap_or(usize::MAX)
    }

    /// See [`in_all_required`]; worked out only when the newest traces did not match.
    fn in_all_required(&mut self) -> Result<Option<Arc<HashSet<[u8; 16]>>>, Error> {
        let filters = std::mem::take(&mut self.narrowed.required);
        if filters.len() < 2 {
            return Ok(None);
        }
        let (ids, partial) =
            in_all_required(self.snapshot, &filters, self.search.range, self.most_traces() / 2, self.budget)?;
        self.found.partial = self.found.partial.take().or(partial);
        Ok(ids)
    }
}

/// A walk over spans in any order.
fn scan<'a>(filter: &'a Filter, range: TimeRange, columns: &'a [&'static str]) -> Scan<'a> {
    Scan { filter, signal: Signal::Spans, range, columns, attributes: &[], newest_first: false }
}

/// The ids that are left, and why some may be missing.
type Narrow = (Option<Arc<HashSet<[u8; 16]>>>, Option<String>);

/// The traces that have, for each of the filters, a span that passes it; `None` where that are too
/// many to be remembered. Costs a pass over the range for each.
fn in_all_required(
    snapshot: &Snapshot,
    filters: &[Filter],
    range: TimeRange,
    most: usize,
    budget: &Budget,
) -> Result<Narrow, Error> {
    let sources = snapshot.sources(Signal::Spans, range.from.0, range.to.0);
    let (mut ids, mut partial) = (None, None);
    for filter in filters.iter().filter(|filter| !matches!(filter, Filter::All)) {
        let mut of_filter = Ids::new(ids.take(), most);
        partial =
            scan(filter, range, &["trace_id"]).run_on_cores(&sources, budget, &mut of_filter)?.or(partial);
        ids = if of_filter.too_many { of_filter.only } else { Some(Arc::new(of_filter.ids)) };
    }
    Ok((ids, partial))
}

/// Traces that may match.
pub struct AllIds {
    pub ids: Vec<[u8; 16]>,
    /// Why some may be missing.
    pub partial: Option<String>,
}

/// All traces of a range that may match, in no order. More than there is memory for is an error.
pub fn all_ids(
    snapshot: &Snapshot,
    narrowed: &Narrowed,
    range: TimeRange,
    memory_bytes: u64,
    budget: &Budget,
) -> Result<AllIds, Error> {
    let most = usize::try_from(memory_bytes / TRACE_BYTES).unwrap_or(usize::MAX);
    let (only, mut partial) = in_all_required(snapshot, &narrowed.required, range, most / 2, budget)?;
    let mut ids = Ids::new(only, most);
    let sources = snapshot.sources(Signal::Spans, range.from.0, range.to.0);
    partial =
        scan(&narrowed.answer, range, &["trace_id"]).run_on_cores(&sources, budget, &mut ids)?.or(partial);
    if ids.too_many {
        check_most(most.saturating_add(1), most)?;
    }
    Ok(AllIds { ids: ids.ids.into_iter().collect(), partial })
}

/// The traces of the rows that pass, as far as they are among others.
struct Ids {
    only: Option<Arc<HashSet<[u8; 16]>>>,
    ids: HashSet<[u8; 16]>,
    most: usize,
    too_many: bool,
}

impl Ids {
    fn new(only: Option<Arc<HashSet<[u8; 16]>>>, most: usize) -> Ids {
        Ids { only, ids: HashSet::new(), most, too_many: false }
    }
}

impl Collector for Ids {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        // Too many ids narrow nothing, so the rest need not be known.
        if self.too_many {
            return Ok(());
        }
        let ids: &FixedSizeBinaryArray = crate::logs::filter::column(chunk.batch, "trace_id")?;
        let passed = chunk.passed.iter().map(|row| id_of(ids, row));
        let only = self.only.as_ref();
        self.ids.extend(passed.filter(|id| only.is_none_or(|only| only.contains(id))));
        self.too_many = self.ids.len() > self.most;
        Ok(())
    }
}

impl Mergeable for Ids {
    fn fork(&self) -> Ids {
        Ids::new(self.only.clone(), self.most)
    }

    fn merge(&mut self, other: Ids) -> Result<(), Error> {
        self.ids.extend(other.ids);
        self.too_many |= other.too_many || self.ids.len() > self.most;
        Ok(())
    }
}

#[cfg(test)]
#[path = "naive_tests.rs"]
mod tests;
