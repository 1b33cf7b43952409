//! How far the rows of each tenant and signal have got.

use crate::catalog::Marks;
use crate::wal::Needed;
use ocelli_signal::Signal;

/// The catalog's marks, and what the WAL has told since.
#[derive(Debug, Default)]
pub struct Progress {
    marks: Marks,
    /// Whether anybody wants to see uncovered spans again.
    observed: bool,
}

impl Progress {
    pub fn new(marks: Marks, observed: bool) -> Progress {
        Progress { marks, observed }
    }

    /// A durable emission tells about spans up to this sequence.
    pub fn cover(&mut self, tenant: &str, sequence: u64) {
        let covered = self.marks.covered.entry(tenant.to_owned()).or_default();
        *covered = sequence.max(*covered);
    }

    /// Rows up to this sequence are in published segments.
    pub fn flush(&mut self, tenant: &str, signal: Signal, sequence: u64) {
        let flushed = self.marks.flushed.entry((tenant.to_owned(), signal)).or_default();
        *flushed = sequence.max(*flushed);
    }

    /// The highest sequence that any mark knows.
    pub fn highest(&self) -> u64 {
        self.marks.flushed.values().chain(self.marks.covered.values()).copied().max().unwrap_or(0)
    }
}

impl Needed for Progress {
    fn flushed(&self, tenant: &str, signal: Signal) -> u64 {
        self.marks.flushed.get(&(tenant.to_owned(), signal)).copied().unwrap_or(0)
    }

    fn covered(&self, tenant: &str) -> u64 {
        if !self.observed {
            return u64::MAX;
        }
        self.marks.covered.get(tenant).copied().unwrap_or(0)
    }
}
