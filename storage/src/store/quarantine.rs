//! Moves what is damaged out of the way, so that it can be looked at and is not met again.

use crate::catalog::{Catalog, SegmentEntry};
use crate::disk::{self, Disk};
use crate::error::{IoContext, Result};
use crate::paths;
use std::path::{Path, PathBuf};

/// The name that a path has in quarantine.
fn set_aside(path: &Path) -> PathBuf {
    Path::new(paths::QUARANTINE).join(path.to_string_lossy().replace('/', "_"))
}

/// Moves all files of a segment and takes it out of the catalog.
pub async fn segment(disk: &dyn Disk, catalog: &Catalog, entry: &SegmentEntry, detail: &str) -> Result<()> {
    for file in &entry.files {
        let path = entry.path(&file.suffix);
        match disk.rename(&path, &set_aside(&path)) {
            Ok(()) => {}
            // A missing file is what may be wrong.
            Err(error) => tracing::warn!(path = %path.display(), %error, "could not be moved to quarantine"),
        }
    }
    let dir = Path::new(paths::QUARANTINE);
    disk.sync_dir(dir).context("fsync", dir)?;
    catalog.quarantine(&entry.stem, detail).await
}

/// Moves one file, if it is there.
pub fn file(disk: &dyn Disk, path: &Path) -> Result<()> {
    match disk.rename(path, &set_aside(path)) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).context("move to quarantine", path),
    }
    for dir in [paths::parent(path), Path::new(paths::QUARANTINE)] {
        disk.sync_dir(dir).context("fsync", dir)?;
    }
    Ok(())
}

/// Keeps a copy of damaged bytes of a WAL file; gives the path that names them.
pub fn wal_bytes(disk: &dyn Disk, file: &Path, offset: usize, bytes: &[u8]) -> Result<PathBuf> {
    let piece = PathBuf::from(format!("{}@{offset}", file.display()));
    disk::write_durably(disk, &set_aside(&piece), bytes)?;
    Ok(piece)
}
