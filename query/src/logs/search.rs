//! The newest records that pass a filter, page by page.

use super::cursor::Cursor;
use super::fetch::{Hit, fetch};
use super::filter::Filter;
use super::record::{answer_bytes, content_hash, logs_of, record};
use super::scan::{Chunk, Collector, Scan};
use crate::Error;
use crate::http::run::Budget;
use ocelli_api::logs::LogRecord;
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Signal;
use ocelli_storage::{Snapshot, Source};
use std::cmp::Reverse;
use std::collections::HashMap;

pub struct LogSearch<'a> {
    pub filter: &'a Filter,
    pub range: TimeRange,
    /// Records of a page, at least 1.
    pub limit: usize,
    /// Where the page before this one ended.
    pub cursor: Option<Cursor>,
    /// A page ends early above this size; at least one record is given.
    pub page_bytes: usize,
}

/// Records newest first; records of equal time in the order of [`Cursor`].
#[derive(Debug, Default)]
pub struct Page {
    pub records: Vec<LogRecord>,
    /// None when this is the last page.
    pub next: Option<Cursor>,
    /// Why records may be missing, if so.
    pub partial: Option<String>,
}

pub fn search(snapshot: &Snapshot, search: &LogSearch<'_>, budget: &Budget) -> Result<Page, Error> {
    let mut range = search.range;
    if let Some(cursor) = search.cursor {
        range.to = UnixNano(range.to.0.min(cursor.time.saturating_add(1)));
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
    let mut newest = Newest::new(search.limit + 1, search.cursor.map(|cursor| cursor.time));
    let partial = scan.run(&sources, budget, &mut newest)?;
    let mut ordered = order(&sources, newest.into_hits(), search.cursor, budget)?;
    let more = ordered.len() > search.limit;
    ordered.truncate(search.limit);
    let mut page = read(&sources, &ordered, search, budget)?;
    if page.next.is_none() && more {
        page.next = next(&sources, &ordered, search.cursor, budget)?;
    }
    if partial.is_some() {
        // Records that were not looked at may be newer than the last one here.
        page.next = None;
        page.partial = partial;
    }
    Ok(page)
}

/// The newest hits, and all that are as old as the oldest of them.
struct Newest {
    wanted: usize,
    /// Hits of the cursor's own time are kept apart: some of them were given already.
    cursor_time: Option<i64>,
    at_cursor: Vec<Hit>,
    hits: Vec<Hit>,
    floor: i64,
}

impl Newest {
    fn new(wanted: usize, cursor_time: Option<i64>) -> Newest {
        Newest { wanted, cursor_time, at_cursor: Vec::new(), hits: Vec::new(), floor: i64::MIN }
    }

    /// Drops what is older than the last one wanted.
    fn shrink(&mut self) {
        if self.hits.len() < self.wanted {
            return;
        }
        let (_, last, _) = self.hits.select_nth_unstable_by_key(self.wanted - 1, |hit| Reverse(hit.time));
        self.floor = last.time;
        self.hits.retain(|hit| hit.time >= self.floor);
    }

    fn into_hits(mut self) -> Vec<Hit> {
        self.shrink();
        self.at_cursor.append(&mut self.hits);
        self.at_cursor
    }
}

impl Collector for Newest {
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Error> {
        for row in chunk.passed.iter() {
            let time = chunk.times.value(row);
            let hit = Hit { time, source: chunk.source, row: chunk.rows[row] };
            if self.cursor_time == Some(time) {
                self.at_cursor.push(hit);
            } else if time >= self.floor {
                self.hits.push(hit);
            }
        }
        self.shrink();
        Ok(())
    }

    fn floor(&self) -> i64 {
        self.floor
    }
}

/// A hit with the hash of its content, where one was needed to order it.
#[derive(Clone, Copy)]
struct Ordered {
    hit: Hit,
    hash: Option<u64>,
}

/// Newest first without what the cursor says was given. Only hits of equal time are hashed.
fn order(
    sources: &[Source],
    hits: Vec<Hit>,
    cursor: Option<Cursor>,
    budget: &Budget,
) -> Result<Vec<Ordered>, Error> {
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
            let given = one.hit.time == cursor.time
                && match one.hash {
                    Some(hash) if hash == cursor.hash => left > 0,
                    Some(hash) => hash > cursor.hash,
                    None => false,
                };
            if given && one.hash == Some(cursor.hash) {
                left -= 1;
            }
            !given
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

/// Reads the records of a page. Too large a page is cut, and goes on behind its last record.
fn read(
    sources: &[Source],
    ordered: &[Ordered],
    search: &LogSearch<'_>,
    budget: &Budget,
) -> Result<Page, Error> {
    let mut page = Page::default();
    let mut bytes = 0;
    // Piece by piece, so that rows beyond the cut are not held.
    for piece in ordered.chunks(1_000) {
        let hits: Vec<Hit> = piece.iter().map(|one| one.hit).collect();
        let mut read: Vec<Option<(usize, LogRecord)>> = hits.iter().map(|_| None).collect();
        fetch(sources, &hits, budget, &mut |hit, batch, row| {
            let logs = logs_of(batch)?;
            read[hit] = Some((answer_bytes(&logs, row), record(&logs, row)));
            Ok(())
        })?;
        for (size, record) in read.into_iter().flatten() {
            bytes += size;
            if bytes > search.page_bytes && !page.records.is_empty() {
                page.next = next(sources, &ordered[..page.records.len()], search.cursor, budget)?;
                page.partial = Some(format!(
                    "the page was cut at {} MiB, after {} records; go on with next_cursor",
                    search.page_bytes >> 20,
                    page.records.len()
                ));
                return Ok(page);
            }
            page.records.push(record);
        }
    }
    Ok(page)
}

/// The cursor behind the last of a page's records.
fn next(
    sources: &[Source],
    page: &[Ordered],
    cursor: Option<Cursor>,
    budget: &Budget,
) -> Result<Option<Cursor>, Error> {
    let Some(last) = page.last() else { return Ok(None) };
    let time = last.hit.time;
    let hash = match last.hash {
        Some(hash) => hash,
        None => hashes(sources, &[last.hit], budget)?[0],
    };
    let same = |one: &&Ordered| one.hit.time == time && one.hash.is_none_or(|other| other == hash);
    let here = page.iter().rev().take_while(same).count() as u32;
    let before = cursor.filter(|cursor| (cursor.time, cursor.hash) == (time, hash)).map_or(0, |c| c.given);
    Ok(Some(Cursor { time, hash, given: before + here }))
}

#[cfg(test)]
#[path = "search_tests.rs"]
mod tests;
