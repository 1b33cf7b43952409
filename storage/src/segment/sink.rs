//! A file being written through the disk seam: buffered, counted and checksummed on the way.

use crate::catalog::FileEntry;
use crate::disk::{Disk, DiskReader, DiskWriter};
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
    crc32c: u32,
}

impl Sink {
    pub fn create(disk: &dyn Disk, stem: &Path, suffix: &'static str) -> Result<Sink> {
        let temp = temp_path(stem, suffix);
        let file = disk.create(&temp).context("create", &temp)?;
        let buffer = Vec::with_capacity(BUFFER_BYTES);
        Ok(Sink { stem: stem.to_owned(), suffix, file, buffer, bytes: 0, crc32c: 0 })
    }

    /// Makes the bytes durable, still under the temporary name.
    pub fn finish(mut self) -> Result<FileEntry> {
        let temp = temp_path(&self.stem, self.suffix);
        self.flush().context("write", &temp)?;
        self.file.sync().context("fsync", &temp)?;
        Ok(FileEntry { suffix: self.suffix.to_owned(), bytes: self.bytes, crc32c: self.crc32c })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.crc32c = crc32c::crc32c_append(self.crc32c, bytes);
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

/// crc32c of a whole file.
pub fn checksum(file: &dyn DiskReader) -> io::Result<u32> {
    checksum_to(file, file.bytes())
}

/// crc32c of a file's begin.
pub fn checksum_to(file: &dyn DiskReader, end: u64) -> io::Result<u32> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut at, mut crc) = (0, 0);
    while at < end {
        let length = buffer.len().min((end - at) as usize);
        file.read_at(at, &mut buffer[..length])?;
        crc = crc32c::crc32c_append(crc, &buffer[..length]);
        at += length as u64;
    }
    Ok(crc)
}

/// Gives finished files their names, durably.
pub fn name_files(disk: &dyn Disk, stem: &Path, files: &[FileEntry]) -> Result<()> {
    for file in files {
        let temp = temp_path(stem, &file.suffix);
        disk.rename(&temp, &paths::with_suffix(stem, &file.suffix)).context("rename", &temp)?;
    }
    let dir = paths::parent(stem);
    disk.sync_dir(dir).context("fsync", dir)
}
