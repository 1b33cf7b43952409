//! The attributes of a chunk's series, both ways: what a series has, and which series have it.

use super::rows::ChunkRows;
use ocelli_signal::{AnyValue, Attributes};
use std::borrow::Cow;
use std::ops::Range;

/// A key that so many series have keeps them as a set. Others do not: a series may have many keys of its own.
const MANY: usize = 1_024;

/// Key-value pairs by number, sorted by key; of each key those whose values are strings come first, sorted.
#[derive(Debug, Default)]
pub struct AttributeIndex {
    pub(super) keys: Vec<KeyPairs>,
    /// Each pair as a field of an `attributes` column.
    pub(super) pairs: Vec<u8>,
    pub(super) pair_ends: Vec<u32>,
    /// The pairs of each series, in its order.
    pub(super) codes: Vec<u32>,
    pub(super) code_ends: Vec<u32>,
    /// The series of each pair, ascending.
    pub(super) postings: Vec<u16>,
    pub(super) posting_ends: Vec<u32>,
}

#[derive(Debug)]
pub(super) struct KeyPairs {
    pub name: String,
    pub pairs: Range<usize>,
    /// Where those end whose values are strings.
    pub strings_end: usize,
    /// The series that have the key, where they are so many that finding them out takes a while.
    pub rows: Option<ChunkRows>,
    /// Whether a series has it more than once.
    pub repeated: bool,
}

/// The part of a list of lists whose ends are kept.
fn part(ends: &[u32], at: usize) -> Range<usize> {
    at.checked_sub(1).map_or(0, |before| ends[before] as usize)..ends[at] as usize
}

impl AttributeIndex {
    fn pair(&self, pair: usize) -> &[u8] {
        &self.pairs[part(&self.pair_ends, pair)]
    }

    fn rows(&self, pair: usize) -> &[u16] {
        &self.postings[part(&self.posting_ends, pair)]
    }

    /// The attributes of a series, as the value of their column.
    pub fn of(&self, row: usize) -> Vec<u8> {
        let codes = &self.codes[part(&self.code_ends, row)];
        let mut column = Vec::with_capacity(codes.iter().map(|code| self.pair(*code as usize).len()).sum());
        codes.iter().for_each(|code| column.extend_from_slice(self.pair(*code as usize)));
        column
    }

    pub fn keys(&self) -> impl Iterator<Item = Key<'_>> {
        self.keys.iter().map(|of| Key { index: self, of })
    }

    /// Finds out which series have the keys that many have.
    pub(super) fn add_rows(&mut self) {
        let all = self.keys().map(|key| {
            let postings = key.values().map(|value| key.rows(value).len()).sum::<usize>();
            (postings >= MANY).then(|| key.with(key.values()))
        });
        let all: Vec<_> = all.collect();
        self.keys.iter_mut().zip(all).for_each(|(key, rows)| key.rows = rows);
    }

    pub fn memory_bytes(&self) -> usize {
        let rows = |key: &KeyPairs| key.rows.as_ref().map_or(0, |_| ChunkRows::BYTES);
        let keys: usize =
            self.keys.iter().map(|key| size_of::<KeyPairs>() + key.name.len() + rows(key)).sum();
        let numbers = size_of_val(&*self.codes) + size_of_val(&*self.code_ends);
        let lists = size_of_val(&*self.postings) + size_of_val(&*self.posting_ends);
        keys + self.pairs.len() + size_of_val(&*self.pair_ends) + numbers + lists
    }
}

/// A key that series of a chunk have, with its values.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    index: &'a AttributeIndex,
    of: &'a KeyPairs,
}

impl<'a> Key<'a> {
    pub fn name(&self) -> &'a str {
        &self.of.name
    }

    /// Whether a series has the key more than once.
    pub fn is_repeated(&self) -> bool {
        self.of.repeated
    }

    /// The series that have it.
    pub fn all(&self) -> Cow<'a, ChunkRows> {
        match &self.of.rows {
            Some(rows) => Cow::Borrowed(rows),
            None => Cow::Owned(self.with(self.values())),
        }
    }

    /// Its values: strings in their order, then …
    pub fn values(&self) -> Range<usize> {
        self.of.pairs.clone()
    }

    /// … those of other types.
    pub fn others(&self) -> Range<usize> {
        self.of.strings_end..self.of.pairs.end
    }

    pub fn value(&self, value: usize) -> AnyValue<'a> {
        pair(self.index.pair(value)).1
    }

    /// How much memory the value takes, with its key.
    pub fn bytes(&self, value: usize) -> usize {
        self.index.pair(value).len()
    }

    /// The series that have a value, ascending.
    pub fn rows(&self, value: usize) -> &'a [u16] {
        self.index.rows(value)
    }

    /// The value that is this string.
    pub fn equal(&self, wanted: &str) -> Range<usize> {
        self.between(|text| text < wanted, |text| text <= wanted)
    }

    /// The strings that begin with this.
    pub fn beginning(&self, prefix: &str) -> Range<usize> {
        self.between(|text| text < prefix, |text| text < prefix || text.starts_with(prefix))
    }

    fn between(&self, is_before: impl Fn(&str) -> bool, is_within: impl Fn(&str) -> bool) -> Range<usize> {
        let place = |passes: &dyn Fn(&str) -> bool| {
            let (mut start, mut end) = (self.of.pairs.start, self.of.strings_end);
            while start < end {
                let middle = start + (end - start) / 2;
                let passes = self.value(middle).as_str().is_some_and(passes);
                if passes { start = middle + 1 } else { end = middle }
            }
            start
        };
        let start = place(&is_before);
        start..place(&is_within).max(start)
    }

    /// The series that have any of some values.
    pub fn with(&self, values: impl IntoIterator<Item = usize>) -> ChunkRows {
        let mut rows = ChunkRows::default();
        for value in values {
            self.rows(value).iter().for_each(|row| rows.insert(usize::from(*row)));
        }
        rows
    }
}

/// Key and value of a pair.
pub(super) fn pair(pair: &[u8]) -> (&str, AnyValue<'_>) {
    Attributes::of_column(pair).iter().next().unwrap_or(("", AnyValue::Empty))
}
