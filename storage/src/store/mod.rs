//! The store: the parts of this crate put together, and their order of work.

mod background;
mod claim;
mod compact;
mod flush;
mod follow;
mod open;
mod pins;
mod place;
mod progress;
mod quarantine;
mod rebuild;
mod recover;
mod replay;
mod retain;
mod room;
mod summary;

use crate::budget::{Budget, Part};
use crate::catalog::{Catalog, RecordChange, RecordSwap};
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::limits;
use crate::memtable::{Tables, batch_bytes};
use crate::options::Options;
use crate::paths;
use crate::retention::Pin;
use crate::segment::SegmentContext;
use crate::snapshot::Snapshot;
use crate::wal::{Append, Queue, WalLedger, WalWriter};
use arrow::array::RecordBatch;
pub(crate) use claim::check_mark;
pub(crate) use open::lock_existing;
pub(crate) use place::to_read as open_to_read;
pub(crate) use rebuild::unlisted;

use background::Command;
use follow::Followers;
use ocelli_signal::Batch;
use progress::Progress;
use room::Room;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use summary::Work;
use tokio::sync::{Notify, mpsc, oneshot};

pub use follow::{Followed, Follower};
pub use summary::{
    CompactionSummary, LevelSummary, MemorySummary, Reason, Removal, Removed, RetentionSummary,
};

/// Sees every span once it is durable, in sequence order, on the WAL's thread: it must be quick.
/// After a restart it sees those again that no durable emission told about.
pub trait SpanObserver: Send + Sync {
    fn observe(&self, tenant: &str, sequence: u64, rows: &RecordBatch);
}

/// What the store holds, for people and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub memtable_rows: u64,
    pub memtable_bytes: u64,
    pub wal_bytes: u64,
    pub segments: u64,
    pub segment_rows: u64,
    /// Of all files of the segments.
    pub segment_bytes: u64,
    /// Damaged pieces: path and what is wrong.
    pub quarantined: Vec<String>,
    /// Why rows are refused at the moment, if they are.
    pub refusing: Option<String>,
    pub memory: MemorySummary,
    pub compaction: CompactionSummary,
    pub retention: RetentionSummary,
}

/// What the handle and the background work share.
struct Shared {
    options: Options,
    disk: Arc<dyn Disk>,
    catalog: Catalog,
    tables: Tables,
    queue: Arc<Queue>,
    ledger: Arc<Mutex<WalLedger>>,
    progress: Mutex<Progress>,
    segments: SegmentContext,
    room: Room,
    work: Mutex<Work>,
    observer: Option<Arc<dyn SpanObserver>>,
    followers: Followers,
    /// By name; see `pins.rs`.
    pins: Mutex<Vec<(String, Pin)>>,
    /// A memtable has grown to its size.
    grown: Notify,
    /// Held as long as anything works on the directory; none for a disk that is no directory.
    _lock: Option<std::fs::File>,
}

struct Inner {
    shared: Arc<Shared>,
    commands: mpsc::UnboundedSender<Command>,
    writer: Mutex<Option<WalWriter>>,
}

/// A handle on an open store; clones are the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

impl Store {
    /// Opens or creates the store in a directory, and replays what its WAL holds. Damage is set
    /// aside and reported by [`Store::summary`]; only an unusable directory is an error.
    pub async fn open(options: Options, observer: Option<Arc<dyn SpanObserver>>) -> Result<Store> {
        open::open(options, observer).await
    }

    /// Keeps rows. When this returns they are fsynced and in every later snapshot; the number grows
    /// with each record. Dropping the future gives up waiting, not the rows.
    pub async fn append(&self, tenant: &str, batch: Batch) -> Result<u64> {
        self.append_covering(tenant, batch, 0).await
    }

    /// Keeps rows that tell about all spans of the tenant up to a sequence: after a restart the
    /// observer sees only later ones, and the WAL need not keep the earlier ones for it.
    pub async fn append_covering(&self, tenant: &str, batch: Batch, covers: u64) -> Result<u64> {
        paths::check_tenant(tenant)?;
        if batch.rows.schema_ref() != &batch.signal.schema() {
            return Err(Error::invalid(format_args!(
                "the batch is not in the schema of {}",
                batch.signal.as_str()
            )));
        }
        let shared = &self.inner.shared;
        let bytes = batch_bytes(&batch.rows);
        shared.admit(bytes)?;
        let (answer, done) = oneshot::channel();
        shared.queue.push(Append { tenant: tenant.into(), batch, covers, bytes, answer })?;
        done.await.map_err(|_| Error::unavailable("the WAL writer has ended"))?
    }

    /// What queries take their memory from.
    pub fn memory(&self) -> &Arc<Budget> {
        &self.inner.shared.options.memory
    }

    /// Everything of a tenant at this moment.
    pub fn snapshot(&self, tenant: &str) -> Snapshot {
        self.inner.shared.tables.snapshot(tenant)
    }

    /// Keeps small texts under their names, all or none, beside the list of segments; durable when this
    /// returns. For what a part can do without, as after the catalog was lost.
    pub async fn keep_notes(&self, notes: &[(String, String)]) -> Result<()> {
        self.inner.shared.catalog.keep_notes(notes).await
    }

    /// The names and texts that were kept under names with this beginning.
    pub async fn notes(&self, prefix: &str) -> Result<Vec<(String, String)>> {
        self.inner.shared.catalog.notes(prefix).await
    }

    /// Changes records of the catalog, all or none; durable when this returns. See [`RecordChange`].
    pub async fn commit_records(&self, lease: Option<&str>, changes: &[RecordChange]) -> Result<()> {
        self.inner.shared.catalog.commit_records(lease, changes).await
    }

