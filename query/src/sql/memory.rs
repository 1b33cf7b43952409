//! DataFusion's memory, taken from that of the query.

use super::errors::Failures;
use crate::Error;
use crate::http::run::Budget;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug)]
pub struct QueryPool {
    budget: Budget,
    failures: Arc<Failures>,
    held: AtomicUsize,
    /// What was taken although it was refused, as some operators can't do without.
    unpaid: AtomicUsize,
}

impl QueryPool {
    pub fn new(budget: &Budget, failures: &Arc<Failures>) -> QueryPool {
        QueryPool {
            budget: budget.clone(),
            failures: failures.clone(),
            held: AtomicUsize::new(0),
            unpaid: AtomicUsize::new(0),
        }
    }
}

impl fmt::Display for QueryPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "query ({} bytes)", self.reserved())
    }
}

impl MemoryPool for QueryPool {
    fn name(&self) -> &str {
        "query"
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        if self.try_grow(reservation, additional).is_err() {
            self.held.fetch_add(additional, Ordering::Relaxed);
            self.unpaid.fetch_add(additional, Ordering::Relaxed);
        }
    }

    fn shrink(&self, _: &MemoryReservation, shrink: usize) {
        self.held.fetch_sub(shrink, Ordering::Relaxed);
        let forgive = |unpaid: usize| Some(unpaid.saturating_sub(shrink));
        let unpaid = self.unpaid.fetch_update(Ordering::Relaxed, Ordering::Relaxed, forgive).unwrap_or(0);
        self.budget.give_back(shrink.saturating_sub(unpaid));
    }

    fn try_grow(&self, _: &MemoryReservation, additional: usize) -> Result<()> {
        match self.budget.keep(additional) {
            Ok(()) => {
                self.held.fetch_add(additional, Ordering::Relaxed);
                Ok(())
            }
            Err(why) => Err(self.refused(why)),
        }
    }

    fn reserved(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

impl QueryPool {
    fn refused(&self, why: Error) -> DataFusionError {
        let text = why.to_string();
        self.failures.memory(why);
        DataFusionError::ResourcesExhausted(text)
    }
}
