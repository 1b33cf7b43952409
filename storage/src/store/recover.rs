//! What a start does about the state that the last stop, or crash, left.

use super::rebuild::{self, Broken};
use super::{Shared, quarantine, report};
use crate::error::{IoContext, Result};
use crate::paths;
use crate::segment::Segment;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Takes in the catalog's segments, and those that it should know; sets damaged ones aside and removes
/// what was left unfinished.
pub async fn segments(shared: &Arc<Shared>) -> Result<()> {
    for (path, detail) in shared.catalog.quarantined().await? {
        shared.segments.reports.add(Path::new(&path), detail);
    }
    let (mut known, mut broken) = (Vec::new(), Vec::new());
    for entry in shared.catalog.segments().await? {
        let segment = Segment::new(entry.clone(), shared.segments.clone());
        match segment.check_files() {
            Ok(()) => known.push(entry),
            Err(error) => broken.push(Broken { entry, detail: error.to_string() }),
        }
    }
    let adopted = rebuild::adopt(shared, &known, &broken).await?;
    for Broken { entry, detail } in broken {
        let merged = adopted.iter().find(|other| other.level > entry.level && other.spans(&entry));
        match merged {
            // The catalog had lost the merge, not the disk a segment.
            Some(merged) => {
                let detail =
                    format!("it had lost that {} was merged; {} has its rows", entry.stem, merged.stem);
                shared.catalog.remove(&[&entry.stem]).await?;
                report(shared, Path::new(paths::CATALOG), &detail).await?;
            }
            None => {
                shared.segments.reports.add(Path::new(&entry.stem), &detail);
                quarantine::segment(shared.disk.as_ref(), &shared.catalog, &entry, &detail).await?;
            }
        }
    }
    known.extend(adopted);
    known.sort_by(|a, b| (a.last_sequence, &a.stem).cmp(&(b.last_sequence, &b.stem)));
    let files = known.iter().flat_map(|entry| entry.files.iter().map(|file| entry.path(&file.suffix)));
    remove_unknown(shared, Path::new(paths::SEGMENTS), &files.collect())?;
    clear_removed(shared).await?;
    for entry in known {
        shared.tables.add_segment(Arc::new(Segment::new(entry, shared.segments.clone())));
    }
    Ok(())
}

/// The files of segments that were removed are gone by now; the catalog can forget them when that is
/// durable.
async fn clear_removed(shared: &Shared) -> Result<()> {
    let stems = shared.catalog.removed().await?;
    let dirs: BTreeSet<&Path> = stems.iter().map(|stem| paths::parent(Path::new(stem))).collect();
    for dir in dirs {
        match shared.disk.sync_dir(dir) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("fsync", dir);
            }
            _ => {}
        }
    }
    if stems.is_empty() {
        return Ok(());
    }
    match shared.catalog.clear_removed(&stems).await {
        // A full disk is no reason not to start: the next start forgets them.
        Err(error) if error.is_full_catalog() => {
            tracing::warn!(%error, "the catalog still remembers segments that were removed");
            Ok(())
        }
        outcome => outcome,
    }
}

/// Where the rows of the catalog are not what was written, it is made anew from the files.
pub async fn catalog(shared: &Shared) -> Result<()> {
    match shared.catalog.check().await {
        Err(error) if error.is_damaged_catalog() => {
            let detail = format!("{error}; it was made anew from the files");
            report(shared, Path::new(paths::CATALOG), &detail).await?;
            shared.catalog.forget().await
        }
        outcome => outcome,
    }
}

/// Files of flushes and merges that did not get to their end: their rows are elsewhere.
fn remove_unknown(shared: &Shared, dir: &Path, known: &HashSet<PathBuf>) -> Result<()> {
    for entry in shared.disk.list(dir).context("list", dir)? {
        let path = dir.join(&entry.name);
        if entry.is_dir {
            remove_unknown(shared, &path, known)?;
        } else if !known.contains(&path) {
            tracing::info!(path = %path.display(), "removing an unfinished or replaced file");
            shared.disk.remove(&path).context("remove", &path)?;
        }
    }
    Ok(())
}
