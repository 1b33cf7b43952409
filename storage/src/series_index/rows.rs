//! A set of series of one chunk.

use super::CHUNK_SERIES;
use std::ops::Range;

const WORDS: usize = CHUNK_SERIES / 64;

/// A bit for each series of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRows(Box<[u64; WORDS]>);

impl Default for ChunkRows {
    fn default() -> ChunkRows {
        ChunkRows(Box::new([0; WORDS]))
    }
}

impl ChunkRows {
    pub const BYTES: usize = WORDS * 8;

    pub fn insert(&mut self, row: usize) {
        self.0[row / 64] |= 1 << (row % 64);
    }

    pub fn insert_range(&mut self, rows: Range<usize>) {
        for (word, bits) in self.0.iter_mut().enumerate() {
            let (start, end) = (rows.start.max(word * 64), rows.end.min(word * 64 + 64));
            if start < end {
                *bits |= (u64::MAX >> (64 - (end - start))) << (start % 64);
            }
        }
    }

    pub fn contains(&self, row: usize) -> bool {
        self.0[row / 64] & (1 << (row % 64)) != 0
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }

    pub fn len(&self) -> usize {
        self.0.iter().map(|bits| bits.count_ones() as usize).sum()
    }

    pub fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Keeps those that are in the other too.
    pub fn intersect(&mut self, other: &ChunkRows) {
        self.0.iter_mut().zip(&*other.0).for_each(|(bits, other)| *bits &= other);
    }

    /// Takes out those that are in the other.
    pub fn subtract(&mut self, other: &ChunkRows) {
        self.0.iter_mut().zip(&*other.0).for_each(|(bits, other)| *bits &= !other);
    }

    pub fn union(&mut self, other: &ChunkRows) {
        self.0.iter_mut().zip(&*other.0).for_each(|(bits, other)| *bits |= other);
    }

    pub fn intersects(&self, other: &ChunkRows) -> bool {
        self.0.iter().zip(&*other.0).any(|(bits, other)| bits & other != 0)
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(word, bits)| {
            let mut left = *bits;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(word * 64 + bit)
            })
        })
    }
}

impl FromIterator<usize> for ChunkRows {
    fn from_iter<I: IntoIterator<Item = usize>>(rows: I) -> ChunkRows {
        let mut set = ChunkRows::default();
        rows.into_iter().for_each(|row| set.insert(row));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn any_rows() -> impl Strategy<Value = BTreeSet<usize>> {
        prop::collection::btree_set(0..300_usize, 0..40)
    }

    proptest! {
        #[test]
        fn it_is_a_set(a in any_rows(), b in any_rows(), from in 0..300_usize, to in 0..CHUNK_SERIES) {
            let set = |rows: &BTreeSet<usize>| rows.iter().copied().collect::<ChunkRows>();
            let told = |change: fn(&mut ChunkRows, &ChunkRows)| {
                let mut changed = set(&a);
                change(&mut changed, &set(&b));
                prop_assert_eq!(changed.len(), changed.iter().count());
                prop_assert!(changed.iter().all(|row| changed.contains(row)));
                Ok(changed.iter().collect::<BTreeSet<_>>())
            };
            prop_assert_eq!(told(ChunkRows::intersect)?, &a & &b);
            prop_assert_eq!(told(ChunkRows::subtract)?, &a - &b);
            prop_assert_eq!(told(ChunkRows::union)?, &a | &b);
            prop_assert_eq!(set(&a).intersects(&set(&b)), !a.is_disjoint(&b));
            prop_assert_eq!(set(&a).is_empty(), a.is_empty());
            let mut range = ChunkRows::default();
            range.insert_range(from..to);
            prop_assert_eq!(range, (from..to).collect::<ChunkRows>());
        }
    }
}
