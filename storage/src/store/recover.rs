//! What a start does about the state that the last stop, or crash, left.

use super::{Shared, quarantine};
use crate::error::{IoContext, Result};
use crate::paths;
use crate::segment::Segment;
use crate::wal::{self, Committed, Finding, Header, LoggedFile, Needed};
use ocelli_signal::Signal;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Takes in the catalog's segments; sets damaged ones aside and removes files that no catalog knows.
pub async fn segments(shared: &Arc<Shared>) -> Result<()> {
    for (path, detail) in shared.catalog.quarantined().await? {
        shared.segments.reports.add(Path::new(&path), detail);
    }
    let mut known: HashSet<PathBuf> = HashSet::new();
    for entry in shared.catalog.segments().await? {
        let segment = Segment::new(entry, shared.segments.clone());
        match segment.check_files() {
            Ok(()) => {
                known.extend(segment.entry.files.iter().map(|file| segment.entry.path(&file.suffix)));
                shared.tables.add_segment(Arc::new(segment));
            }
            Err(error) => {
                let detail = error.to_string();
                shared.segments.reports.add(Path::new(&segment.entry.stem), &detail);
                quarantine::segment(shared.disk.as_ref(), &shared.catalog, &segment.entry, &detail).await?;
            }
        }
    }
    remove_unknown(shared, Path::new(paths::SEGMENTS), &known)
}

/// Files of flushes that did not get to their transaction: their rows are in the WAL.
fn remove_unknown(shared: &Shared, dir: &Path, known: &HashSet<PathBuf>) -> Result<()> {
    for entry in shared.disk.list(dir).context("list", dir)? {
        let path = dir.join(&entry.name);
        if entry.is_dir {
            remove_unknown(shared, &path, known)?;
        } else if !known.contains(&path) {
            tracing::info!(path = %path.display(), "removing a file of an unfinished flush");
            shared.disk.remove(&path).context("remove", &path)?;
        }
    }
    Ok(())
}

/// Replays the WAL and gives the next sequence.
pub async fn replay(shared: &Arc<Shared>) -> Result<u64> {
    let work = shared.clone();
    let replayed = tokio::task::spawn_blocking(move || replay_files(&work)).await;
    let outcome =
        replayed.map_err(|error| crate::Error::unavailable(format_args!("replay failed: {error}")))??;
    for (path, detail) in outcome.damage {
        shared.segments.reports.add(&path, &detail);
        shared.catalog.report(&path.display().to_string(), &detail).await?;
    }
    Ok(outcome.next_sequence)
}

struct Replayed {
    next_sequence: u64,
    damage: Vec<(PathBuf, String)>,
}

fn replay_files(shared: &Shared) -> Result<Replayed> {
    let files = wal::scan(shared.disk.as_ref())?;
    let mut replayed = Replayed { next_sequence: shared.progress().highest() + 1, damage: Vec::new() };
    // All headers first: an emission late in the WAL says which spans early in it are covered.
    for file in &files {
        survey(shared, file, &mut replayed)?;
        replayed.next_sequence = replayed.next_sequence.max(file.first_sequence);
    }
    for file in &files {
        apply_file(shared, file, &mut replayed)?;
    }
    Ok(replayed)
}

/// Reads the headers of a file, sets damage aside and cuts a torn tail.
fn survey(shared: &Shared, file: &LoggedFile, replayed: &mut Replayed) -> Result<()> {
    shared.ledger().begin_file(file.first_sequence, file.bytes);
    let (mut torn, mut failed) = (None, Ok(()));
    file.read(shared.disk.as_ref(), &mut |finding| match finding {
        Finding::Record { header, .. } => {
            replayed.next_sequence = replayed.next_sequence.max(header.sequence + 1);
            if header.covers > 0 {
                shared.progress().cover(&header.tenant, header.covers);
            }
            shared.ledger().add_record(file.first_sequence, &header);
        }
        Finding::Damage { range, bytes } => {
            match quarantine::wal_bytes(shared.disk.as_ref(), &file.path, range.start, bytes) {
                Ok(piece) => {
                    replayed.damage.push((piece, format!("{} damaged bytes of the WAL", bytes.len())))
                }
                Err(error) => failed = Err(error),
            }
        }
        Finding::Torn { range } => torn = Some(range),
    })?;
    failed?;
    if let Some(range) = torn {
        tracing::warn!(path = %file.path.display(), bytes = range.len(), "cutting the torn tail of the WAL");
        shared.disk.truncate(&file.path, range.start as u64).context("truncate", &file.path)?;
        shared.ledger().set_bytes(file.first_sequence, range.start as u64);
    }
    shared.ledger().end_file();
    Ok(())
}

/// Makes the rows readable that are in no segment, and shows the spans that are in no emission.
fn apply_file(shared: &Shared, file: &LoggedFile, replayed: &mut Replayed) -> Result<()> {
    let mut failed = Ok(());
    file.read(shared.disk.as_ref(), &mut |finding| {
        let Finding::Record { header, payload } = finding else { return };
        let outcome = apply_record(shared, header.clone(), payload);
        if let Err(error @ (crate::Error::Arrow(_) | crate::Error::Corrupt { .. })) = &outcome {
            // The checksum is right and the payload is not: written by another version, or a bug.
            let at = format!("{}#{}", file.path.display(), header.sequence);
            replayed.damage.push((PathBuf::from(at), error.to_string()));
        } else if outcome.is_err() {
            failed = outcome;
        }
    })?;
    failed
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
