//! A set of rows of one source.

use parquet::arrow::arrow_reader::RowSelection;
use std::ops::Range;

/// Row numbers, ascending, without duplicates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(Vec<u32>);

impl Rows {
    /// Sorts and removes duplicates.
    pub fn new(mut rows: Vec<u32>) -> Rows {
        rows.sort_unstable();
        rows.dedup();
        Rows(rows)
    }

    /// From rows that are ascending without duplicates already.
    pub fn from_sorted(rows: Vec<u32>) -> Rows {
        debug_assert!(rows.is_sorted_by(|a, b| a < b));
        Rows(rows)
    }

    /// Those of them that are in a run.
    pub fn within(&self, run: Range<u32>) -> Rows {
        let place = |row| self.0.partition_point(|other| *other < row);
        Rows(self.0[place(run.start)..place(run.end.max(run.start))].to_vec())
    }

    pub fn as_slice(&self) -> &[u32] {
        &self.0
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }

    /// Rows that are in both.
    pub fn intersect(&self, other: &Rows) -> Rows {
        let (few, many) = if self.len() <= other.len() { (self, other) } else { (other, self) };
        let mut rest = &many.0[..];
        let both = few.iter().filter(|row| {
            rest = &rest[rest.partition_point(|other| other < row)..];
            rest.first() == Some(row)
        });
        Rows(both.collect())
    }

    /// Rows that are in one of them.
    pub fn union(&self, other: &Rows) -> Rows {
        let mut all = Vec::with_capacity(self.len() + other.len());
        all.extend_from_slice(&self.0);
        all.extend_from_slice(&other.0);
        Rows::new(all)
    }

    /// Runs of neighbours.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.0.chunk_by(|a, b| a + 1 == *b).map(|run| run[0] as usize..run[run.len() - 1] as usize + 1)
    }

    pub(crate) fn selection(&self, total: usize) -> RowSelection {
        RowSelection::from_consecutive_ranges(self.ranges(), total)
    }
}

impl FromIterator<u32> for Rows {
    fn from_iter<I: IntoIterator<Item = u32>>(rows: I) -> Rows {
        Rows::new(rows.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn neighbours_make_a_range() {
        let ranges: Vec<_> = Rows::new(vec![9, 1, 2, 3, 7, 2]).ranges().collect();
        assert_eq!(ranges, [1..4, 7..8, 9..10]);
        assert_eq!(Rows::default().ranges().count(), 0);
    }

    proptest! {
        #[test]
        fn is_a_set(a in prop::collection::vec(0u32..50, 0..30), b in prop::collection::vec(0u32..50, 0..30)) {
            let (rows_a, rows_b) = (Rows::new(a.clone()), Rows::new(b.clone()));
            let (a, b): (BTreeSet<u32>, BTreeSet<u32>) = (a.into_iter().collect(), b.into_iter().collect());
            prop_assert_eq!(rows_a.intersect(&rows_b).iter().collect::<Vec<_>>(), a.intersection(&b).copied().collect::<Vec<_>>());
            let inside: Vec<u32> = a.iter().copied().filter(|row| (10..30).contains(row)).collect();
            prop_assert_eq!(rows_a.within(10..30), Rows(inside));
            prop_assert_eq!(rows_a.union(&rows_b).iter().collect::<Vec<_>>(), a.union(&b).copied().collect::<Vec<_>>());
        }
    }
}
