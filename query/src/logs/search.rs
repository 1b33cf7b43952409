//! The newest records that pass a filter, page by page.

use super::cursor::Cursor;
use super::fetch::{Hit, fetch};
use super::filter::Filter;
use super::record::{answer_bytes, content_hash, logs_of, record};
use super::scan::{Chunk, Collector, Mergeable, Scan};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::logs::LogRecord;
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Signal;
use ocelli_storage::{Snapshot, Source};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

/// Of a hit, while hits are put in order: itself, its hash, and its time among those of others.
const HIT_BYTES: usize = 3 * size_of::<Ordered>();

pub struct LogSearch<'a> {
    pub filter: &'a Filter,
    pub range: TimeRange,
    /// Records of a page, at least 1.
    pub limit: usize,
    /// Beside which the page lies.
    pub cursor: Option<Cursor>,
    pub direction: Direction,
    /// A page ends early above this size; at least one record is given.
    pub page_bytes: usize,
}

/// Which records a page has: those that are older than the cursor, or that are newer; of the whole
/// range without one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    #[default]
    Older,
    Newer,
}

/// Records newest first, in both directions; records of equal time in the order of [`Cursor`].
#[derive(Debug, Default)]
pub struct Page {
    pub records: Vec<LogRecord>,
    /// For the page of older records; None when there are none.
    pub next: Option<Cursor>,
    /// For the page of newer ones, of which some may be still to come.
    pub previous: Option<Cursor>,
    /// Why records may be missing, if so.
    pub partial: Option<String>,
}

pub fn search(snapshot: &Snapshot, search: &LogSearch<'_>, budget: &Budget) -> Result<Page, Error> {
    let newer = search.direction == Direction::Newer;
    let mut range = search.range;
    if let Some(cursor) = search.cursor {
        if newer {
            range.from = UnixNano(range.from.0.max(cursor.time));
        } else {
            range.to = UnixNano(range.to.0.min(cursor.time.saturating_add(1)));
        }
    }
    if range.from >= range.to {
        return Ok(Page { previous: search.cursor.filter(|_| newer), ..Page::default() });
    }
    let sources = snapshot.sources(Signal::Logs, range.from.0, range.to.0.saturating_sub(1));
    let scan = Scan {
        filter: search.filter,
        signal: Signal::Logs,
        range,
        columns: &[],
        attributes: &[],
        newest_first: true,
    };
    let (wanted, cursor_time) = (search.limit + 1, search.cursor.map(|cursor| cursor.time));
    let (partial, hits) = if newer {
        let mut oldest = Nearest::new(wanted, cursor_time, |hit| hit.time);
        (scan.run_oldest_first(&sources, budget, &mut oldest)?, oldest.into_hits())
    } else {
        let mut newest = Nearest::new(wanted, cursor_time, |hit| !hit.time);
        (scan.run_nearest(&sources, budget, &mut newest)?, newest.into_hits())
    };
    let mut ordered = order(&sources, hits, search, budget)?;
    let more = ordered.len() > search.limit;
    let shown = if newer {
        ordered.len().saturating_sub(search.limit)..ordered.len()
    } else {
        0..ordered.len().min(search.limit)
    };
    let (mut page, shown) = read(&sources, &mut ordered, shown, search, budget)?;
    let cut = page.partial.is_some();
    let end = |at: usize, beside: usize| position(&sources, &ordered, at, beside, search, budget);
    if let Some((first, last)) = shown {
        // Older ones are behind the page, and where it was reached from them.
        let older = if newer { search.cursor.is_some() } else { more || cut };
        page.next = if older { Some(end(last, last + 1)?) } else { None };
        page.previous = Some(end(first, first)?);
    } else {
        page.previous = search.cursor.filter(|_| newer);
    }
    if partial.is_some() {
        // Records that were not looked at may be nearer than the last one here.
        page.next = page.next.filter(|_| newer);
        page.previous = page.previous.filter(|_| !newer);
        page.partial = partial;
    }
    Ok(page)
}

