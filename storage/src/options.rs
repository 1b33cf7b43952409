//! What the caller decides.

use crate::budget::{Budget, Part};
use crate::catalog::CatalogAddress;
use crate::compaction::SegmentSizes;
use crate::disk::SegmentsAddress;
use crate::error::Result;
use crate::limits;
use crate::paths;
use crate::retention::Retention;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Where the time comes from: nanoseconds since the Unix epoch.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Clock {
    pub fn new(now: impl Fn() -> i64 + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(now))
    }

    pub fn now_ns(&self) -> i64 {
        (self.0)()
    }
}

impl Default for Clock {
    /// The operating system's.
    fn default() -> Clock {
        Clock::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
        })
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Settings of a store. `Options::new` has the defaults of `limits`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Everything is below this directory; it is created when missing.
    pub data_dir: PathBuf,
    /// Where the file list and the marks are.
    pub catalog: CatalogAddress,
    /// Where segments are.
    pub segments: SegmentsAddress,
    /// What is kept of them on the local disk, when they are not there; none for 10 GiB, or a fifth
    /// of the disk if that is less.
    pub read_cache_bytes: Option<u64>,
    /// Which of the writers that share a catalog and an object store this is: a tenant-like name.
    pub node: String,
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
    /// Log segments with fewer rows get no index …
    pub index_min_rows: usize,
    /// … and flushes with fewer than this get theirs when they are merged.
    pub index_flush_rows: usize,
    /// Parsed footers, opened indexes and chunks of series that are kept.
    pub cache_bytes: usize,
    /// About what series may take whose parsed form is remembered while they send.
    pub series_cache_bytes: usize,
    /// When segments are merged.
    pub compaction: SegmentSizes,
    /// How long rows are kept.
    pub retention: Retention,
    /// By which segments grow old.
    pub clock: Clock,
    /// What queries and background work take their memory from.
    pub memory: Arc<Budget>,
}

impl Options {
    pub fn new(data_dir: impl Into<PathBuf>) -> Options {
        Options {
            data_dir: data_dir.into(),
            catalog: CatalogAddress::default(),
            segments: SegmentsAddress::default(),
            read_cache_bytes: None,
            node: limits::NODE.to_owned(),
            flush_bytes: limits::FLUSH_BYTES,
            flush_age: limits::FLUSH_AGE,
            memtable_budget_bytes: limits::MEMTABLE_BUDGET_BYTES,
            queue_bytes: limits::QUEUE_BYTES,
            wal_file_bytes: limits::WAL_FILE_BYTES,
            index_min_rows: limits::INDEX_MIN_ROWS,
            index_flush_rows: limits::INDEX_FLUSH_ROWS,
            cache_bytes: limits::CACHE_BYTES,
            series_cache_bytes: limits::SERIES_CACHE_BYTES,
            compaction: SegmentSizes::default(),
            retention: Retention::default(),
            clock: Clock::default(),
            memory: Budget::detect(),
        }
    }

    /// The same with sizes that a budget of memory allows.
    pub fn within(self, memory: Arc<Budget>) -> Options {
        let (memtables, caches) = (memory.limit(Part::Memtables), memory.limit(Part::Caches));
        // A quarter of the caches is left to those who ask.
        let series = caches / 4;
        Options {
            memtable_budget_bytes: self.memtable_budget_bytes.min(memtables),
            // Three signals, one of them being written.
            flush_bytes: self.flush_bytes.min(memtables / 4),
            queue_bytes: self.queue_bytes.min(memory.limit(Part::Wal)),
            cache_bytes: caches / 4 * 3 - series,
            series_cache_bytes: series,
            memory,
            ..self
        }
    }

    /// Whether the node's name will do.
    pub fn check(&self) -> Result<()> {
        paths::check_name("node", &self.node)
    }
}