    /// Changes records that nobody else has changed meanwhile, all or none; see [`RecordSwap`]. Durable when
    /// this returns; false where one of them is another by now.
    pub async fn swap_records(&self, swaps: &[RecordSwap], changes: &[RecordChange]) -> Result<bool> {
        self.inner.shared.catalog.swap_records(swaps, changes).await
    }

    /// The content of one record of a space.
    pub async fn record(&self, space: &str, name: &str) -> Result<Option<String>> {
        self.inner.shared.catalog.record(space, name).await
    }

    /// The names and contents of a space's records.
    pub async fn records(&self, space: &str) -> Result<Vec<(String, String)>> {
        self.inner.shared.catalog.records(space).await
    }

    /// Whether other servers may be on this catalog.
    pub fn shares_catalog(&self) -> bool {
        !self.inner.shared.catalog.is_local()
    }

    /// Whether this server has a lease, which only one of those on a catalog has; taken where it is free.
    pub async fn lease(&self, name: &str) -> Result<bool> {
        self.inner.shared.catalog.lease(name).await
    }

    /// Writes all memtables to segments and deletes the WAL files that are no longer needed.
    pub async fn flush(&self) -> Result<()> {
        self.command(Command::Flush).await
    }

    /// Merges all segments that ever would be merged, without waiting for their day to be over. Not
    /// needed in operation: merges happen by themselves.
    pub async fn compact(&self) -> Result<()> {
        self.command(Command::Compact).await
    }

    /// Removes what has expired by now, and what is beyond our share of the disk. Not needed in
    /// operation: it happens by itself.
    pub async fn retain(&self) -> Result<()> {
        self.command(Command::Retain).await
    }

    /// Writes what waits, flushes, and lets go of the directory. Later appends are refused.
    pub async fn close(&self) -> Result<()> {
        let writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut writer) = writer {
            let stopped = tokio::task::spawn_blocking(move || writer.stop()).await;
            stopped.map_err(|error| Error::unavailable(format_args!("the WAL writer failed: {error}")))?;
        }
        self.command(Command::Close).await
    }

    async fn command(&self, command: fn(oneshot::Sender<Result<()>>) -> Command) -> Result<()> {
        let (answer, done) = oneshot::channel();
        let closed = |_| Error::unavailable("the store is closed");
        self.inner.commands.send(command(answer)).map_err(|_| Error::unavailable("the store is closed"))?;
        done.await.map_err(closed)?
    }

    pub fn summary(&self) -> Summary {
        let shared = &self.inner.shared;
        let segments = shared.tables.segments();
        let refusing = shared.refusing();
        let (mut compaction, retention) = {
            let work = shared.work();
            (work.compaction.clone(), work.retention.clone())
        };
        compaction.count(&segments);
        Summary {
            compaction,
            retention,
            memtable_rows: shared.tables.rows() as u64,
            memtable_bytes: shared.tables.bytes() as u64,
            wal_bytes: shared.ledger().bytes(),
            segments: segments.len() as u64,
            segment_rows: segments.iter().map(|segment| segment.entry.rows).sum(),
            segment_bytes: segments.iter().map(|segment| segment.entry.bytes()).sum(),
            quarantined: shared.segments.reports.list(),
            refusing,
            memory: shared.memory(),
        }
    }
}

/// Tells about damage, now and after every start.
async fn report(shared: &Shared, path: &Path, detail: &str) -> Result<()> {
    shared.segments.reports.add(path, detail);
    shared.catalog.report(&path.display().to_string(), detail).await
}

impl Shared {
    /// Refuses rows that memory or the disk has no room for.
    fn admit(&self, bytes: usize) -> Result<()> {
        let held = self.held_bytes();
        if held > 0 && held + bytes > self.options.memtable_budget_bytes {
            self.grown.notify_one();
            let reason = format!("{held} bytes wait to be written to segments");
            return Err(Error::Overloaded { retry_after: limits::RETRY_AFTER, reason });
        }
        match self.room.take(self.disk.as_ref(), held, bytes) {
            Some(reason) => {
                // What is in memory makes room when it is in segments: its WAL files go.
                self.grown.notify_one();
                Err(Error::Unavailable { reason })
            }
            None => Ok(()),
        }
    }

    fn memory(&self) -> MemorySummary {
        let budget = &self.options.memory;
        let counted = |part| match part {
            Part::Memtables => self.tables.bytes(),
            Part::Wal => self.queue.bytes(),
            Part::Caches => self.segments.cache.bytes() + self.tables.series.bytes(),
            Part::Work | Part::Queries | Part::Requests => 0,
        };
        MemorySummary {
            total_bytes: budget.total_bytes() as u64,
            origin: budget.origin(),
            parts: budget.parts(counted),
        }
    }

    /// Bytes of all rows that are in no segment.
    fn held_bytes(&self) -> usize {
        self.tables.bytes() + self.queue.bytes()
    }

    /// Why rows are refused at the moment.
    fn refusing(&self) -> Option<String> {
        let failure = self.ledger().failure().map(|why| format!("the WAL can't be written: {why}"));
        let held = self.held_bytes();
        let crowded = || {
            let full = held >= self.options.memtable_budget_bytes;
            full.then(|| format!("{held} bytes wait to be written to segments"))
        };
        failure.or_else(crowded).or_else(|| self.room.refusing(self.disk.as_ref(), held))
    }

    fn work(&self) -> std::sync::MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, WalLedger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("data_dir", &self.inner.shared.options.data_dir).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod claim_tests;
#[cfg(test)]
mod compact_tests;
#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod fixture_tests;
#[cfg(test)]
mod full_disk_tests;
#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod power_cut_tests;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod retain_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
