//! Log lines, newest or oldest first.

use super::ast::LogQuery;
use super::narrow;
use super::needs::{self, Keys, Needs};
use super::pipeline::{Categories, Labels, run};
use super::rows::LabelRows;
use crate::Error;
use crate::http::run::Budget;
use crate::logs::fetch::{Hit, fetch};
use crate::logs::filter::mask::Mask;
use crate::logs::filter::{Filter, column};
use crate::logs::meter::Meter;
use crate::logs::scan::Scan;
use crate::logs::search::Nearest;
use arrow::array::{RecordBatch, StringArray, TimestampNanosecondArray};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Signal;
use ocelli_storage::{Snapshot, Source};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What a line takes in memory beside its text, about.
const ENTRY_BYTES: usize = 256;

pub struct LineSearch<'a> {
    pub query: &'a LogQuery,
    pub range: TimeRange,
    /// Lines of the answer.
    pub limit: usize,
    /// Oldest first.
    pub forward: bool,
    /// Lines that follow another one sooner are left out; 0 for none.
    pub interval_ns: i64,
}

/// A line as the stages of the query left it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub time: i64,
    pub line: String,
    pub labels: Categories,
}

#[derive(Debug, Default)]
pub struct Lines {
    /// In the order that was asked for.
    pub entries: Vec<Entry>,
    /// Why lines may be missing, if so.
    pub partial: Option<String>,
}

pub fn search(snapshot: &Snapshot, wanted: &LineSearch<'_>, budget: &Budget) -> Result<Lines, Error> {
    let mut lines = Lines::default();
    let mut range = wanted.range;
    let mut meter = Meter::new(budget);
    while lines.entries.len() < wanted.limit && range.from < range.to && lines.partial.is_none() {
        let sources = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1));
        let (hits, partial) = hits(snapshot, &sources, wanted, range, budget)?;
        lines.partial = partial;
        let found = hits.len();
        let kept = spaced(hits, wanted, lines.entries.last().map(|entry| entry.time));
        let Some(last) = kept.last.or(lines.entries.last().map(|entry| entry.time)) else { break };
        read(&sources, &kept.hits, wanted, budget, &mut meter, &mut lines.entries)?;
        if found < wanted.limit || wanted.interval_ns == 0 {
            break;
        }
        match wanted.forward {
            true => range.from = UnixNano(last.saturating_add(wanted.interval_ns)),
            false => range.to = UnixNano(last.saturating_sub(wanted.interval_ns).saturating_add(1)),
        }
    }
    lines.entries.truncate(wanted.limit);
    Ok(lines)
}

/// Rows that pass, in the order that was asked for.
fn hits(
    snapshot: &Snapshot,
    sources: &[Source],
    wanted: &LineSearch<'_>,
    range: TimeRange,
    budget: &Budget,
) -> Result<(Vec<Hit>, Option<String>), Error> {
    let names = needs::names(&wanted.query.stages, Some(BTreeSet::new()));
    let filter = narrow::whole(wanted.query, &Needs::of(snapshot, range, names)?, budget);
    let scan = Scan {
        filter: &filter,
        signal: Signal::Logs,
        range,
        columns: &[],
        attributes: &[],
        newest_first: true,
    };
    let (partial, mut hits) = if wanted.forward {
        let mut oldest = Nearest::of_rows(wanted.limit, |hit| hit.time);
        (scan.run_oldest_first(sources, budget, &mut oldest)?, oldest.into_hits())
    } else {
        let mut newest = Nearest::of_rows(wanted.limit, |hit| !hit.time);
        (scan.run_nearest(sources, budget, &mut newest)?, newest.into_hits())
    };
    if wanted.forward {
        hits.sort_unstable_by_key(|hit| (hit.time, hit.source, hit.row));
    } else {
        hits.sort_unstable_by_key(|hit| (Reverse(hit.time), hit.source, hit.row));
    }
    Ok((hits, partial))
}

struct Spaced {
    hits: Vec<Hit>,
    /// The time of the last one.
    last: Option<i64>,
}

/// Those that are far enough from the one before.
fn spaced(hits: Vec<Hit>, wanted: &LineSearch<'_>, before: Option<i64>) -> Spaced {
    let mut last = before;
    let far = |hit: &Hit| {
        let far = last.is_none_or(|last| hit.time.abs_diff(last) >= wanted.interval_ns.unsigned_abs());
        if far {
            last = Some(hit.time);
        }
        far
    };
    let mut hits: Vec<Hit> = hits.into_iter().filter(far).collect();
    hits.truncate(wanted.limit);
    Spaced { last: hits.last().map(|hit| hit.time), hits }
}

fn read(
    sources: &[Source],
    hits: &[Hit],
    wanted: &LineSearch<'_>,
    budget: &Budget,
    meter: &mut Meter<'_>,
    entries: &mut Vec<Entry>,
) -> Result<(), Error> {
    let mut found: Vec<Option<Entry>> = hits.iter().map(|_| None).collect();
    fetch(sources, hits, budget, &mut |hit, batch, row| {
        let bodies: &StringArray = column(batch, "body")?;
        let rows = LabelRows::of(batch, &Needs::ALL)?;
        let (mut line, mut labels) = (Cow::Borrowed(bodies.value(row)), rows.labels(row));
        let time = hits[hit].time;
        if run(&wanted.query.stages, &mut line, &mut labels, time) {
            // It is held once more while the answer is made of it.
            meter.add(2 * size_of_line(&line, &labels))?;
            found[hit] = Some(Entry { time, line: line.into_owned(), labels: labels.categories() });
        }
        Ok(())
    })?;
    entries.extend(found.into_iter().flatten());
    Ok(())
}

/// Lines of rows as they come in.
pub struct Watch {
    query: LogQuery,
    filter: Filter,
}

impl Watch {
    pub fn new(query: LogQuery) -> Watch {
        Watch { filter: narrow::for_labels(&query, &Keys::All), query }
    }

    /// Those of a batch that come out of the query, as many as there is room for in bytes, of which less
    /// is left then; and how many more there were.
    pub fn passing(&self, batch: &RecordBatch, room_bytes: &mut usize) -> Result<(Vec<Entry>, u64), Error> {
        let mut passed = Mask::all(batch.num_rows());
        self.filter.apply(batch, &mut passed)?;
        let bodies: &StringArray = column(batch, "body")?;
        let times: &TimestampNanosecondArray = column(batch, "time")?;
        let rows = LabelRows::of(batch, &Needs::ALL)?;
        let (mut entries, mut skipped) = (Vec::new(), 0);
        for row in passed.iter() {
            let (mut line, mut labels) = (Cow::Borrowed(bodies.value(row)), rows.labels(row));
            let time = times.value(row);
            if !run(&self.query.stages, &mut line, &mut labels, time) {
                continue;
            }
            let bytes = size_of_line(&line, &labels);
            // What comes after a gap waits behind it, so that a gap is told where it is.
            if skipped > 0 || bytes > *room_bytes {
                skipped += 1;
                *room_bytes = 0;
            } else {
                *room_bytes -= bytes;
                entries.push(Entry { time, line: line.into_owned(), labels: labels.categories() });
            }
        }
        Ok((entries, skipped))
    }
}

fn size_of_line(line: &str, labels: &Labels<'_>) -> usize {
    let text: usize = labels.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
    text + line.len() + ENTRY_BYTES
}