/// The hits that are first in the order of a rank, and all whose rank is that of the last of them.
pub(super) struct Nearest {
    wanted: usize,
    /// Hits of the cursor's own time are kept apart: some of them are on its other side.
    cursor_time: Option<i64>,
    at_cursor: Vec<Hit>,
    hits: Vec<Hit>,
    rank: fn(&Hit) -> i64,
    /// No hit of a higher rank is wanted any more.
    last: i64,
}

impl Nearest {
    /// Without a cursor.
    pub(super) fn of_rows(wanted: usize, rank: fn(&Hit) -> i64) -> Nearest {
        Nearest::new(wanted, None, rank)
    }

    fn new(wanted: usize, cursor_time: Option<i64>, rank: fn(&Hit) -> i64) -> Nearest {
        Nearest { wanted, cursor_time, at_cursor: Vec::new(), hits: Vec::new(), rank, last: i64::MAX }
    }

    fn shrink(&mut self) {
        if self.hits.len() < self.wanted {
            return;
        }
        let rank = self.rank;
        let (_, last, _) = self.hits.select_nth_unstable_by_key(self.wanted - 1, rank);
        self.last = rank(last);
        self.hits.retain(|hit| rank(hit) <= self.last);
    }

    pub(super) fn into_hits(mut self) -> Vec<Hit> {
        self.shrink();
        self.at_cursor.append(&mut self.hits);
        self.at_cursor
    }
}

impl Collector for Nearest {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        for row in chunk.passed.iter() {
            let time = chunk.times.value(row);
            let hit = Hit { time, source: chunk.source, row: chunk.rows[row] };
            if self.cursor_time == Some(time) {
                self.at_cursor.push(hit);
            } else if (self.rank)(&hit) <= self.last {
                self.hits.push(hit);
            }
        }
        self.shrink();
        Ok(())
    }

    fn reads_values(&self) -> bool {
        true
    }

    /// Of a walk from the newest on, whose rank is the bitwise opposite of the time.
    fn floor(&self) -> i64 {
        !self.last
    }

    /// Of a walk from the oldest on, whose rank is the time.
    fn ceiling(&self) -> i64 {
        self.last
    }
}

impl Mergeable for Nearest {
    fn fork(&self) -> Nearest {
        Nearest::new(self.wanted, self.cursor_time, self.rank)
    }

    fn merge(&mut self, other: Nearest) -> Result<(), Error> {
        self.at_cursor.extend(other.at_cursor);
        self.hits.extend(other.hits);
        self.shrink();
        Ok(())
    }
}

/// A hit with the hash of its content, where one was needed to order it.
#[derive(Clone, Copy)]
struct Ordered {
    hit: Hit,
    hash: Option<u64>,
}

/// Newest first without what is on the other side of the cursor. Only hits of equal time are hashed.
fn order(
    sources: &[Source],
    hits: Vec<Hit>,
    search: &LogSearch<'_>,
    budget: &Budget,
) -> Result<Vec<Ordered>, Error> {
    let cursor = search.cursor;
    // Very many may have one and the same time.
    budget.keep(hits.len() * HIT_BYTES)?;
    let mut of_time: HashMap<i64, usize> = HashMap::new();
    hits.iter().for_each(|hit| *of_time.entry(hit.time).or_default() += 1);
    let cursor_time = cursor.map(|cursor| cursor.time);
    let (tied, alone): (Vec<Hit>, Vec<Hit>) =
        hits.into_iter().partition(|hit| of_time[&hit.time] > 1 || cursor_time == Some(hit.time));
    let mut ordered: Vec<Ordered> = alone.into_iter().map(|hit| Ordered { hit, hash: None }).collect();
    let hashes = hashes(sources, &tied, budget)?;
    ordered.extend(tied.into_iter().zip(hashes).map(|(hit, hash)| Ordered { hit, hash: Some(hash) }));
    ordered.sort_unstable_by_key(|one| Reverse((one.hit.time, one.hash)));
    if let Some(cursor) = cursor {
        let mut left = cursor.given;
        ordered.retain(|one| {
            let given = one.hit.time > cursor.time
                || one.hit.time == cursor.time
                    && match one.hash {
                        Some(hash) if hash == cursor.hash => left > 0,
                        Some(hash) => hash > cursor.hash,
                        None => false,
                    };
            if given && one.hit.time == cursor.time && one.hash == Some(cursor.hash) {
                left -= 1;
            }
            given == (search.direction == Direction::Newer)
        });
    }
    Ok(ordered)
}

