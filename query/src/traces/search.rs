//! Traces with a span that passes a filter, newest or slowest first, page by page.
//!
//! The spans are walked for the ids only; then each trace of the page is read whole, wherever its
//! spans lie, so that its summary is that of the trace and not of what matched.

use super::cursor::{TraceCursor, TraceKey};
use super::newest::Newest;
use super::slowest::Slowest;
use super::summary::summaries;
use crate::Error;
use crate::http::run::Budget;
use crate::logs::filter::Filter;
use crate::logs::scan::Scan;
use ocelli_api::TimeRange;
use ocelli_api::traces::TraceSummary;
use ocelli_signal::Signal;
use ocelli_storage::Snapshot;
use std::cmp::Reverse;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// By the start of the newest span that matches.
    Newest,
    /// By the duration of the trace, as far as it lies in the range.
    Slowest,
}

pub struct TraceSearch<'a> {
    pub filter: &'a Filter,
    /// Of the starts of the spans that match.
    pub range: TimeRange,
    pub sort: Sort,
    /// Traces of a page, at least 1.
    pub limit: usize,
    /// Where the page before this one ended.
    pub cursor: Option<TraceCursor>,
    /// Memory for what is known of the traces that are met.
    pub memory_bytes: u64,
}

/// Of a trace that was met: its entry in a hash map, with the room that the map keeps free.
pub const TRACE_BYTES: u64 = 96;

#[derive(Debug, Default)]
pub struct TracePage {
    pub traces: Vec<TraceSummary>,
    /// None when this is the last page.
    pub next: Option<TraceCursor>,
    /// Why traces may be missing, if so.
    pub partial: Option<String>,
}

pub fn search(snapshot: &Snapshot, search: &TraceSearch<'_>, budget: &Budget) -> Result<TracePage, Error> {
    let wanted = search.limit + 1;
    let (mut keys, partial) = match search.sort {
        Sort::Newest => newest(snapshot, search, wanted, budget)?,
        Sort::Slowest => slowest(snapshot, search, budget)?,
    };
    best(&mut keys, wanted);
    let more = keys.len() > search.limit;
    keys.truncate(search.limit);
    let mut page = TracePage { partial, ..TracePage::default() };
    let ids: Vec<[u8; 16]> = keys.iter().map(|key| key.trace_id).collect();
    while page.traces.len() < ids.len() {
        match budget.check() {
            Err(Error::Timeout(after)) => {
                let (done, all) = (page.traces.len(), keys.len());
                page.partial.get_or_insert_with(|| {
                    format!(
                        "the query was stopped after {} s with {done} of {all} traces; ask for fewer",
                        after.as_secs_f64()
                    )
                });
                return Ok(page);
            }
            outcome => outcome?,
        }
        let left = &ids[page.traces.len()..];
        page.traces.extend(summaries(snapshot, left, search.filter, search.range, budget)?);
    }
    // Traces that were not looked at may come before the last one here.
    let given = search.cursor.map_or(0, |cursor| cursor.given) + keys.len();
    let next = keys.last().map(|last| TraceCursor { last: *last, given });
    page.next = next.filter(|_| more && page.partial.is_none());
    Ok(page)
}

/// The ids of a page of the newest traces, for who reads them in a way of its own.
pub fn newest_ids(
    snapshot: &Snapshot,
    search: &TraceSearch<'_>,
    budget: &Budget,
) -> Result<(Vec<[u8; 16]>, Option<String>), Error> {
    let (mut keys, partial) = newest(snapshot, search, search.limit, budget)?;
    best(&mut keys, search.limit);
    Ok((keys.into_iter().map(|key| key.trace_id).collect(), partial))
}

/// Keys of the traces behind the cursor, and why some may be missing.
type Found = (Vec<TraceKey>, Option<String>);

/// Traces of earlier pages are met again, from the end of the range on: only then is it known that
/// an old match belongs to a trace that was given for a newer one.
fn newest(
    snapshot: &Snapshot,
    search: &TraceSearch<'_>,
    wanted: usize,
    budget: &Budget,
) -> Result<Found, Error> {
    let (filter, signal, range) = (search.filter, Signal::Spans, search.range);
    let sources = snapshot.sources(signal, range.from.0, range.to.0);
    let mut traces = search.cursor.map_or(0, |cursor| cursor.given) + wanted;
    loop {
        let mut newest = Newest::new(traces, search.most_traces());
        let scan =
            Scan { filter, signal, range, columns: &["trace_id"], attributes: &[], newest_first: true };
        let partial = scan.run_nearest(&sources, budget, &mut newest)?;
        let (keys, more) = newest.into_keys();
        let keys = search.behind_cursor(keys);
        if keys.len() >= wanted || !more || partial.is_some() {
            return Ok((keys, partial));
        }
        // Newer traces have arrived since the page before; look further.
        traces *= 2;
    }
}

fn slowest(snapshot: &Snapshot, search: &TraceSearch<'_>, budget: &Budget) -> Result<Found, Error> {
    let (filter, signal, range) = (search.filter, Signal::Spans, search.range);
    let sources = snapshot.sources(signal, range.from.0, range.to.0);
    let mut slowest = Slowest::new(search.most_traces());
    let columns = &["trace_id", "end_time"];
    let scan = Scan { filter, signal, range, columns, attributes: &[], newest_first: false };
    let partial = scan.run(&sources, budget, &mut slowest)?;
    Ok((search.behind_cursor(slowest.into_keys()), partial))
}

impl TraceSearch<'_> {
    fn most_traces(&self) -> usize {
        usize::try_from(self.memory_bytes / TRACE_BYTES).unwrap_or(usize::MAX)
    }

    fn behind_cursor(&self, mut keys: Vec<TraceKey>) -> Vec<TraceKey> {
        keys.retain(|key| self.cursor.is_none_or(|cursor| *key < cursor.last));
        keys
    }
}

/// Adds the batches of a trace to what the query read.
pub fn count(batches: &[arrow::array::RecordBatch], budget: &Budget) {
    for batch in batches {
        budget.scanned(batch.num_rows() as u64, batch.get_array_memory_size() as u64);
    }
}

/// Keeps the greatest `wanted`, in order.
fn best(keys: &mut Vec<TraceKey>, wanted: usize) {
    if keys.len() > wanted {
        keys.select_nth_unstable_by_key(wanted - 1, |key| Reverse(*key));
        keys.truncate(wanted);
    }
    keys.sort_unstable_by_key(|key| Reverse(*key));
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
