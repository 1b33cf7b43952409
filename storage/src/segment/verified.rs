//! A file of which every block is checked when it is first read.

use super::sums::{BLOCK_BYTES, FileSums};
use crate::disk::DiskReader;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// What is known of one file since the start. Shared by all who read it.
#[derive(Debug)]
pub struct Checked {
    sums: FileSums,
    /// One bit a block: it was right when it was read.
    right: Vec<AtomicU64>,
    /// How often blocks had to be fetched a second time; see [`DiskReader::refetches`].
    refetches: AtomicU64,
}

impl Checked {
    pub fn new(sums: FileSums) -> Checked {
        let words = sums.blocks.len().div_ceil(64);
        let right = std::iter::repeat_with(AtomicU64::default).take(words).collect();
        Checked { sums, right, refetches: AtomicU64::new(0) }
    }

    fn is_right(&self, block: usize) -> bool {
        self.right[block / 64].load(Ordering::Acquire) >> (block % 64) & 1 == 1
    }

    fn set_right(&self, block: usize) {
        self.right[block / 64].fetch_or(1 << (block % 64), Ordering::AcqRel);
    }

    /// The bytes may have come over a network again: what was known of them is worth nothing.
    fn note_refetches(&self, now: u64) {
        if self.refetches.swap(now, Ordering::AcqRel) != now {
            self.right.iter().for_each(|word| word.store(0, Ordering::Release));
        }
    }
}

/// Reads that failed although nothing is known to be wrong with the bytes, by thread: readers of
/// Parquet keep only the text of an error, and a store that can't be reached is no damage.
#[derive(Debug, Default)]
pub struct Failures(Mutex<HashMap<ThreadId, io::Error>>);

impl Failures {
    fn note(&self, error: io::Error) -> io::Error {
        let told = io::Error::new(error.kind(), error.to_string());
        self.locked().insert(thread::current().id(), error);
        told
    }

    /// The last failure of this thread.
    pub fn take(&self) -> Option<io::Error> {
        self.locked().remove(&thread::current().id())
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<ThreadId, io::Error>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the module. Wrong bytes are an error of kind `InvalidData`.
#[derive(Debug)]
pub struct VerifiedReader {
    file: Arc<dyn DiskReader>,
    checked: Arc<Checked>,
    failures: Arc<Failures>,
}

impl VerifiedReader {
    pub fn new(file: Arc<dyn DiskReader>, checked: Arc<Checked>, failures: Arc<Failures>) -> VerifiedReader {
        VerifiedReader { file, checked, failures }
    }

    fn fetch(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, buffer).map_err(|error| match error.kind() {
            // The file is not what it was.
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => error,
            _ => self.failures.note(error),
        })
    }

    /// The bytes of some blocks.
    fn range(&self, blocks: Range<usize>) -> Range<u64> {
        blocks.start as u64 * BLOCK_BYTES..(blocks.end as u64 * BLOCK_BYTES).min(self.checked.sums.bytes)
    }

    fn check(&self, block: usize, bytes: &[u8]) -> io::Result<()> {
        if self.checked.sums.blocks.get(block) == Some(&crc32c::crc32c(bytes)) {
            self.checked.set_right(block);
            return Ok(());
        }
        let at = block as u64 * BLOCK_BYTES;
        let detail = format!("the checksum of the {} bytes at {at} is wrong", bytes.len());
        Err(io::Error::new(io::ErrorKind::InvalidData, detail))
    }
}

impl DiskReader for VerifiedReader {
    fn bytes(&self) -> u64 {
        self.checked.sums.bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(buffer.len() as u64);
        if end > self.bytes() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let blocks = (offset / BLOCK_BYTES) as usize..end.div_ceil(BLOCK_BYTES) as usize;
        if buffer.is_empty() {
            return Ok(());
        }
        if blocks.clone().all(|block| self.checked.is_right(block)) {
            let before = self.checked.refetches.load(Ordering::Acquire);
            self.fetch(offset, buffer)?;
            if self.file.refetches() == before {
                return Ok(());
            }
        }
        let range = self.range(blocks.clone());
        let mut whole = vec![0; (range.end - range.start) as usize];
        self.fetch(range.start, &mut whole)?;
        self.checked.note_refetches(self.file.refetches());
        for (block, bytes) in blocks.zip(whole.chunks(BLOCK_BYTES as usize)) {
            if !self.checked.is_right(block) {
                self.check(block, bytes)?;
            }
        }
        let begin = (offset - range.start) as usize;
        buffer.copy_from_slice(&whole[begin..begin + buffer.len()]);
        Ok(())
    }
}
