//! Start: lock, catalog, segments, replay, then the threads that work.

use super::follow::Followers;
use super::place;
use super::progress::Progress;
use super::rebuild;
use super::recover;
use super::replay::{self, Replayed};
use super::room::Room;
use super::{Inner, Shared, SpanObserver, Store};
use crate::cache::Cache;
use crate::catalog::Catalog;
use crate::disk::{Disk, LocalDisk};
use crate::error::{Error, IoContext, Result};
use crate::memtable::{Part, Tables};
use crate::options::Options;
use crate::paths;
use crate::report::Reports;
use crate::segment::SegmentContext;
use crate::wal::{Committed, Queue, WalParts, WalWriter};
use ocelli_signal::Signal;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, mpsc};

pub async fn open(options: Options, observer: Option<Arc<dyn SpanObserver>>) -> Result<Store> {
    options.check()?;
    let disk = Arc::new(LocalDisk::new(&options.data_dir));
    disk.create_dir_all(Path::new("")).context("create", &options.data_dir)?;
    let lock = lock(&options.data_dir)?;
    create_dirs(disk.as_ref())?;
    let catalog = rebuild::open_catalog(disk.as_ref(), &options).await?;
    let disk = place::disk(&options, disk, &catalog).await?;
    open_on(options, observer, disk, catalog, Some(lock)).await
}

fn create_dirs(disk: &dyn Disk) -> Result<()> {
    for dir in [paths::WAL, paths::SEGMENTS, paths::QUARANTINE] {
        disk.create_dir_all(Path::new(dir)).context("create", Path::new(dir))?;
    }
    Ok(())
}

/// The same on any disk and catalog.
pub async fn open_on(
    options: Options,
    observer: Option<Arc<dyn SpanObserver>>,
    disk: Arc<dyn Disk>,
    catalog: Catalog,
    lock: Option<File>,
) -> Result<Store> {
    create_dirs(disk.as_ref())?;
    let cache = Arc::new(Cache::new(options.cache_bytes));
    let segments = SegmentContext::new(disk.clone(), cache, Reports::default());
    let observed = observer.is_some();
    let shared = Arc::new(Shared {
        queue: Arc::new(Queue::new(options.queue_bytes)),
        tables: Tables::new(options.series_cache_bytes),
        ledger: Arc::default(),
        progress: Mutex::default(),
        work: Mutex::default(),
        grown: Notify::new(),
        room: Room::default(),
        _lock: lock,
        options,
        disk,
        catalog,
        segments,
        observer,
        followers: Followers::default(),
        pins: Mutex::default(),
    });
    recover::catalog(&shared).await?;
    shared.read_pins().await?;
    recover::segments(&shared).await?;
    *shared.progress() = Progress::new(shared.catalog.marks().await?, observed);
    let replayed = replay::replay(&shared).await?;
    let writer = start_writer(&shared, replayed)?;
    let (commands, inbox) = mpsc::unbounded_channel();
    tokio::spawn(super::background::run(shared.clone(), inbox));
    Ok(Store { inner: Arc::new(Inner { shared, commands, writer: Mutex::new(Some(writer)) }) })
}

fn start_writer(shared: &Arc<Shared>, replayed: Replayed) -> Result<WalWriter> {
    let apply = shared.clone();
    WalWriter::start(WalParts {
        disk: shared.disk.clone(),
        queue: shared.queue.clone(),
        ledger: shared.ledger.clone(),
        next_sequence: replayed.next_sequence,
        previous: replayed.last_file,
        file_bytes: shared.options.wal_file_bytes,
        apply: Box::new(move |record| {
            if let Err(error) = apply.apply(record) {
                // Batches are checked when they come, so this is a bug; the rows are in the WAL.
                tracing::error!(%error, "a durable record could not be made readable");
            }
        }),
    })
}

impl Shared {
    /// Makes a durable record readable, and shows its spans to the observer.
    fn apply(&self, record: Committed) -> Result<()> {
        let header = &record.header;
        if header.covers > 0 {
            self.progress().cover(&header.tenant, header.covers);
        }
        if header.signal == Signal::Spans
            && let Some(observer) = &self.observer
        {
            observer.observe(&header.tenant, header.sequence, &record.rows);
        }
        let (tenant, signal, rows) = (header.tenant.clone(), header.signal, record.rows.clone());
        self.insert(record)?;
        self.followers.show(&tenant, signal, &rows);
        Ok(())
    }

    /// Makes a durable record readable.
    pub(super) fn insert(&self, record: Committed) -> Result<()> {
        let Committed { header, rows } = record;
        let part = Part::new(header.signal, rows, header.sequence, header.covers, &self.tables.series)?;
        if self.tables.insert(&header.tenant, part)? >= self.options.flush_bytes {
            self.grown.notify_one();
        }
        Ok(())
    }
}

/// The lock of a directory that is only looked at: where there is none, none is made.
pub fn lock_existing(dir: &Path) -> Result<Option<File>> {
    let path = dir.join(paths::LOCK);
    match File::open(&path) {
        Ok(file) => hold(file, dir).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("open", &path),
    }
}

/// Refuses a directory that another process works on. The lock goes with the process.
fn lock(dir: &Path) -> Result<File> {
    let path = dir.join(paths::LOCK);
    let file =
        OpenOptions::new().create(true).truncate(false).write(true).open(&path).context("open", &path)?;
    hold(file, dir)
}

fn hold(file: File, dir: &Path) -> Result<File> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: dir.display().to_string() }),
        Err(TryLockError::Error(source)) => Err(source).context("lock", &dir.join(paths::LOCK)),
    }
}
