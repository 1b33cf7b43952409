//! What a start does about the state that the last stop, or crash, left.

use super::{Shared, quarantine};
use crate::error::{IoContext, Result};
use crate::paths;
use crate::segment::Segment;
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
