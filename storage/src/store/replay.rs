//! The way back from the WAL into memory, in bounded memory: what has grown to its size is written to
//! segments on the way, as it would have been without the crash.

use super::flush::{self, Retry};
use super::{Shared, quarantine, report};
use crate::error::{Error, IoContext, Result};
use crate::paths;
use crate::wal::{self, Committed, FILE_HEADER, Finding, Header, LoggedFile, Needed, Previous, Records};
use ocelli_signal::Signal;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the WAL goes on.
pub struct Replayed {
    pub next_sequence: u64,
    pub last_file: Previous,
}

/// Replays the WAL.
pub async fn replay(shared: &Arc<Shared>) -> Result<Replayed> {
    let work = shared.clone();
    let (files, surveyed) = blocking(move || survey_all(&work)).await?;
    report_all(shared, surveyed.damage).await?;
    let mut retry = Retry::default();
    for file in files {
        apply_file(shared, &file, &mut retry).await?;
    }
    Ok(Replayed { next_sequence: surveyed.next_sequence, last_file: surveyed.last_file })
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::unavailable(format_args!("replay failed: {error}")))?
}

/// Path and detail of what is wrong.
type Damage = Vec<(PathBuf, String)>;

async fn report_all(shared: &Shared, damage: Damage) -> Result<()> {
    for (path, detail) in damage {
        report(shared, &path, &detail).await?;
    }
    Ok(())
}

struct Surveyed {
    next_sequence: u64,
    /// The last file with records.
    last_file: Previous,
    /// Of the files so far, by their first sequence.
    bytes: BTreeMap<u64, u64>,
    damage: Damage,
}

impl Surveyed {
    /// A file, and what its begin says about an earlier one: that can't have become shorter.
    fn note(&mut self, first_sequence: u64, bytes: u64, told: Previous) {
        self.bytes.insert(first_sequence, bytes);
        if bytes > FILE_HEADER as u64 {
            self.last_file = Previous { first_sequence, bytes };
        }
        if let Some(bytes) = self.bytes.get(&told.first_sequence).filter(|bytes| **bytes < told.bytes) {
            let detail = format!("its last {} bytes are missing", told.bytes - bytes);
            self.damage.push((paths::wal_file(told.first_sequence), detail));
        }
    }
}

/// All headers first: an emission late in the WAL says which spans early in it are covered.
fn survey_all(shared: &Shared) -> Result<(Vec<LoggedFile>, Surveyed)> {
    let mut files = wal::scan(shared.disk.as_ref())?;
    let mut surveyed = Surveyed {
        next_sequence: shared.progress().highest() + 1,
        last_file: Previous::default(),
        bytes: BTreeMap::new(),
        damage: Vec::new(),
    };
    files.retain(|file| {
        surveyed.next_sequence = surveyed.next_sequence.max(file.first_sequence);
        match survey(shared, file, &mut surveyed) {
            Ok(()) => true,
            Err(error) => {
                // Whatever the disk gives of it is kept for whoever can read more.
                surveyed.damage.push((file.path.clone(), error.to_string()));
                if let Err(error) = quarantine::file(shared.disk.as_ref(), &file.path) {
                    tracing::warn!(path = %file.path.display(), %error, "could not be moved to quarantine");
                }
                false
            }
        }
    });
    Ok((files, surveyed))
}

