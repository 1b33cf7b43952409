use super::*;
use crate::disk::memory::MemoryDisk;
use crate::disk::{Disk, DiskReader};
use crate::error::Error;
use crate::paths::{TRACES_SUFFIX, with_suffix};
use crate::segment::sink::name_files;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn id(n: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    id
}

fn built(ids: impl IntoIterator<Item = u64>) -> (MemoryDisk, PathBuf) {
    let (disk, stem) = (MemoryDisk::default(), Path::new("s"));
    let mut builder = TraceListBuilder::default();
    ids.into_iter().for_each(|n| builder.push(&id(n)));
    let entry = builder.finish(&disk, stem).unwrap();
    name_files(&disk, stem, vec![entry]).unwrap();
    (disk, with_suffix(stem, TRACES_SUFFIX))
}

/// Counts the reads that a search costs.
#[derive(Debug)]
struct Counting(Arc<dyn DiskReader>, AtomicUsize);

impl DiskReader for Counting {
    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        assert!(buffer.len() <= BLOCK_BYTES);
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.read_at(offset, buffer)
    }
}

#[test]
fn a_trace_costs_a_read_or_two_however_many_there_are() {
    let traces = 50_000;
    let (disk, path) = built((0..traces).flat_map(|n| [n, n, n]));
    let file = Counting(disk.open(&path).unwrap(), AtomicUsize::new(0));
    let list = TraceList::open(&path, &file, 3 * traces).unwrap();
    file.1.store(0, Ordering::Relaxed);
    for n in 0..2_000 {
        let first = 3 * n as u32;
        assert_eq!(list.rows(&file, &id(n)).unwrap(), [first, first + 1, first + 2]);
        assert!(list.rows(&file, &id(n + traces)).unwrap().is_empty());
    }
    let reads = file.1.load(Ordering::Relaxed) as f64 / 4_000.0;
    assert!(reads < 2.0, "{reads} reads a search");
}

#[test]
fn a_changed_byte_anywhere_is_found_by_who_meets_it() {
    let (disk, path) = built(0..700);
    let bytes = disk.open(&path).unwrap().bytes() as usize;
    for at in (0..bytes).step_by(97).chain(bytes - TRAILER_BYTES..bytes) {
        disk.damage(&path, |bytes| bytes[at] ^= 4);
        let file = disk.open(&path).unwrap();
        let all = TraceList::open(&path, file.as_ref(), 700).and_then(|list| list.read_all(file.as_ref()));
        assert!(matches!(all, Err(Error::Corrupt { .. })), "byte {at}");
        disk.damage(&path, |bytes| bytes[at] ^= 4);
    }
    let file = disk.open(&path).unwrap();
    assert!(TraceList::open(&path, file.as_ref(), 700).is_ok());
    assert!(TraceList::open(&path, file.as_ref(), 701).is_err());
    disk.damage(&path, |bytes| bytes.truncate(5));
    assert!(TraceList::open(&path, disk.open(&path).unwrap().as_ref(), 700).is_err());
}

proptest! {
    #[test]
    fn every_row_is_found_by_its_trace(ids in prop::collection::vec(0u64..600, 0..3_000)) {
        let (disk, path) = built(ids.iter().copied());
        let file = disk.open(&path).unwrap();
        let list = TraceList::open(&path, file.as_ref(), ids.len() as u64).unwrap();
        for n in 0..610 {
            let rows = list.rows(file.as_ref(), &id(n)).unwrap();
            let expected: Vec<u32> = (0..ids.len() as u32).filter(|row| ids[*row as usize] == n).collect();
            prop_assert_eq!(rows, expected);
        }
    }
}
