//! Whether the disk has room for more rows, and for a merge. Refusing early leaves enough to flush what is in
//! memory, which is what makes room again: the WAL goes when its rows are in segments. A merge takes room
//! before it gives some back, so what it will still write is spoken for as well; and as it can wait and rows
//! can't, it begins only where rows are not refused for its sake.

use crate::disk::{Disk, Metered, Space};
use crate::limits;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Asks the disk now and then, and counts what was promised in between.
#[derive(Debug, Default)]
pub struct Room(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    looked: Option<Looked>,
    /// Bytes of the rows that were refused last; 0 once some were let in.
    refused: u64,
    /// What the running merge is expected to write still: there is one at most.
    merging: Arc<AtomicU64>,
}

/// The room of a merge, until it is dropped.
#[derive(Debug)]
pub struct MergeRoom(Arc<AtomicU64>);

impl MergeRoom {
    /// The disk for the merge: what it writes is expected no more.
    pub fn metered(&self, disk: Arc<dyn Disk>) -> Metered {
        Metered::new(disk, self.0.clone())
    }
}

impl Drop for MergeRoom {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, Debug)]
struct Looked {
    at: Instant,
    space: Space,
    /// What a merge was expected to write still. What it wrote since is missing in `space` yet.
    merging: u64,
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

    /// Room for a merge that is expected to write so many bytes, or why it has to wait.
    pub fn take_for_merge(&self, disk: &dyn Disk, held: usize, bytes: u64) -> Result<MergeRoom, String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.looked = state.look(disk);
        let Some(looked) = &mut state.looked else {
            return Err("a merge needs to know what the disk has left".to_owned());
        };
        let left = looked.space.available_bytes;
        // While it runs, about as many bytes come in: they are in the WAL until they are in a segment.
        let coming = bytes.min(limits::MERGE_HEADROOM_BYTES);
        let reserve = reserve(looked.space.total_bytes, held as u64 + coming).saturating_add(coming);
        if left < reserve.saturating_add(bytes) {
            return Err(format!(
                "a merge needs room for {bytes} bytes beside the {reserve} of a flush; the disk has {left}"
            ));
        }
        looked.merging = bytes;
        state.merging.store(bytes, Ordering::Relaxed);
        Ok(MergeRoom(state.merging.clone()))
    }
}

impl State {
    fn refusal(&mut self, disk: &dyn Disk, held: u64, bytes: u64) -> Option<String> {
        if self.looked.is_none_or(|looked| looked.at.elapsed() >= limits::DISK_LOOK) {
            self.looked = self.look(disk);
        }
        let looked = self.looked?;
        // In the WAL rows are smaller than in memory.
        let left = looked.space.available_bytes.saturating_sub(looked.taken);
        let reserve = reserve(looked.space.total_bytes, held).saturating_add(looked.merging);
        (left < reserve.saturating_add(bytes)).then(|| {
            let (left, reserve) = (left >> 20, reserve >> 20);
            format!("the disk is nearly full: {left} MiB are left, of which {reserve} are reserved")
        })
    }

    fn look(&self, disk: &dyn Disk) -> Option<Looked> {
        // Before the disk is asked: what is written in between counts twice rather than not at all.
        let merging = self.merging.load(Ordering::Relaxed);
        match disk.space() {
            Ok(space) => Some(Looked { at: Instant::now(), space, merging, taken: 0 }),
            Err(error) => {
                // Then a write says it when there is none, and nothing is acknowledged.
                tracing::debug!(%error, "the disk does not tell what it has left");
                None
            }
        }
    }
}

/// What must stay available: a flush of all that is in memory, and a margin. Most rows take a fraction of
/// their memory in a segment; bytes that are compressed or encrypted already take all of it.
fn reserve(total: u64, held: u64) -> u64 {
    let margin = total / limits::DISK_MARGIN_SHARE;
    held + margin.clamp(limits::DISK_MARGIN_MIN_BYTES, limits::DISK_MARGIN_MAX_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDisk;
    use std::path::Path;

    const MIB: usize = 1 << 20;

    #[test]
    fn what_was_let_in_counts_before_the_disk_is_asked_again() {
        let (disk, room) = (MemoryDisk::default(), Room::default());
        disk.set_capacity(Some(64 * MIB as u64));
        // 2 MiB of margin, and what is in memory.
        assert_eq!(room.take(&disk, 20 * MIB, 40 * MIB), None);
        let refused = room.take(&disk, 20 * MIB, 3 * MIB).unwrap();
        assert_eq!(refused, "the disk is nearly full: 24 MiB are left, of which 22 are reserved");
        assert_eq!(room.take(&disk, 0, 3 * MIB), None);
    }

    /// Appends so many bytes to a file of its own.
    fn write(disk: &dyn Disk, name: &str, mib: usize) {
        disk.create(Path::new(name)).unwrap().append(&vec![0; mib * MIB]).unwrap();
    }

    #[test]
    fn what_a_merge_will_write_is_spoken_for_until_it_is_written() {
        let (disk, room) = (MemoryDisk::default(), Room::default());
        disk.set_capacity(Some(64 * MIB as u64));
        // Before the disk is asked again rows are counted as let in, so each look begins with none.
        let can_take = |mib: usize| {
            room.0.lock().unwrap().looked = None;
            room.take(&disk, 0, mib * MIB).is_none()
        };
        let merge = room.take_for_merge(&disk, 0, 20 * MIB as u64).unwrap();
        assert_eq!((can_take(42), can_take(43)), (true, false));
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        write(&merge.metered(shared.clone()), "a", 15);
        assert_eq!((can_take(42), can_take(43)), (true, false), "written, or still to be");
        // More than was expected: there is nothing to expect any more.
        write(&merge.metered(shared), "b", 7);
        assert_eq!((can_take(40), can_take(41)), (true, false));
        drop(merge);
        disk.remove(Path::new("a")).unwrap();
        assert_eq!((can_take(55), can_take(56)), (true, false));
    }

    #[test]
    fn a_merge_waits_where_rows_would_be_refused_for_its_sake() {
        let (disk, room) = (MemoryDisk::default(), Room::default());
        disk.set_capacity(Some(64 * MIB as u64));
        let merge = |held: usize, mib: u64| room.take_for_merge(&disk, held, mib << 20).map(drop);
        // 2 MiB of margin, and as much again as the merge writes for what comes in: in the WAL, then flushed.
        merge(0, 20).unwrap();
        let waits = merge(0, 21).unwrap_err();
        assert!(waits.starts_with("a merge needs room for 22020096 bytes"), "{waits}");
        merge(2 * MIB, 20).unwrap();
        merge(3 * MIB, 20).unwrap_err();
        assert_eq!(room.take(&disk, 0, 62 * MIB), None, "one that waits takes no room");
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
