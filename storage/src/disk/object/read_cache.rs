//! What was read from the object store, and what was just written to it, on the local disk: up to a
//! number of bytes, the longest unused goes first.
//!
//! Nothing in it is trusted: a start empties it, and readers check what comes out of it.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A piece of an object, by the object's number in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Piece {
    pub object: u64,
    /// None for all of it.
    pub block: Option<u32>,
}

#[derive(Debug)]
struct Kept {
    bytes: u64,
    used: u64,
}

#[derive(Debug, Default)]
struct State {
    kept: HashMap<Piece, Kept>,
    /// By the time of the last use.
    order: BTreeMap<u64, Piece>,
    bytes: u64,
    clock: u64,
}

#[derive(Debug)]
pub struct ReadCache {
    dir: PathBuf,
    limit_bytes: u64,
    state: Mutex<State>,
}

impl ReadCache {
    /// Begins with an empty directory.
    pub fn create(dir: PathBuf, limit_bytes: u64) -> io::Result<ReadCache> {
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&dir)?,
        }
        Ok(ReadCache { dir, limit_bytes, state: Mutex::default() })
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, piece: Piece) -> PathBuf {
        match piece.block {
            Some(block) => self.dir.join(format!("{}-{block}", piece.object)),
            None => self.dir.join(piece.object.to_string()),
        }
    }

    /// Fills the buffer from a place in a piece, if the piece is kept.
    pub fn read(&self, piece: Piece, offset: u64, buffer: &mut [u8]) -> bool {
        if !self.locked().touch(piece) {
            return false;
        }
        // It may have been pushed out just now, or the disk may fail: the object store has it all.
        let read = File::open(self.file(piece)).and_then(|file| file.read_exact_at(buffer, offset));
        if read.is_err() {
            self.forget(piece);
        }
        read.is_ok()
    }

    /// Keeps a piece. Where the disk is full, half of the cache makes room and this piece is not kept.
    pub fn keep(&self, piece: Piece, bytes: &[u8]) {
        match fs::write(self.file(piece), bytes) {
            Ok(()) => self.enter(piece, bytes.len() as u64),
            Err(error) => {
                tracing::warn!(%error, "the read cache could not be written to");
                self.halve();
                self.forget(piece);
            }
        }
    }

    /// Takes a whole file over by its name.
    pub fn adopt(&self, object: u64, from: &Path, bytes: u64) -> io::Result<()> {
        let piece = Piece { object, block: None };
        fs::rename(from, self.file(piece))?;
        self.enter(piece, bytes);
        Ok(())
    }

    /// Drops everything of an object.
    pub fn drop_object(&self, object: u64, blocks: u32) {
        let all = (0..blocks).map(Some).chain([None]);
        all.for_each(|block| self.forget(Piece { object, block }));
    }

    /// Makes room on the disk.
    pub fn halve(&self) {
        self.shrink(self.bytes() / 2);
    }

    pub fn bytes(&self) -> u64 {
        self.locked().bytes
    }

    fn enter(&self, piece: Piece, bytes: u64) {
        self.locked().enter(piece, bytes);
        self.shrink(self.limit_bytes);
    }

    fn forget(&self, piece: Piece) {
        if self.locked().take(piece) {
            // Nobody reads it again; a start empties the directory.
            let _ = fs::remove_file(self.file(piece));
        }
    }

    fn shrink(&self, limit_bytes: u64) {
        loop {
            let oldest = {
                let state = self.locked();
                state.order.values().next().copied().filter(|_| state.bytes > limit_bytes)
            };
            match oldest {
                Some(piece) => self.forget(piece),
                None => return,
            }
        }
    }
}

impl State {
    fn touch(&mut self, piece: Piece) -> bool {
        self.clock += 1;
        let clock = self.clock;
        let Some(kept) = self.kept.get_mut(&piece) else { return false };
        let before = std::mem::replace(&mut kept.used, clock);
        self.order.remove(&before);
        self.order.insert(clock, piece);
        true
    }

    fn enter(&mut self, piece: Piece, bytes: u64) {
        self.take(piece);
        self.clock += 1;
        self.kept.insert(piece, Kept { bytes, used: self.clock });
        self.order.insert(self.clock, piece);
        self.bytes += bytes;
    }

    fn take(&mut self, piece: Piece) -> bool {
        let Some(kept) = self.kept.remove(&piece) else { return false };
        self.order.remove(&kept.used);
        self.bytes -= kept.bytes;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_piece_goes_first() {
        let dir = tempfile::tempdir().unwrap();
        let cache = ReadCache::create(dir.path().join("cache"), 25).unwrap();
        let piece = |block| Piece { object: 7, block: Some(block) };
        let mut buffer = [0; 4];
        cache.keep(piece(0), &[1; 10]);
        cache.keep(piece(1), &[2; 10]);
        assert!(cache.read(piece(0), 6, &mut buffer));
        cache.keep(piece(2), &[3; 10]);
        assert!(!cache.read(piece(1), 0, &mut buffer));
        assert!(cache.read(piece(0), 0, &mut buffer) && cache.read(piece(2), 0, &mut buffer));
        assert_eq!((buffer, cache.bytes()), ([3; 4], 20));
        cache.drop_object(7, 3);
        assert_eq!(cache.bytes(), 0);
        assert_eq!(fs::read_dir(dir.path().join("cache")).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_is_gone_is_a_miss() {
        let dir = tempfile::tempdir().unwrap();
        let cache = ReadCache::create(dir.path().to_owned(), 1 << 20).unwrap();
        let piece = Piece { object: 1, block: None };
        cache.keep(piece, b"abc");
        fs::remove_file(dir.path().join("1")).unwrap();
        assert!(!cache.read(piece, 0, &mut [0; 3]));
        assert_eq!(cache.bytes(), 0);
    }
}
