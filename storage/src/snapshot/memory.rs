//! What the rows that one query reads may take of the memory that all queries share.

use crate::budget::{Budget, NoMemory, Part, Reservation};
use crate::error::{Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// When a query is over.
#[derive(Clone, Debug)]
pub struct End {
    pub deadline: Instant,
    /// Raised when nobody waits for it any more.
    pub stopped: Arc<AtomicBool>,
}

impl End {
    fn is_there(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || Instant::now() > self.deadline
    }
}

/// A query's share; everything is given back when the query has ended.
#[derive(Debug)]
pub struct QueryMemory {
    held: Mutex<Reservation>,
    /// What the query holds elsewhere.
    beside_bytes: usize,
    /// What one query may hold.
    limit_bytes: usize,
    end: Option<End>,
}

impl QueryMemory {
    /// One query holds no more than the limit, nor than all queries together may.
    pub fn new(budget: &Arc<Budget>, limit_bytes: usize) -> Arc<QueryMemory> {
        Arc::new(QueryMemory {
            held: Mutex::new(budget.reserve(Part::Queries)),
            beside_bytes: 0,
            limit_bytes: limit_bytes.min(budget.limit(Part::Queries)),
            end: None,
        })
    }

    /// The same for a query that ends: the reading of points for it ends too.
    pub fn until(budget: &Arc<Budget>, limit_bytes: usize, end: End) -> Arc<QueryMemory> {
        let mut memory = QueryMemory::new(budget, limit_bytes);
        if let Some(memory) = Arc::get_mut(&mut memory) {
            memory.end = Some(end);
        }
        memory
    }

    /// For a part of the query, which gives back on its own what it took.
    pub fn apart(&self, budget: &Arc<Budget>) -> Arc<QueryMemory> {
        let held = Mutex::new(budget.reserve(Part::Queries));
        let beside_bytes = self.beside_bytes + self.locked().bytes();
        let end = self.end.clone();
        Arc::new(QueryMemory { held, beside_bytes, limit_bytes: self.limit_bytes, end })
    }

    fn locked(&self) -> MutexGuard<'_, Reservation> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes memory for rows that the query holds until it ends, or gives back before.
    pub fn hold(&self, bytes: usize) -> Result<()> {
        let mut held = self.locked();
        let own = self.beside_bytes + held.bytes();
        if own.saturating_add(bytes) > self.limit_bytes {
            let (wanted, limit) = (bytes, self.limit_bytes);
            return Err(NoMemory { part: Part::Queries, wanted, held: own, own, limit }.into());
        }
        Ok(held.grow(bytes).map_err(|why| NoMemory { own, ..why })?)
    }

    /// Fails once the query is over.
    pub(crate) fn go_on(&self) -> Result<()> {
        if self.end.as_ref().is_some_and(End::is_there) { Err(Error::Ended) } else { Ok(()) }
    }

    pub fn release(&self, bytes: usize) {
        self.locked().shrink(bytes);
    }
}

/// Counts bytes in small steps, and takes memory for many at once.
pub struct Meter<'m> {
    memory: Option<&'m QueryMemory>,
    open: usize,
    ends: bool,
}

/// Large enough that the lock does not count, small enough that a refusal comes in time.
const STEP_BYTES: usize = 256 << 10;

impl Meter<'_> {
    pub fn new(memory: Option<&QueryMemory>) -> Meter<'_> {
        Meter { memory, open: 0, ends: false }
    }

    /// The same, and fails once the query is over.
    pub fn ending(self) -> Self {
        Meter { ends: true, ..self }
    }

    pub fn add(&mut self, bytes: usize) -> Result<()> {
        self.open += bytes;
        if self.open < STEP_BYTES { Ok(()) } else { self.flush() }
    }

    /// Takes memory for what was counted since.
    pub fn flush(&mut self) -> Result<()> {
        let open = std::mem::take(&mut self.open);
        let Some(memory) = self.memory else { return Ok(()) };
        if self.ends {
            memory.go_on()?;
        }
        memory.hold(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_query_that_has_ended_reads_no_more() {
        let budget = Budget::new(64 << 20);
        let end = End { deadline: Instant::now() + Duration::from_secs(600), stopped: Arc::default() };
        let memory = QueryMemory::until(&budget, 4 << 20, end.clone());
        let apart = memory.apart(&budget);
        let (mut ending, mut other) = (Meter::new(Some(&apart)).ending(), Meter::new(Some(&apart)));
        ending.add(STEP_BYTES).unwrap();
        end.stopped.store(true, Ordering::Relaxed);
        assert!(matches!(ending.add(STEP_BYTES), Err(Error::Ended)));
        other.add(STEP_BYTES).unwrap();
        let late = End { deadline: Instant::now() - Duration::from_millis(1), stopped: Arc::default() };
        assert!(late.is_there());
    }

    #[test]
    fn a_query_is_refused_beyond_its_own_limit_and_beyond_what_others_leave() {
        let budget = Budget::new(64 << 20);
        let all = budget.limit(Part::Queries);
        let (first, second) = (QueryMemory::new(&budget, all / 2), QueryMemory::new(&budget, all));
        first.hold(all / 2).unwrap();
        let Err(Error::NoMemory(own)) = first.hold(1) else { panic!("beyond its own") };
        assert!(!own.would_fit_alone());
        let Err(Error::NoMemory(shared)) = second.hold(all / 2 + 2) else { panic!("beyond what is left") };
        assert!(shared.would_fit_alone());
        let Err(Error::NoMemory(apart)) = first.apart(&budget).hold(1) else { panic!("beside its own") };
        assert!(!apart.would_fit_alone());
        drop(first);
        second.hold(all).unwrap();
        second.release(10);
        let mut meter = Meter::new(Some(&second));
        meter.add(10).unwrap();
        meter.flush().unwrap();
        assert!(meter.add(STEP_BYTES).is_err());
    }
}
