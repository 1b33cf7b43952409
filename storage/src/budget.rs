//! One memory budget for the whole process, cut into named parts. Whatever grows with load or with a
//! question takes what it needs from its part first, and is refused with the part's name when there is
//! nothing left, so that neither a flood nor a query ends the process.

use crate::limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const MIB: usize = 1 << 20;

/// What memory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Rows that are in no segment yet.
    Memtables,
    /// Rows that wait for the WAL.
    Wal,
    /// Flushes and merges while they run.
    Work,
    /// Footers, indexes and series.
    Caches,
    /// Rows that queries hold.
    Queries,
    /// Request bodies that are being read and decoded.
    Requests,
}

impl Part {
    pub const ALL: [Part; 6] =
        [Part::Memtables, Part::Wal, Part::Work, Part::Caches, Part::Queries, Part::Requests];

    pub fn as_str(self) -> &'static str {
        match self {
            Part::Memtables => "memtables",
            Part::Wal => "wal",
            Part::Work => "flush_and_merge",
            Part::Caches => "caches",
            Part::Queries => "queries",
            Part::Requests => "requests",
        }
    }

    /// What a budget gives to the part: a share of it, and no more than the part can use.
    fn limit(self, total: usize) -> usize {
        match self {
            Part::Memtables => limits::MEMTABLE_BUDGET_BYTES.min(total / 16 * 5),
            Part::Wal => limits::QUEUE_BYTES.min(total / 16),
            Part::Work => total / 16 * 2,
            Part::Caches => limits::CACHE_MAX_BYTES.min(total / 16 * 2),
            Part::Requests => limits::REQUEST_BYTES.min(total / 16 * 2),
            // What the others can't use is for questions.
            Part::Queries => {
                let others = Part::ALL.into_iter().filter(|part| *part != Part::Queries);
                total - others.map(|part| part.limit(total)).sum::<usize>()
            }
        }
    }
}

/// Where the size of a budget comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line or the configuration.
    Setting,
    /// The limit of the process' control group, as containers have one.
    Cgroup,
    /// The memory of the machine.
    Machine,
}

impl Origin {
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Setting => "setting",
            Origin::Cgroup => "cgroup",
            Origin::Machine => "machine",
        }
    }
}

/// A part as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartUse {
    pub part: Part,
    pub used_bytes: u64,
    pub limit_bytes: u64,
    /// How often somebody was refused.
    pub refused: u64,
}

#[derive(Debug, Default)]
struct Counters {
    limit: usize,
    used: AtomicUsize,
    refused: AtomicU64,
}

/// Shared by all who take from it.
#[derive(Debug)]
pub struct Budget {
    total: usize,
    origin: Origin,
    parts: [Counters; Part::ALL.len()],
}

impl Budget {
    /// A budget of a size that somebody chose.
    pub fn new(total_bytes: usize) -> Arc<Budget> {
        Budget::of(total_bytes, Origin::Setting)
    }

    /// A share of what the control group allows or, without one, of what the machine has.
    pub fn detect() -> Arc<Budget> {
        let (bytes, origin) = crate::machine::memory();
        Budget::of((bytes / limits::MEMORY_SHARE).max(limits::MEMORY_BUDGET_MIN_BYTES), origin)
    }

    fn of(total: usize, origin: Origin) -> Arc<Budget> {
        let counters = |part: Part| Counters { limit: part.limit(total), ..Counters::default() };
        Arc::new(Budget { total, origin, parts: Part::ALL.map(counters) })
    }

    pub fn total_bytes(&self) -> usize {
        self.total
    }

    pub fn origin(&self) -> Origin {
        self.origin
    }

    fn counters(&self, part: Part) -> &Counters {
        &self.parts[part as usize]
    }

    pub fn limit(&self, part: Part) -> usize {
        self.counters(part).limit
    }

