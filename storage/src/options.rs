//! What the caller decides.

use crate::limits;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of a store. `Options::new` has the defaults of `limits`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything is below this directory; it is created when missing.
    pub data_dir: PathBuf,
    /// A memtable of one tenant and signal is written out at this size …
    pub flush_bytes: usize,
    /// … or this long after its first row.
    pub flush_age: Duration,
    /// All memtables together; above it, appends are refused as `Overloaded`.
    pub memtable_budget_bytes: usize,
    /// What may wait for the WAL writer.
    pub queue_bytes: usize,
    /// A WAL file is closed above this size.
    pub wal_file_bytes: u64,
    /// Log segments with fewer rows get no index.
    pub index_min_rows: usize,
    /// Parsed footers, opened indexes and series lists that are kept.
    pub cache_bytes: usize,
}

impl Options {
    pub fn new(data_dir: impl Into<PathBuf>) -> Options {
        Options {
            data_dir: data_dir.into(),
            flush_bytes: limits::FLUSH_BYTES,
            flush_age: limits::FLUSH_AGE,
            memtable_budget_bytes: limits::MEMTABLE_BUDGET_BYTES,
            queue_bytes: limits::QUEUE_BYTES,
            wal_file_bytes: limits::WAL_FILE_BYTES,
            index_min_rows: limits::INDEX_MIN_ROWS,
            cache_bytes: limits::CACHE_BYTES,
        }
    }
}
