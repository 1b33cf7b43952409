//! Which WAL files are still needed. The policy is pure; deleting is the caller's.

use super::frame::Header;
use crate::paths;
use ocelli_signal::Signal;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How far the records of each tenant and signal have got elsewhere.
pub trait Needed {
    /// Rows of records up to this sequence lie in published segments.
    fn flushed(&self, tenant: &str, signal: Signal) -> u64;
    /// Spans of records up to this sequence are told about by a durable emission.
    fn covered(&self, tenant: &str) -> u64;
}

#[derive(Debug, Default)]
struct FileRecords {
    bytes: u64,
    /// The last sequence of each tenant and signal in the file.
    last: BTreeMap<(String, u8), u64>,
}

/// The files that exist and what is in them, by their first sequence.
#[derive(Debug, Default)]
pub struct WalLedger {
    files: BTreeMap<u64, FileRecords>,
    /// The file that is being written.
    active: Option<u64>,
    /// Why the last write failed, if it did.
    failure: Option<String>,
}

impl WalLedger {
    /// A file was begun and is being written.
    pub fn begin_file(&mut self, first_sequence: u64, bytes: u64) {
        self.files.entry(first_sequence).or_default().bytes = bytes;
        self.active = Some(first_sequence);
    }

    /// Nothing more is written to the file begun last.
    pub fn end_file(&mut self) {
        self.active = None;
    }

    /// A record is durable in a file.
    pub fn add_record(&mut self, first_sequence: u64, header: &Header) {
        let file = self.files.entry(first_sequence).or_default();
        let last = file.last.entry((header.tenant.clone(), header.signal as u8)).or_default();
        *last = header.sequence.max(*last);
    }

    pub fn set_bytes(&mut self, first_sequence: u64, bytes: u64) {
        if let Some(file) = self.files.get_mut(&first_sequence) {
            file.bytes = bytes;
        }
    }

    /// Remembers how the last write ended.
    pub fn set_failure(&mut self, failure: Option<String>) {
        self.failure = failure;
    }

    pub fn failure(&self) -> Option<String> {
        self.failure.clone()
    }

    pub fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }

    /// Takes out the files, the active one excepted, whose every record is flushed and, for spans, covered.
    pub fn take_unneeded(&mut self, progress: &impl Needed) -> Vec<PathBuf> {
        let done = |file: &FileRecords| {
            file.last.iter().all(|((tenant, signal), last)| match Signal::from_u8(*signal) {
                Some(Signal::Spans) => {
                    *last <= progress.flushed(tenant, Signal::Spans) && *last <= progress.covered(tenant)
                }
                Some(signal) => *last <= progress.flushed(tenant, signal),
                None => false,
            })
        };
        let active = self.active;
        let unneeded = self.files.extract_if(.., |first, file| Some(*first) != active && done(file));
        unneeded.map(|(first, _)| paths::wal_file(first)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Progress {
        flushed: u64,
        covered: u64,
    }

    impl Needed for Progress {
        fn flushed(&self, _: &str, _: Signal) -> u64 {
            self.flushed
        }
        fn covered(&self, _: &str) -> u64 {
            self.covered
        }
    }

    fn ledger(signal: Signal) -> WalLedger {
        let mut ledger = WalLedger::default();
        for first in [1, 11] {
            ledger.begin_file(first, 100);
            let header = Header { sequence: first + 4, signal, covers: 0, tenant: "default".into() };
            ledger.add_record(first, &header);
        }
        ledger
    }

    fn taken(signal: Signal, flushed: u64, covered: u64) -> Vec<PathBuf> {
        ledger(signal).take_unneeded(&Progress { flushed, covered })
    }

    #[test]
    fn a_file_goes_when_flushed_and_for_spans_covered() {
        let first = [paths::wal_file(1)];
        assert_eq!(taken(Signal::Logs, 4, 0), [] as [PathBuf; 0]);
        assert_eq!(taken(Signal::Logs, 5, 0), first);
        assert_eq!(taken(Signal::Spans, 5, 4), [] as [PathBuf; 0]);
        assert_eq!(taken(Signal::Spans, 5, 5), first);
        assert_eq!(taken(Signal::Logs, 99, 99), first, "the active file stays");
    }
}
