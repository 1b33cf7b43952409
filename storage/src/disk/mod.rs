//! The seam between the store and the file system: one real implementation, and one in memory that
//! can lose power. WAL and segments go through it; SQLite looks after itself.
//!
//! Paths are relative to the data directory. The contract is POSIX's, without its surprises: bytes
//! are durable after [`DiskWriter::sync`], names after [`Disk::sync_dir`], and neither before.

mod local;
#[cfg(test)]
pub(crate) mod memory;
mod metered;
mod object;
#[cfg(test)]
pub(crate) mod recorder;

pub use local::LocalDisk;
pub use metered::Metered;
pub use object::{ObjectDisk, ReadCache, Remote, SegmentsAddress};

use crate::error::{IoContext, Result};
use crate::paths;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub bytes: u64,
    pub is_dir: bool,
}

/// Of the disk that the directory is on, whoever else uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    pub total_bytes: u64,
    /// What this process may still write.
    pub available_bytes: u64,
}

/// A directory tree.
pub trait Disk: Debug + Send + Sync + 'static {
    /// Creates a directory with those above it, and makes their names durable.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Creates or empties a file.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWriter>>;
    /// Opens a file for reading; it stays readable when its name is removed.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskReader>>;
    /// The entries of a directory by name; none if it does not exist.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Cuts a file and makes the cut durable.
    fn truncate(&self, path: &Path, bytes: u64) -> io::Result<()>;
    /// Makes creations, renames and removals in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// How large the disk is, and what of it is left.
    fn space(&self) -> io::Result<Space>;
}

/// A file being written from its begin to its end.
pub trait DiskWriter: Send {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything appended durable. After an error nothing may be assumed about it.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file open for reading.
pub trait DiskReader: Debug + Send + Sync {
    fn bytes(&self) -> u64;
    /// Fills the whole buffer or fails.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
    /// How often bytes that were read before had to be fetched again from where they may have
    /// changed on the way. A local file is what it is.
    fn refetches(&self) -> u64 {
        0
    }
}

/// A whole file.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Result<Vec<u8>> {
    let file = disk.open(path).context("open", path)?;
    let bytes = usize::try_from(file.bytes()).map_err(io::Error::other).context("read", path)?;
    let mut buffer = vec![0; bytes];
    file.read_at(0, &mut buffer).context("read", path)?;
    Ok(buffer)
}

/// Writes a file so that after a power cut it is there whole or not at all.
pub(crate) fn write_durably(
    disk: &dyn Disk,
    path: &Path,
    fill: impl FnOnce(&mut dyn DiskWriter) -> io::Result<()>,
) -> Result<()> {
    let temp = paths::with_suffix(path, paths::TEMP_SUFFIX);
    let mut file = disk.create(&temp).context("create", &temp)?;
    fill(file.as_mut()).context("write", &temp)?;
    file.sync().context("fsync", &temp)?;
    drop(file);
    disk.rename(&temp, path).context("rename", &temp)?;
    disk.sync_dir(paths::parent(path)).context("fsync", path)
}
