//! What series cost: how many there are, and the points and bytes of them.

use ocelli_storage::{ChunkRows, Found};
use std::collections::HashSet;
use std::ops::AddAssign;

/// The cost of some series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    pub series: u64,
    pub points: u64,
    /// On disk and in memory: a share of its file by points, so an estimate.
    pub bytes: f64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.series += other.series;
        self.points += other.points;
        self.bytes += other.bytes;
    }
}

/// Series that were counted, so that one which lies in several files counts once.
#[derive(Default)]
pub struct Seen(HashSet<u128>);

/// What a seen series takes in memory.
pub const SEEN_BYTES: usize = 2 * size_of::<u128>();

impl Seen {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What each of some series costs, by row.
    pub fn tally(&mut self, found: &Found<'_>, rows: &ChunkRows) -> Vec<(usize, Tally)> {
        let mut of = |row: usize| Tally {
            series: u64::from(self.0.insert(found.chunk.id(row))),
            points: found.points(row),
            bytes: found.bytes(row),
        };
        rows.iter().map(|row| (row, of(row))).collect()
    }
}