    /// A reservation of nothing yet.
    pub fn reserve(self: &Arc<Self>, part: Part) -> Reservation {
        Reservation { budget: self.clone(), part, bytes: 0 }
    }

    /// All parts. Some count for themselves what they use: `counted` says how much.
    pub fn parts(&self, counted: impl Fn(Part) -> usize) -> Vec<PartUse> {
        let part_use = |part: Part| {
            let counters = self.counters(part);
            PartUse {
                part,
                used_bytes: (counted(part) + counters.used.load(Ordering::Relaxed)) as u64,
                limit_bytes: counters.limit as u64,
                refused: counters.refused.load(Ordering::Relaxed),
            }
        };
        Part::ALL.map(part_use).to_vec()
    }
}

/// Nothing is left of a part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{wanted} more bytes do not fit into the memory for {}: {held} of {limit} bytes are in use, {own} by this one",
    part.as_str()
)]
pub struct NoMemory {
    pub part: Part,
    pub wanted: usize,
    /// By all.
    pub held: usize,
    /// By whoever asks.
    pub own: usize,
    pub limit: usize,
}

impl NoMemory {
    /// Whether it would fit if nobody else used the part.
    pub fn would_fit_alone(&self) -> bool {
        self.own.saturating_add(self.wanted) <= self.limit
    }
}

/// Bytes of a part that somebody holds; given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    part: Part,
    bytes: usize,
}

impl Reservation {
    /// Takes more, or says why not.
    pub fn grow(&mut self, bytes: usize) -> Result<(), NoMemory> {
        let counters = self.budget.counters(self.part);
        let grown = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= counters.limit);
        match counters.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown) {
            Ok(_) => {
                self.bytes += bytes;
                Ok(())
            }
            Err(held) => {
                counters.refused.fetch_add(1, Ordering::Relaxed);
                let limit = counters.limit;
                Err(NoMemory { part: self.part, wanted: bytes, held, own: self.bytes, limit })
            }
        }
    }

    /// Takes what is needed in any case, so that it is seen: a flush can't be refused.
    pub fn grow_anyway(&mut self, bytes: usize) {
        self.budget.counters(self.part).used.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
    }

    /// Gives some back.
    pub fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.budget.counters(self.part).used.fetch_sub(bytes, Ordering::Relaxed);
        self.bytes -= bytes;
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

const _: () =
    assert!(limits::MEMORY_BUDGET_MIN_BYTES >= 64 * MIB, "five sixteenths must hold a few requests");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_any_budget_add_up_to_it() {
        for total in [64 * MIB, 128 * MIB, 256 * MIB, 1 << 30, 12 << 30] {
            let budget = Budget::new(total);
            let parts = budget.parts(|_| 0);
            assert_eq!(parts.iter().map(|part| part.limit_bytes).sum::<u64>(), total as u64);
            assert!(budget.limit(Part::Queries) >= total / 4, "{total}");
        }
    }

    #[test]
    fn what_is_dropped_is_free_again_and_a_refusal_says_why() {
        let budget = Budget::new(64 * MIB);
        let limit = budget.limit(Part::Queries);
        let (mut first, mut second) = (budget.reserve(Part::Queries), budget.reserve(Part::Queries));
        first.grow(limit - 10).unwrap();
        second.grow(10).unwrap();
        let refused = second.grow(1).unwrap_err();
        assert!(refused.would_fit_alone() && refused.to_string().contains("memory for queries"), "{refused}");
        first.shrink(1);
        second.grow(1).unwrap();
        drop(first);
        assert!(!second.grow(limit).unwrap_err().would_fit_alone());
        second.grow(limit - 11).unwrap();
        let used = |part: Part| budget.parts(|_| 0)[part as usize].used_bytes;
        assert_eq!((used(Part::Queries), used(Part::Caches)), (limit as u64, 0));
        drop(second);
        assert_eq!((used(Part::Queries), budget.parts(|_| 0)[Part::Queries as usize].refused), (0, 2));
    }
}