fn hashes(sources: &[Source], hits: &[Hit], budget: &Budget) -> Result<Vec<u64>, Error> {
    let mut hashes = vec![0; hits.len()];
    fetch(sources, hits, budget, &mut |hit, batch, row| {
        hashes[hit] = content_hash(&logs_of(batch)?, row);
        Ok(())
    })?;
    Ok(hashes)
}

/// Reads the records of a page, from the cursor on, and notes their hashes. Too large a page is cut. Which of
/// them were read, first and last, if any.
fn read(
    sources: &[Source],
    ordered: &mut [Ordered],
    shown: Range<usize>,
    search: &LogSearch<'_>,
    budget: &Budget,
) -> Result<(Page, Option<(usize, usize)>), Error> {
    let newer = search.direction == Direction::Newer;
    let mut walk: Vec<usize> = shown.collect();
    if newer {
        walk.reverse();
    }
    let mut page = Page::default();
    let mut bytes = 0;
    // Piece by piece, so that rows beyond the cut are not held.
    'page: for piece in walk.chunks(1_000) {
        let hits: Vec<Hit> = piece.iter().map(|at| ordered[*at].hit).collect();
        let mut read: Vec<Option<(usize, (LogRecord, u64))>> = hits.iter().map(|_| None).collect();
        fetch(sources, &hits, budget, &mut |hit, batch, row| {
            let logs = logs_of(batch)?;
            read[hit] = Some((answer_bytes(&logs, row), record(&logs, row)));
            Ok(())
        })?;
        for (at, (size, (record, hash))) in piece.iter().zip(read.into_iter().flatten()) {
            ordered[*at].hash = Some(hash);
            bytes += size;
            if bytes > search.page_bytes && !page.records.is_empty() {
                page.partial = Some(format!(
                    "the page was cut at {} MiB, after {} records; go on with its cursor",
                    search.page_bytes >> 20,
                    page.records.len()
                ));
                break 'page;
            }
            page.records.push(record);
        }
    }
    let read = page.records.len().checked_sub(1).map(|last| (walk[0], walk[last]));
    if newer {
        page.records.reverse();
    }
    Ok((page, read.map(|(a, b)| (a.min(b), a.max(b)))))
}

/// The cursor at a hit: so many of those that are equal to it are before the hit numbered `beside`.
fn position(
    sources: &[Source],
    ordered: &[Ordered],
    at: usize,
    beside: usize,
    search: &LogSearch<'_>,
    budget: &Budget,
) -> Result<Cursor, Error> {
    let Ordered { hit, hash } = ordered[at];
    let (time, hash) =
        (hit.time, hash.map_or_else(|| Ok(hashes(sources, &[hit], budget)?[0]), Ok::<_, Error>)?);
    let same = |one: &&Ordered| one.hit.time == time && one.hash.is_none_or(|other| other == hash);
    let here = ordered[..beside].iter().rev().take_while(same).count() as u32;
    // In the older direction, what comes before the cursor was left out.
    let left_out = search.cursor.filter(|_| search.direction == Direction::Older);
    let before = left_out.filter(|cursor| (cursor.time, cursor.hash) == (time, hash));
    Ok(Cursor { time, hash, given: before.map_or(0, |cursor| cursor.given) + here })
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
