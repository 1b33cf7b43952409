//! All memtables and the segments that they became, behind one lock: whoever takes a snapshot sees
//! each row once, in a memtable or in a segment.

use super::part::Part;
use super::series_cache::SeriesCache;
use crate::error::Result;
use crate::segment::Segment;
use crate::snapshot::{Snapshot, View};
use ocelli_signal::Signal;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A memtable that is being written out; it takes no more rows.
#[derive(Debug)]
pub struct Frozen {
    pub tenant: String,
    pub signal: Signal,
    pub parts: Vec<Arc<Part>>,
}

impl Frozen {
    pub fn first_sequence(&self) -> u64 {
        self.parts.first().map_or(0, |part| part.first_sequence)
    }

    pub fn last_sequence(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.last_sequence)
    }

    pub fn covers(&self) -> u64 {
        self.parts.iter().map(|part| part.covers).max().unwrap_or(0)
    }

    pub fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.rows.num_rows()).sum()
    }

    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

/// How large a memtable is, and how old its first row.
#[derive(Clone, Debug)]
pub struct TableSize {
    pub tenant: String,
    pub signal: Signal,
    pub bytes: usize,
    pub age: Duration,
    /// A write failed before and is to be tried again.
    pub frozen: bool,
}

#[derive(Debug, Default)]
struct Table {
    active: Vec<Arc<Part>>,
    active_bytes: usize,
    since: Option<Instant>,
    frozen: Option<Arc<Frozen>>,
    segments: Vec<Arc<Segment>>,
}

impl Table {
    /// Every part in memory, older ones first.
    fn parts(&self) -> impl Iterator<Item = &Arc<Part>> {
        self.frozen.iter().flat_map(|frozen| &frozen.parts).chain(&self.active)
    }

    fn frozen_bytes(&self) -> usize {
        self.frozen.as_ref().map_or(0, |frozen| frozen.bytes())
    }
}

type ByTenant = BTreeMap<String, BTreeMap<Signal, Table>>;

/// See the module.
#[derive(Debug, Default)]
pub struct Tables {
    tables: Mutex<ByTenant>,
    /// Bytes of all memtables; changed under the lock, read without it.
    bytes: AtomicUsize,
    /// The most that they ever were.
    #[cfg(test)]
    peak_bytes: AtomicUsize,
    pub series: SeriesCache,
}

impl Tables {
    /// None yet, with a bound for what the cache of series may take.
    pub fn new(series_cache_bytes: usize) -> Tables {
        Tables { series: SeriesCache::new(series_cache_bytes), ..Tables::default() }
    }

