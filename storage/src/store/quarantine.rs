//! Moves what is damaged out of the way, so that it can be looked at and is not met again.

use crate::catalog::{Catalog, SegmentEntry};
use crate::disk::{self, Disk};
use crate::error::{IoContext, Result};
use crate::paths;
use crate::wal::{PIECE, Window};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The name that a path has in quarantine.
pub fn set_aside(path: &Path) -> PathBuf {
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

/// The path that names a damaged piece of a file.
pub fn piece(file: &Path, offset: u64) -> PathBuf {
    PathBuf::from(format!("{}@{offset}", file.display()))
}

/// Keeps a copy of damaged bytes of a WAL file.
pub fn wal_bytes(disk: &dyn Disk, file: &Path, range: &Range<u64>) -> Result<()> {
    let mut from = Window::new(disk.open(file).context("open", file)?);
    let mut at = range.start;
    disk::write_durably(disk, &set_aside(&piece(file, range.start)), |copy| {
        while at < range.end {
            let bytes = from.view(at, PIECE.min((range.end - at) as usize))?;
            copy.append(bytes)?;
            at += bytes.len() as u64;
        }
        Ok(())
    })
}
