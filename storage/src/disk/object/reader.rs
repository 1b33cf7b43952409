//! A file in the object store, read by blocks through the cache.

use super::read_cache::{Piece, ReadCache};
use super::remote::Remote;
use crate::disk::DiskReader;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is fetched and kept at once: a request costs as much as the transfer of about this many bytes.
pub const BLOCK_BYTES: u64 = 1 << 20;
/// Neighbouring blocks are fetched by one request up to this many.
const RUN_BLOCKS: u32 = 8;

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

/// A file that is there. The last who holds it deletes it, once it is to go: a query that reads it
/// goes on.
#[derive(Debug)]
pub struct Object {
    remote: Arc<Remote>,
    cache: Arc<ReadCache>,
    path: PathBuf,
    bytes: u64,
    number: u64,
    to_go: AtomicBool,
    /// One bit a block: somebody has read it.
    seen: Vec<AtomicU64>,
    refetches: AtomicU64,
}

impl Object {
    /// `was_local` for a file that was written, and maybe read, here.
    pub fn new(
        remote: Arc<Remote>,
        cache: Arc<ReadCache>,
        path: PathBuf,
        bytes: u64,
        was_local: bool,
    ) -> Object {
        let words = bytes.div_ceil(BLOCK_BYTES).div_ceil(64) as usize;
        let bits = if was_local { u64::MAX } else { 0 };
        Object {
            remote,
            cache,
            path,
            bytes,
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            to_go: AtomicBool::new(false),
            seen: std::iter::repeat_with(|| AtomicU64::new(bits)).take(words).collect(),
            refetches: AtomicU64::new(0),
        }
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn number(&self) -> u64 {
        self.number
    }

    /// It is deleted when nobody reads it any more.
    pub fn let_go(&self) {
        self.to_go.store(true, Ordering::Release);
    }

    /// Keeps nothing of it in the cache any more.
    pub fn drop_cached(&self) {
        self.cache.drop_object(self.number, self.bytes.div_ceil(BLOCK_BYTES) as u32);
    }

    fn range(&self, blocks: &Range<u32>) -> Range<u64> {
        u64::from(blocks.start) * BLOCK_BYTES..(u64::from(blocks.end) * BLOCK_BYTES).min(self.bytes)
    }

    fn note_fetched(&self, block: u32) {
        let (word, bit) = (block as usize / 64, 1 << (block % 64));
        if self.seen[word].fetch_or(bit, Ordering::AcqRel) & bit != 0 {
            self.refetches.fetch_add(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        if self.to_go.load(Ordering::Acquire) {
            self.drop_cached();
            self.remote.remove_later(&self.path);
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct ObjectReader(pub Arc<Object>);

impl ObjectReader {
    /// Fills what is cached; gives the runs of blocks that are not.
    fn read_cached(&self, offset: u64, buffer: &mut [u8]) -> Vec<Range<u32>> {
        let object = &self.0;
        let end = offset + buffer.len() as u64;
        let blocks = (offset / BLOCK_BYTES) as u32..end.div_ceil(BLOCK_BYTES) as u32;
        let mut missing: Vec<Range<u32>> = Vec::new();
        for block in blocks {
            let range = object.range(&(block..block + 1));
            let (begin, stop) = (range.start.max(offset), range.end.min(end));
            let part = &mut buffer[(begin - offset) as usize..(stop - offset) as usize];
            let piece = Piece { object: object.number, block: Some(block) };
            if object.cache.read(piece, begin - range.start, part) {
                continue;
            }
            match missing.last_mut() {
                Some(run) if run.end == block && run.len() < RUN_BLOCKS as usize => run.end += 1,
                _ => missing.push(block..block + 1),
            }
        }
        missing
    }
}

impl DiskReader for ObjectReader {
    fn bytes(&self) -> u64 {
        self.0.bytes
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let object = &self.0;
        let end = offset.saturating_add(buffer.len() as u64);
        if end > object.bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if object.cache.read(Piece { object: object.number, block: None }, offset, buffer) {
            return Ok(());
        }
        let missing = self.read_cached(offset, buffer);
        if missing.is_empty() {
            return Ok(());
        }
        let ranges = missing.iter().map(|run| object.range(run)).collect();
        let fetched = object.remote.get_ranges(&object.path, ranges)?;
        for (run, bytes) in missing.into_iter().zip(fetched) {
            let range = object.range(&run);
            if bytes.len() as u64 != range.end - range.start {
                let detail = format!("{} bytes at {} of an object that has fewer", bytes.len(), range.start);
                return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
            }
            for (block, bytes) in run.zip(bytes.chunks(BLOCK_BYTES as usize)) {
                object.cache.keep(Piece { object: object.number, block: Some(block) }, bytes);
                object.note_fetched(block);
            }
            let (begin, stop) = (range.start.max(offset), range.end.min(end));
            let part = &bytes[(begin - range.start) as usize..(stop - range.start) as usize];
            buffer[(begin - offset) as usize..(stop - offset) as usize].copy_from_slice(part);
        }
        Ok(())
    }

    fn refetches(&self) -> u64 {
        self.0.refetches.load(Ordering::Acquire)
    }
}
