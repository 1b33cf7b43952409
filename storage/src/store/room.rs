//! Whether the disk has room for more rows. Refusing early leaves enough to flush what is in memory, which
//! is what makes room again: the WAL goes when its rows are in segments.

use crate::disk::{Disk, Space};
use crate::limits;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Asks the disk now and then, and counts what was promised in between.
#[derive(Debug, Default)]
pub struct Room(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    looked: Option<Looked>,
    /// Bytes of the rows that were refused last; 0 once some were let in.
    refused: u64,
}

#[derive(Clone, Copy, Debug)]
struct Looked {
    at: Instant,
    space: Space,
    /// Bytes of rows that were let in since.
    taken: u64,
}

impl Room {
    /// Why rows must not be taken in now, if so; else they are counted. `held` are the bytes of all rows
    /// in memory.
    pub fn take(&self, disk: &dyn Disk, held: usize, bytes: usize) -> Option<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refusal = state.refusal(disk, held as u64, bytes as u64);
        state.refused = if refusal.is_some() { bytes as u64 } else { 0 };
        if let (None, Some(looked)) = (&refusal, &mut state.looked) {
            looked.taken += bytes as u64;
        }
        refusal
    }

    /// Why what was refused last is refused still.
    pub fn refusing(&self, disk: &dyn Disk, held: usize) -> Option<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = state.refused;
        state.refusal(disk, held as u64, refused)
    }
}

impl State {
    fn refusal(&mut self, disk: &dyn Disk, held: u64, bytes: u64) -> Option<String> {
        if self.looked.is_none_or(|looked| looked.at.elapsed() >= limits::DISK_LOOK) {
            self.looked = look(disk);
        }
        let looked = self.looked?;
        // In the WAL rows are smaller than in memory.
        let left = looked.space.available_bytes.saturating_sub(looked.taken);
        let reserve = reserve(looked.space.total_bytes, held);
        (left < reserve.saturating_add(bytes)).then(|| {
            let (left, reserve) = (left >> 20, reserve >> 20);
            format!("the disk is nearly full: {left} MiB are left, of which {reserve} are reserved")
        })
    }
}

fn look(disk: &dyn Disk) -> Option<Looked> {
    match disk.space() {
        Ok(space) => Some(Looked { at: Instant::now(), space, taken: 0 }),
        Err(error) => {
            // Then a write says it when there is none, and nothing is acknowledged.
            tracing::debug!(%error, "the disk does not tell what it has left");
            None
        }
    }
}

/// What must stay available: a flush of all that is in memory, and a margin.
fn reserve(total: u64, held: u64) -> u64 {
    let margin = total / limits::DISK_MARGIN_SHARE;
    held / limits::SEGMENT_SHARE + margin.clamp(limits::DISK_MARGIN_MIN_BYTES, limits::DISK_MARGIN_MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDisk;

    const MIB: usize = 1 << 20;

    #[test]
    fn what_was_let_in_counts_before_the_disk_is_asked_again() {
        let (disk, room) = (MemoryDisk::default(), Room::default());
        disk.set_capacity(Some(64 * MIB as u64));
        // 2 MiB of margin, and half of what is in memory.
        assert_eq!(room.take(&disk, 20 * MIB, 50 * MIB), None);
        let refused = room.take(&disk, 20 * MIB, 3 * MIB).unwrap();
        assert_eq!(refused, "the disk is nearly full: 14 MiB are left, of which 12 are reserved");
        assert_eq!(room.take(&disk, 0, 3 * MIB), None);
    }

    #[test]
    fn a_disk_that_has_space_again_is_asked_again() {
        let (disk, room) = (MemoryDisk::default(), Room::default());
        disk.set_capacity(Some(0));
        assert!(room.take(&disk, 0, 1).is_some());
        disk.set_capacity(None);
        while room.take(&disk, 0, 1).is_some() {
            std::thread::yield_now();
        }
    }
}
