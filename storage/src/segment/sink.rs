//! A file being written through the disk seam: buffered, counted and checksummed on the way.

use super::sums::{self, Summing};
use crate::catalog::FileEntry;
use crate::disk::{Disk, DiskWriter};
use crate::error::{IoContext, Result};
use crate::paths;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Large enough that system calls don't count.
const BUFFER_BYTES: usize = 256 << 10;

/// A temporary file, until `finish`.
pub struct Sink {
    stem: PathBuf,
    suffix: &'static str,
    file: Box<dyn DiskWriter>,
    buffer: Vec<u8>,
    bytes: u64,
    summing: Summing,
}

impl Sink {
    pub fn create(disk: &dyn Disk, stem: &Path, suffix: &'static str) -> Result<Sink> {
        let temp = temp_path(stem, suffix);
        let file = disk.create(&temp).context("create", &temp)?;
        let buffer = Vec::with_capacity(BUFFER_BYTES);
        Ok(Sink { stem: stem.to_owned(), suffix, file, buffer, bytes: 0, summing: Summing::default() })
    }

    /// Makes the bytes durable, still under the temporary name.
    pub fn finish(mut self) -> Result<FileEntry> {
        let temp = temp_path(&self.stem, self.suffix);
        self.flush().context("write", &temp)?;
        self.file.sync().context("fsync", &temp)?;
        let (blocks, crc32c) = self.summing.finish();
        Ok(FileEntry { suffix: self.suffix.to_owned(), bytes: self.bytes, crc32c, blocks })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.summing.update(bytes);
        self.bytes += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.append(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

fn temp_path(stem: &Path, suffix: &str) -> PathBuf {
    paths::with_suffix(&paths::with_suffix(stem, suffix), paths::TEMP_SUFFIX)
}

/// Removes what a write that failed has left, as the disk may be full. What can't be removed goes
/// at the next start.
pub fn discard(disk: &dyn Disk, stem: &Path) {
    for suffix in paths::SEGMENT_SUFFIXES {
        let _ = disk.remove(&temp_path(stem, suffix));
    }
}

/// Gives finished files their names, durably, and their checksums a file beside them, which is the
/// last to get its name and the last of the entries that come back.
pub fn name_files(disk: &dyn Disk, stem: &Path, mut files: Vec<FileEntry>) -> Result<Vec<FileEntry>> {
    files.push(sums::write(disk, stem, &files)?);
    for file in &mut files {
        let temp = temp_path(stem, &file.suffix);
        disk.rename(&temp, &paths::with_suffix(stem, &file.suffix)).context("rename", &temp)?;
        file.blocks = Vec::new();
    }
    let dir = paths::parent(stem);
    disk.sync_dir(dir).context("fsync", dir)?;
    Ok(files)
}