/// Reads the headers of a file, sets damage aside and cuts a torn tail.
fn survey(shared: &Shared, file: &LoggedFile, surveyed: &mut Surveyed) -> Result<()> {
    shared.ledger().begin_file(file.first_sequence, file.bytes);
    let mut torn = None;
    let mut records = file.open(shared.disk.as_ref())?;
    while let Some(finding) = records.next()? {
        match finding {
            Finding::Record { header, .. } => {
                surveyed.next_sequence = surveyed.next_sequence.max(header.sequence + 1);
                if header.covers > 0 {
                    shared.progress().cover(&header.tenant, header.covers);
                }
                shared.ledger().add_record(file.first_sequence, &header);
            }
            Finding::Damage { range } => surveyed.damage.push(set_aside(shared, file, &range)),
            Finding::Torn { range } => torn = Some(range),
        }
    }
    let mut bytes = file.bytes;
    if let Some(Range { start, end }) = torn {
        tracing::warn!(path = %file.path.display(), bytes = end - start, "cutting the torn tail of the WAL");
        shared.disk.truncate(&file.path, start).context("truncate", &file.path)?;
        shared.ledger().set_bytes(file.first_sequence, start);
        bytes = start;
    }
    surveyed.note(file.first_sequence, bytes, records.previous().unwrap_or_default());
    shared.ledger().end_file();
    Ok(())
}

/// Copies damaged bytes; a disk that has no room for the copy is no reason not to start.
fn set_aside(shared: &Shared, file: &LoggedFile, range: &Range<u64>) -> (PathBuf, String) {
    let piece = quarantine::piece(&file.path, range.start);
    if let Err(error) = quarantine::wal_bytes(shared.disk.as_ref(), &file.path, range) {
        tracing::warn!(path = %piece.display(), %error, "damaged bytes could not be copied");
    }
    (piece, format!("{} damaged bytes of the WAL", range.end - range.start))
}

/// Makes the rows readable that are in no segment, and shows the spans that are in no emission.
async fn apply_file(shared: &Arc<Shared>, file: &LoggedFile, retry: &mut Retry) -> Result<()> {
    let mut records = match file.open(shared.disk.as_ref()) {
        Ok(records) => records,
        // All of it was written to segments on the way.
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    loop {
        let (work, path) = (shared.clone(), file.path.clone());
        let (back, applied) = blocking(move || apply_some(&work, &path, records)).await?;
        records = back;
        report_all(shared, applied.damage).await?;
        flush::flush_due(shared, retry).await;
        if applied.ended {
            return Ok(());
        }
    }
}

#[derive(Default)]
struct Applied {
    damage: Damage,
    /// Nothing of the file is left.
    ended: bool,
}

/// Goes on until the memtables have grown to where they are written out.
fn apply_some(shared: &Shared, path: &Path, mut records: Records) -> Result<(Records, Applied)> {
    let mut applied = Applied::default();
    let begun = shared.tables.bytes();
    // Where a flush failed, memory holds more than it should: then some at a time all the same.
    while !flush::is_due(shared) || shared.tables.bytes() < begun + shared.options.flush_bytes {
        let (header, payload) = match records.next() {
            Ok(Some(Finding::Record { header, payload })) => (header, payload),
            // Told by the survey.
            Ok(Some(Finding::Damage { .. } | Finding::Torn { .. })) => continue,
            Ok(None) => {
                applied.ended = true;
                break;
            }
            Err(error) => {
                applied.damage.push((path.to_owned(), error.to_string()));
                applied.ended = true;
                break;
            }
        };
        if let Err(error) = apply_record(shared, header.clone(), payload) {
            // The checksum is right and the payload is not: written by another version, or a bug.
            let at = format!("{}#{}", path.display(), header.sequence);
            applied.damage.push((PathBuf::from(at), error.to_string()));
        }
    }
    Ok((records, applied))
}

fn apply_record(shared: &Shared, header: Header, payload: &[u8]) -> Result<()> {
    let (flushed, covered) = {
        let progress = shared.progress();
        (progress.flushed(&header.tenant, header.signal), progress.covered(&header.tenant))
    };
    let in_segment = header.sequence <= flushed;
    let unseen = header.signal == Signal::Spans && header.sequence > covered;
    if in_segment && !unseen {
        return Ok(());
    }
    let rows = wal::decode(header.signal, payload)?;
    if unseen && let Some(observer) = &shared.observer {
        observer.observe(&header.tenant, header.sequence, &rows);
    }
    if in_segment { Ok(()) } else { shared.insert(Committed { header, rows }) }
}
