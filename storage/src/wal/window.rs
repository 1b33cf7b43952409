//! A file seen through a window, so that reading it takes little memory however long it is.

use crate::disk::DiskReader;
use std::io;
use std::sync::Arc;

/// What is read at once: large enough that system calls don't count.
pub const PIECE: usize = 1 << 20;

/// See the module.
#[derive(Debug)]
pub struct Window {
    file: Arc<dyn DiskReader>,
    /// Where in the file the buffer begins.
    start: u64,
    buffer: Vec<u8>,
}

impl Window {
    pub fn new(file: Arc<dyn DiskReader>) -> Window {
        Window { file, start: 0, buffer: Vec::new() }
    }

    /// The size of the file.
    pub fn end(&self) -> u64 {
        self.file.bytes()
    }

    /// The bytes from a place on: `length` of them, or fewer at the end of the file. The window grows
    /// to what is asked for and moves on with the place.
    pub fn view(&mut self, at: u64, length: usize) -> io::Result<&[u8]> {
        let wanted = length.min(usize::try_from(self.end().saturating_sub(at)).unwrap_or(usize::MAX));
        let inside = at.checked_sub(self.start).and_then(|skip| usize::try_from(skip).ok());
        let offset = match inside {
            Some(skip) if skip + wanted <= self.buffer.len() => skip,
            _ => {
                self.load(at, inside, wanted)?;
                0
            }
        };
        Ok(&self.buffer[offset..offset + wanted])
    }

    /// Fills the buffer from a place on, keeping what of it is there already.
    fn load(&mut self, at: u64, inside: Option<usize>, wanted: usize) -> io::Result<()> {
        match inside {
            Some(skip) if skip < self.buffer.len() => drop(self.buffer.drain(..skip)),
            _ => self.buffer.clear(),
        }
        self.start = at;
        let kept = self.buffer.len();
        let left = usize::try_from(self.end().saturating_sub(at)).unwrap_or(usize::MAX);
        self.buffer.resize(wanted.max(PIECE).min(left).max(kept), 0);
        // One long record must not keep its memory for the rest of the file.
        self.buffer.shrink_to(2 * PIECE);
        let filled = self.file.read_at(at + kept as u64, &mut self.buffer[kept..]);
        if filled.is_err() {
            self.buffer.truncate(kept);
        }
        filled
    }

    /// Whether only zeros follow.
    pub fn is_zero_from(&mut self, mut at: u64) -> io::Result<bool> {
        while at < self.end() {
            let piece = self.view(at, PIECE)?;
            if piece.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            at += piece.len() as u64;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Disk;
    use crate::disk::memory::MemoryDisk;
    use std::path::Path;

    #[test]
    fn every_view_has_the_bytes_of_its_place() {
        let disk = MemoryDisk::default();
        let bytes: Vec<u8> = (0..3 * PIECE + 77).map(|n| (n % 251) as u8).collect();
        let mut file = disk.create(Path::new("f")).unwrap();
        file.append(&bytes).unwrap();
        let mut window = Window::new(disk.open(Path::new("f")).unwrap());
        for (at, length) in
            [(0, 10), (PIECE - 3, 10), (5, 2 * PIECE), (7, 1), (3 * PIECE, PIECE), (bytes.len(), 4), (1, 4)]
        {
            let expected = &bytes[at..bytes.len().min(at + length)];
            assert!(window.view(at as u64, length).unwrap() == expected, "{length} bytes at {at}");
        }
        assert!(!window.is_zero_from(bytes.len() as u64 - 1).unwrap());
        assert!(window.is_zero_from(bytes.len() as u64).unwrap());
    }
}
