//! One WAL file being written. After any failure it is poisoned: nothing is acknowledged on it again.

use super::frame::{self, FILE_HEADER, Previous};
use crate::disk::{Disk, DiskWriter};
use crate::error::{Error, IoContext, Result};
use crate::paths;
use std::path::{Path, PathBuf};

pub struct WalFile {
    path: PathBuf,
    writer: Box<dyn DiskWriter>,
    first_sequence: u64,
    /// Bytes that are durable.
    bytes: u64,
    poisoned: bool,
    /// Bytes of a failed write may lie behind those that are durable.
    uncut: bool,
}

impl WalFile {
    /// Creates the file, durably with its name.
    pub fn create(disk: &dyn Disk, first_sequence: u64, previous: Previous) -> Result<WalFile> {
        let path = paths::wal_file(first_sequence);
        let mut writer = disk.create(&path).context("create", &path)?;
        writer.append(&frame::file_header(first_sequence, previous)).context("write", &path)?;
        writer.sync().context("fsync", &path)?;
        disk.sync_dir(Path::new(paths::WAL)).context("fsync", Path::new(paths::WAL))?;
        Ok(WalFile { path, writer, first_sequence, bytes: FILE_HEADER as u64, poisoned: false, uncut: false })
    }

    /// Writes and fsyncs records that were encoded with this file's salt. On an error none of them
    /// is kept: what may have reached the disk is cut off, so that a retry is no duplicate.
    pub fn append(&mut self, disk: &dyn Disk, records: &[u8]) -> Result<()> {
        if self.poisoned {
            return Err(Error::unavailable("the WAL file failed before"));
        }
        let outcome = self.writer.append(records).context("write", &self.path);
        let outcome = outcome.and_then(|()| self.writer.sync().context("fsync", &self.path));
        match outcome {
            Ok(()) => self.bytes += records.len() as u64,
            Err(_) => {
                self.poisoned = true;
                if let Err(error) = disk.truncate(&self.path, self.bytes) {
                    self.uncut = true;
                    tracing::warn!(path = %self.path.display(), %error, "could not cut a poisoned WAL file");
                }
            }
        }
        outcome
    }

    /// Where it must still be cut, so that what was refused is not there.
    pub fn uncut(&self) -> Option<(PathBuf, u64)> {
        self.uncut.then(|| (self.path.clone(), self.bytes))
    }

    pub fn first_sequence(&self) -> u64 {
        self.first_sequence
    }

    pub fn salt(&self) -> u32 {
        frame::salt(self.first_sequence)
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
