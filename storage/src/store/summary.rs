//! What the store tells about merging and expiry.

use crate::budget::{Origin, PartUse};
use crate::segment::Segment;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What the budget of memory is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemorySummary {
    pub total_bytes: u64,
    /// Where the total comes from.
    pub origin: Origin,
    pub parts: Vec<PartUse>,
}

impl Default for MemorySummary {
    fn default() -> MemorySummary {
        MemorySummary { total_bytes: 0, origin: Origin::Setting, parts: Vec::new() }
    }
}

/// Merging, since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactionSummary {
    /// The segments there are, by level: 0 are flushes.
    pub levels: BTreeMap<u32, LevelSummary>,
    /// What is being merged at the moment.
    pub running: Option<String>,
    pub merges: u64,
    /// Rows of all inputs.
    pub rows_merged: u64,
    pub failures: u64,
    pub last_error: Option<String>,
}

/// The segments of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelSummary {
    pub segments: u64,
    pub rows: u64,
    pub bytes: u64,
}

impl CompactionSummary {
    pub(super) fn merged(&mut self, rows: u64) {
        self.running = None;
        self.merges += 1;
        self.rows_merged += rows;
    }

    pub(super) fn failed(&mut self, error: String) {
        self.running = None;
        self.failures += 1;
        self.last_error = Some(error);
    }

    pub(super) fn count(&mut self, segments: &[Arc<Segment>]) {
        for segment in segments {
            let level = self.levels.entry(segment.entry.level).or_default();
            level.segments += 1;
            level.rows += segment.entry.rows;
            level.bytes += segment.entry.bytes();
        }
    }
}

/// Why segments were removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// All of their rows have expired.
    Time,
    /// Segments took more than their share of the disk.
    Disk,
}

impl Reason {
    pub const ALL: [Reason; 2] = [Reason::Time, Reason::Disk];

    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Time => "time",
            Reason::Disk => "disk",
        }
    }

    pub(super) fn explanation(self) -> &'static str {
        match self {
            Reason::Time => "all of its rows have expired",
            Reason::Disk => {
                "segments take more of the disk than retention.max_disk_percent allows, and it was the oldest"
            }
        }
    }
}

/// Expiry, since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionSummary {
    pub removed: BTreeMap<Reason, Removed>,
    /// The last removals, the latest first.
    pub last: VecDeque<Removal>,
}

/// What was removed for one reason. Rows of segments that were written anew without them are not
/// counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub segments: u64,
    pub rows: u64,
    pub bytes: u64,
}

/// A segment that was removed; times in nanoseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    pub at: i64,
    pub reason: Reason,
    /// The files' path below the data directory, without suffix.
    pub stem: String,
    pub rows: u64,
    pub bytes: u64,
    pub min_time: i64,
    pub max_time: i64,
}

/// Removals that are told one by one.
const LAST: usize = 10;

impl RetentionSummary {
    pub(super) fn removed(&mut self, reason: Reason, segments: &[Arc<Segment>], now: i64) {
        for entry in segments.iter().map(|segment| &segment.entry) {
            let removed = self.removed.entry(reason).or_default();
            removed.segments += 1;
            removed.rows += entry.rows;
            removed.bytes += entry.bytes();
            self.last.push_front(Removal {
                at: now,
                reason,
                stem: entry.stem.clone(),
                rows: entry.rows,
                bytes: entry.bytes(),
                min_time: entry.min_time,
                max_time: entry.max_time,
            });
        }
        self.last.truncate(LAST);
    }
}

/// Both, as the background work keeps them.
#[derive(Debug, Default)]
pub struct Work {
    pub compaction: CompactionSummary,
    pub retention: RetentionSummary,
}
