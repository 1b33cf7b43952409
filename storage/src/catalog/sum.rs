//! Checksums of rows. A database notices when its structure is broken, not when a number in it is
//! another one; a wrong mark would lose rows or show them twice.

use super::{Owner, SegmentEntry};
use ocelli_signal::Signal;

/// Of fields in a fixed order, each with its end.
struct Sum(u32);

impl Sum {
    fn add(self, field: &dyn std::fmt::Display) -> Sum {
        let crc = crc32c::crc32c_append(self.0, field.to_string().as_bytes());
        Sum(crc32c::crc32c_append(crc, &[0]))
    }
}

/// Of a segment and all its files, in whatever order these are.
pub fn segment(entry: &SegmentEntry) -> i64 {
    let mut sum = Sum(0)
        .add(&entry.stem)
        .add(&entry.tenant)
        .add(&entry.signal.as_str())
        .add(&entry.partition)
        .add(&entry.level)
        .add(&entry.format_version)
        .add(&entry.rows)
        .add(&entry.min_time)
        .add(&entry.max_time)
        .add(&entry.created_at)
        .add(&entry.first_sequence)
        .add(&entry.last_sequence)
        .add(&entry.covered_sequence)
        .add(&entry.services.to_json());
    let mut files: Vec<_> = entry.files.iter().collect();
    files.sort_by(|a, b| a.suffix.cmp(&b.suffix));
    for file in files {
        sum = sum.add(&file.suffix).add(&file.bytes).add(&file.crc32c);
    }
    i64::from(sum.0)
}

/// Of a mark of flushed rows.
pub fn flushed(tenant: &str, signal: Signal, sequence: u64) -> i64 {
    i64::from(Sum(1).add(&tenant).add(&signal.as_str()).add(&sequence).0)
}

/// Of a mark of covered spans.
pub fn covered(tenant: &str, sequence: u64) -> i64 {
    i64::from(Sum(2).add(&tenant).add(&sequence).0)
}

/// Of what a node is about.
pub fn owner(owner: &Owner) -> i64 {
    i64::from(Sum(4).add(&owner.data_set).add(&owner.wal).add(&owner.segments).0)
}

/// Of a note.
pub fn note(name: &str, content: &str) -> i64 {
    i64::from(Sum(5).add(&name).add(&content).0)
}

/// Of a record.
pub fn record(space: &str, name: &str, content: &str) -> i64 {
    i64::from(Sum(6).add(&space).add(&name).add(&content).0)
}

/// Of the version of the tables.
pub fn version(version: i64) -> i64 {
    i64::from(Sum(3).add(&version).0)
}
