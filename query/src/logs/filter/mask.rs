//! A set of rows of one batch.

/// One bit a row. Filters only ever take rows away, so that a costly test sees what cheap ones left.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    words: Vec<u64>,
    len: usize,
}

impl Mask {
    pub fn none(len: usize) -> Mask {
        Mask { words: vec![0; len.div_ceil(64)], len }
    }

    pub fn all(len: usize) -> Mask {
        let mut mask = Mask { words: vec![u64::MAX; len.div_ceil(64)], len };
        if let Some(last) = mask.words.last_mut().filter(|_| !len.is_multiple_of(64)) {
            *last = (1 << (len % 64)) - 1;
        }
        mask
    }

    /// The rows for which `keep` holds.
    pub fn from_fn(len: usize, keep: impl FnMut(usize) -> bool) -> Mask {
        let mut mask = Mask::all(len);
        mask.retain(keep);
        mask
    }

    /// Rows of the batch, in the set or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when no row is in the set.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn contains(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 == 1
    }

    /// The rows in the set, ascending.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                (left != 0).then(|| {
                    left &= left - 1;
                    at * 64 + bit
                })
            })
        })
    }

    /// Takes away the rows for which `keep` does not hold; asks for rows in the set only.
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        for (at, word) in self.words.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                if !keep(at * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Adds the rows of another set over the same batch.
    pub fn add(&mut self, other: &Mask) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Takes away the rows of another set over the same batch.
    pub fn remove(&mut self, other: &Mask) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_set(len in 0usize..200, left: u128, right: u128) {
            let bit = |bits: u128, row: usize| bits >> (row % 128) & 1 == 1;
            let (a, b) = (Mask::from_fn(len, |row| bit(left, row)), Mask::from_fn(len, |row| bit(right, row)));
            let rows = |keep: &dyn Fn(usize) -> bool| (0..len).filter(|row| keep(*row)).collect::<Vec<_>>();
            prop_assert_eq!(a.iter().collect::<Vec<_>>(), rows(&|row| bit(left, row)));
            let mut both = a.clone();
            both.add(&b);
            prop_assert_eq!(both.iter().collect::<Vec<_>>(), rows(&|row| bit(left, row) || bit(right, row)));
            let mut without = a.clone();
            without.remove(&b);
            prop_assert_eq!(without.iter().collect::<Vec<_>>(), rows(&|row| bit(left, row) && !bit(right, row)));
            prop_assert_eq!((a.count(), a.is_empty()), (a.iter().count(), a.iter().next().is_none()));
            prop_assert_eq!(Mask::all(len).count(), len);
        }
    }
}
