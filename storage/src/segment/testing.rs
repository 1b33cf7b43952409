//! A segment of given rows, for tests.

use super::*;
use crate::disk::DiskReader;
use crate::disk::memory::MemoryDisk;
use crate::memtable::SeriesCache;
use crate::test_rows;
use arrow::array::UInt32Array;
use arrow::compute::{concat_batches, take_record_batch};
use std::io;

pub struct Rig {
    pub disk: MemoryDisk,
    pub segment: Segment,
    /// The rows in the order of the file.
    pub expected: RecordBatch,
}

pub fn written(signal: Signal, batches: Vec<RecordBatch>, index_min_rows: usize) -> Rig {
    let disk = MemoryDisk::default();
    let cache = SeriesCache::default();
    let draft = Draft {
        tenant: "default",
        signal,
        partition: Partition::of(test_rows::BASE_TIME),
        level: 0,
        batches: batches.clone(),
        first_sequence: 1,
        last_sequence: 2,
        covered: 0,
        created_at: test_rows::BASE_TIME,
        flush_partitions: Vec::new(),
        series: &cache,
    };
    let entry = write(&disk, &draft, index_min_rows).unwrap();
    let rows = concat_batches(&signal.schema(), &batches).unwrap();
    let order = UInt32Array::from(sort::order(signal, &rows).unwrap());
    let expected = take_record_batch(&rows, &order).unwrap();
    let context = SegmentContext {
        disk: Arc::new(disk.clone()),
        cache: Arc::new(Cache::new(1 << 20)),
        reports: Reports::default(),
        trash: Default::default(),
    };
    Rig { disk, segment: Segment::new(entry, context), expected }
}

/// A file of its own.
#[derive(Debug)]
pub struct Bytes(pub Vec<u8>);

impl DiskReader for Bytes {
    fn bytes(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let at = offset as usize;
        let end = at.checked_add(buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let found = self.0.get(at..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(found);
        Ok(())
    }
}
