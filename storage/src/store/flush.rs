//! Memtables become segments, one after the other, and WAL files that are no longer needed go.

use super::{Shared, quarantine};
use crate::budget::Part;
use crate::catalog::{Publication, SegmentEntry};
use crate::disk::Entry;
use crate::error::{Error, Result};
use crate::limits;
use crate::memtable::Frozen;
use crate::paths;
use crate::segment::{self, Draft, Segment};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When a flush failed: what it was about is not tried again at once, as the disk may be full and a
/// try costs as much as a flush.
#[derive(Default)]
pub struct Retry {
    failed: Option<Instant>,
    wait: Duration,
}

impl Retry {
    fn waits(&self) -> bool {
        self.failed.is_some_and(|failed| failed.elapsed() < self.wait)
    }

    fn failed(&mut self) {
        self.failed = Some(Instant::now());
        self.wait = (self.wait * 2).clamp(limits::FLUSH_RETRY, limits::FLUSH_RETRY_MAX);
    }
}

pub async fn flush_all(shared: &Arc<Shared>) -> Result<()> {
    for size in shared.tables.sizes() {
        flush_table(shared, &size.tenant, size.signal).await?;
        // One that was frozen before takes a second turn for the rows that came since.
        if size.frozen {
            flush_table(shared, &size.tenant, size.signal).await?;
        }
    }
    if let Some(rotated) = shared.queue.rotate() {
        // The writer ends only when the store closes, and then it has closed its file.
        let _ = rotated.await;
    }
    remove_unneeded(shared);
    Ok(())
}

/// Writes the memtables that are large or old enough; the largest when all together are too large.
pub async fn flush_due(shared: &Arc<Shared>, retry: &mut Retry) {
    set_damaged_aside(shared).await;
    if retry.waits() {
        return;
    }
    let options = &shared.options;
    let mut sizes = shared.tables.sizes();
    sizes.sort_by_key(|size| std::cmp::Reverse(size.bytes));
    let crowded = is_crowded(shared);
    for (at, size) in sizes.iter().enumerate() {
        let due = size.frozen || size.bytes >= options.flush_bytes || size.age >= options.flush_age;
        if (due || (crowded && at == 0))
            && let Err(error) = flush_table(shared, &size.tenant, size.signal).await
        {
            tracing::error!(%error, tenant = size.tenant, signal = size.signal.as_str(), "flush failed; it is tried again");
            retry.failed();
            return;
        }
    }
    *retry = Retry::default();
    remove_unneeded(shared);
}

/// Whether `flush_due` has something to do because of its size.
pub fn is_due(shared: &Shared) -> bool {
    let grown = || shared.tables.sizes().iter().any(|size| size.bytes >= shared.options.flush_bytes);
    is_crowded(shared) || (shared.tables.bytes() >= shared.options.flush_bytes && grown())
}

fn is_crowded(shared: &Shared) -> bool {
    shared.tables.bytes() * 2 > shared.options.memtable_budget_bytes
}

async fn flush_table(shared: &Arc<Shared>, tenant: &str, signal: ocelli_signal::Signal) -> Result<()> {
    let Some(frozen) = shared.tables.freeze(tenant, signal) else { return Ok(()) };
    // Before the work of writing, which would be for nothing.
    shared.catalog.reach().await?;
    let segments = write_segments(shared, &frozen).await?;
    let publication = Publication {
        segments: segments.iter().map(|segment| segment.entry.clone()).collect(),
        tenant: tenant.to_owned(),
        signal,
        flushed: frozen.last_sequence(),
        covered: frozen.covers(),
    };
    shared.catalog.publish(&publication).await?;
    shared.tables.publish(&frozen, segments);
    shared.progress().flush(tenant, signal, frozen.last_sequence());
    Ok(())
}

/// A segment for each partition. An emission may have no rows: then only its mark is published.
async fn write_segments(shared: &Arc<Shared>, frozen: &Arc<Frozen>) -> Result<Vec<Arc<Segment>>> {
    if frozen.rows() == 0 {
        return Ok(Vec::new());
    }
    let (work, writing) = (shared.clone(), frozen.clone());
    // A flush makes room; it is seen, and never refused.
    let mut memory = shared.options.memory.reserve(Part::Work);
    memory.grow_anyway(frozen.bytes());
    let written = tokio::task::spawn_blocking(move || write_partitions(&work, &writing)).await;
    drop(memory);
    let written = written.map_err(|error| Error::unavailable(format_args!("the flush failed: {error}")));
    let entries = written.and_then(|written| written).inspect_err(|_| remove_temps(shared, frozen))?;
    let segment = |entry| Arc::new(Segment::new(entry, shared.segments.clone()));
    Ok(entries.into_iter().map(segment).collect())
}

fn write_partitions(shared: &Shared, frozen: &Frozen) -> Result<Vec<SegmentEntry>> {
    let batches: Vec<_> = frozen.parts.iter().map(|part| part.rows.clone()).collect();
    let split = segment::split(frozen.signal, &batches)?;
    let partitions: Vec<_> = split.keys().copied().collect();
    let created_at = shared.options.clock.now_ns();
    let index_rows = shared.options.index_flush_rows.max(shared.options.index_min_rows);
    let write = |(partition, batches)| {
        let draft = Draft {
            tenant: &frozen.tenant,
            signal: frozen.signal,
            partition,
            level: 0,
            batches,
            first_sequence: frozen.first_sequence(),
            last_sequence: frozen.last_sequence(),
            covered: frozen.covers(),
            created_at,
            flush_partitions: if partitions.len() > 1 { partitions.clone() } else { Vec::new() },
            series: &shared.tables.series,
        };
        segment::write(shared.disk.as_ref(), &draft, index_rows)
    };
    split.into_iter().map(write).collect()
}

/// What a failed flush has written is of no use to the next try, and a full disk needs the room.
fn remove_temps(shared: &Shared, frozen: &Frozen) {
    let name = format!("{:020}-{:020}-0", frozen.first_sequence(), frozen.last_sequence());
    let unfinished =
        |entry: &Entry| entry.name.starts_with(&name) && entry.name.ends_with(paths::TEMP_SUFFIX);
    let mut dirs = vec![paths::segment_dir(&frozen.tenant, frozen.signal)];
    while let Some(dir) = dirs.pop() {
        for entry in shared.disk.list(&dir).unwrap_or_default() {
            if entry.is_dir {
                dirs.push(dir.join(&entry.name));
            } else if unfinished(&entry)
                && let Err(error) = shared.disk.remove(&dir.join(&entry.name))
            {
                tracing::warn!(name = entry.name, %error, "could not remove a file of a failed flush");
            }
        }
    }
}

/// Moves segments that a reader found damaged, so that the next start does not meet them again.
async fn set_damaged_aside(shared: &Arc<Shared>) {
    for segment in shared.tables.take_damaged() {
        let detail = "found damaged while it was read";
        if let Err(error) =
            quarantine::segment(shared.disk.as_ref(), &shared.catalog, &segment.entry, detail).await
        {
            tracing::error!(%error, stem = segment.entry.stem, "a damaged segment could not be set aside");
        }
    }
}

/// Deletes WAL files whose rows are all in segments, and their spans in emissions. A deletion that
/// a crash undoes is harmless: the next start skips what the marks say.
fn remove_unneeded(shared: &Shared) {
    let unneeded = shared.ledger().take_unneeded(&*shared.progress());
    for path in unneeded {
        if let Err(error) = shared.disk.remove(&path) {
            tracing::warn!(path = %path.display(), %error, "could not delete a WAL file");
        }
    }
}