    fn locked(&self) -> MutexGuard<'_, ByTenant> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_table<T>(&self, tenant: &str, signal: Signal, change: impl FnOnce(&mut Table) -> T) -> T {
        let mut tables = self.locked();
        if !tables.contains_key(tenant) {
            tables.insert(tenant.to_owned(), BTreeMap::new());
        }
        // Just inserted when it was missing.
        let signals = tables.entry(tenant.to_owned()).or_default();
        change(signals.entry(signal).or_default())
    }

    /// Makes rows readable and gives the bytes of their memtable. Only the WAL writer (or the
    /// replay) calls this, in sequence order.
    pub fn insert(&self, tenant: &str, part: Part) -> Result<usize> {
        let (signal, now) = (part.signal, Instant::now());
        let part = Arc::new(part);
        let (joined, consumed) = self.join_tail(tenant, part.clone())?;
        Ok(self.with_table(tenant, signal, |table| {
            let before = table.active_bytes;
            let kept = table.active.len().checked_sub(consumed.len());
            let same =
                |kept: &usize| table.active[*kept..].iter().zip(&consumed).all(|(a, b)| Arc::ptr_eq(a, b));
            // The tail may have been frozen meanwhile; then the part stands alone.
            match kept.filter(same) {
                Some(kept) => {
                    table.active_bytes -= consumed.iter().map(|part| part.bytes).sum::<usize>();
                    table.active_bytes += joined.bytes;
                    table.active.truncate(kept);
                    table.active.push(joined);
                }
                None => {
                    table.active_bytes += part.bytes;
                    table.active.push(part);
                }
            }
            table.since.get_or_insert(now);
            // Wraps when joining made them smaller: then it subtracts.
            self.bytes.fetch_add(table.active_bytes.wrapping_sub(before), Ordering::Relaxed);
            #[cfg(test)]
            self.peak_bytes.fetch_max(self.bytes(), Ordering::Relaxed);
            table.active_bytes
        }))
    }

    /// Joins a part with small ones before it, outside the lock. Also gives those that it replaces.
    fn join_tail(&self, tenant: &str, part: Arc<Part>) -> Result<(Arc<Part>, Vec<Arc<Part>>)> {
        let mut tail: Vec<Arc<Part>> = self
            .with_table(tenant, part.signal, |table| table.active.iter().rev().take(16).cloned().collect());
        tail.reverse();
        let (mut joined, mut kept) = (part, tail.len());
        while let Some(before) =
            kept.checked_sub(1).map(|at| &tail[at]).filter(|before| before.joins(&joined))
        {
            joined = Arc::new(before.join(&joined)?);
            kept -= 1;
        }
        Ok((joined, tail.split_off(kept)))
    }

    /// The memtable to write out: the one frozen before, if that failed, else what is there now.
    pub fn freeze(&self, tenant: &str, signal: Signal) -> Option<Arc<Frozen>> {
        self.with_table(tenant, signal, |table| {
            if table.frozen.is_none() && !table.active.is_empty() {
                let parts = std::mem::take(&mut table.active);
                (table.since, table.active_bytes) = (None, 0);
                table.frozen = Some(Arc::new(Frozen { tenant: tenant.to_owned(), signal, parts }));
            }
            table.frozen.clone()
        })
    }

    /// Replaces a frozen memtable by the segments that it became.
    pub fn publish(&self, frozen: &Frozen, segments: Vec<Arc<Segment>>) {
        self.with_table(&frozen.tenant, frozen.signal, |table| {
            self.bytes.fetch_sub(table.frozen_bytes(), Ordering::Relaxed);
            table.frozen = None;
            table.segments.extend(segments);
        });
    }

    /// Takes segments out and puts what they were merged into in their place, at once: a snapshot has
    /// the ones or the other.
    pub fn replace(&self, removed: &[Arc<Segment>], added: Option<Arc<Segment>>) {
        let gone: HashSet<u64> = removed.iter().map(|segment| segment.number()).collect();
        let is_removed = |segment: &Arc<Segment>| gone.contains(&segment.number());
        let mut tables = self.locked();
        for table in tables.values_mut().flat_map(BTreeMap::values_mut) {
            // Where the first one was: points of equal time are read in the order of the segments.
            let Some(place) = table.segments.iter().position(is_removed) else { continue };
            table.segments.retain(|segment| !is_removed(segment));
            if let Some(segment) = &added {
                table.segments.insert(place, segment.clone());
            }
        }
    }

    /// A segment that was there before the start.
    pub fn add_segment(&self, segment: Arc<Segment>) {
        let (tenant, signal) = (segment.entry.tenant.clone(), segment.signal());
        self.with_table(&tenant, signal, |table| table.segments.push(segment));
    }

    /// Everything of a tenant at this moment.
    pub fn snapshot(&self, tenant: &str) -> Snapshot {
        let tables = self.locked();
        let view = |signal: Signal| {
            let table = tables.get(tenant).and_then(|signals| signals.get(&signal));
            table.map_or_else(View::default, |table| View {
                parts: table.parts().cloned().collect(),
                segments: table.segments.iter().filter(|segment| !segment.is_damaged()).cloned().collect(),
            })
        };
        Snapshot::new(view(Signal::Spans), view(Signal::Points), view(Signal::Logs))
    }

    /// The memtables that have rows.
    pub fn sizes(&self) -> Vec<TableSize> {
        let tables = self.locked();
        let all = tables
            .iter()
            .flat_map(|(tenant, signals)| signals.iter().map(move |(signal, table)| (tenant, signal, table)));
        let sizes =
            all.filter(|(_, _, table)| table.parts().next().is_some()).map(|(tenant, signal, table)| {
                TableSize {
                    tenant: tenant.clone(),
                    signal: *signal,
                    bytes: table.active_bytes + table.frozen_bytes(),
                    age: table.since.map_or(Duration::ZERO, |since| since.elapsed()),
                    frozen: table.frozen.is_some(),
                }
            });
        sizes.collect()
    }

    /// Bytes of all memtables.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub fn peak_bytes(&self) -> usize {
        self.peak_bytes.load(Ordering::Relaxed)
    }

    /// Rows of all memtables.
    pub fn rows(&self) -> usize {
        let tables = self.locked();
        let parts = tables.values().flat_map(BTreeMap::values).flat_map(Table::parts);
        parts.map(|part| part.rows.num_rows()).sum()
    }

    /// Takes out the segments that were found damaged, unless something is being made of them.
    pub fn take_damaged(&self) -> Vec<Arc<Segment>> {
        let mut tables = self.locked();
        let segments = tables.values_mut().flat_map(BTreeMap::values_mut).map(|table| &mut table.segments);
        segments
            .flat_map(|segments| {
                segments.extract_if(.., |segment| segment.is_damaged() && !segment.is_busy())
            })
            .collect()
    }

    /// All segments of all tenants.
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        self.locked().values().flat_map(BTreeMap::values).flat_map(|table| table.segments.clone()).collect()
    }
}
