//! What the catalog knows about a segment.

use crate::paths;
use crate::segment::{Partition, Services};
use ocelli_signal::Signal;
use std::path::{Path, PathBuf};

/// One file of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// After the stem; see `paths`.
    pub suffix: String,
    pub bytes: u64,
    /// Of the whole file.
    pub crc32c: u32,
    /// Of its blocks, until they are written beside it; the catalog does not keep them.
    pub blocks: Vec<u32>,
}

/// A published segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentEntry {
    /// The files' common path, relative to the data directory, without suffix.
    pub stem: String,
    pub tenant: String,
    pub signal: Signal,
    pub partition: Partition,
    /// 0 for a flush, one above the highest of its inputs for a merge.
    pub level: u32,
    pub format_version: u32,
    pub rows: u64,
    /// Nanoseconds since the Unix epoch; of spans the start times.
    pub min_time: i64,
    pub max_time: i64,
    /// When the youngest of its rows was flushed, in nanoseconds since the Unix epoch: a merge makes
    /// nothing younger.
    pub created_at: i64,
    /// WAL sequences of the rows. Within a partition no two segments' ranges overlap.
    pub first_sequence: u64,
    pub last_sequence: u64,
    /// Emissions among the rows tell about spans up to this sequence.
    pub covered_sequence: u64,
    pub services: Services,
    pub files: Vec<FileEntry>,
}

impl SegmentEntry {
    pub fn file(&self, suffix: &str) -> Option<&FileEntry> {
        self.files.iter().find(|file| file.suffix == suffix)
    }

    pub fn path(&self, suffix: &str) -> PathBuf {
        paths::with_suffix(Path::new(&self.stem), suffix)
    }

    /// All files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Whether a row may lie between the two times, both included.
    pub fn overlaps(&self, from_ns: i64, to_ns: i64) -> bool {
        self.min_time <= to_ns && from_ns <= self.max_time
    }

    /// Whether it has records of a flush, whose segment is another, and is itself another flush or a merge
    /// beside that segment.
    pub fn overlaps_flush(&self, flush: &SegmentEntry) -> bool {
        let range = |entry: &SegmentEntry| (entry.first_sequence, entry.last_sequence);
        let apart =
            if self.level == 0 { range(self) != range(flush) } else { self.partition == flush.partition };
        apart && self.shares_records(flush)
    }

    /// Whether it has records of a merge, whose segment is another, in the same partition.
    pub fn overlaps_merge(&self, merge: &SegmentEntry) -> bool {
        self.stem != merge.stem && self.partition == merge.partition && self.shares_records(merge)
    }

    fn shares_records(&self, other: &SegmentEntry) -> bool {
        (&self.tenant, self.signal) == (&other.tenant, other.signal)
            && self.first_sequence <= other.last_sequence
            && other.first_sequence <= self.last_sequence
    }

    /// Whether the sequences of another segment of the same partition lie within its own.
    pub fn spans(&self, other: &SegmentEntry) -> bool {
        self.tenant == other.tenant
            && self.signal == other.signal
            && self.partition == other.partition
            && self.first_sequence <= other.first_sequence
            && other.last_sequence <= self.last_sequence
    }
}
