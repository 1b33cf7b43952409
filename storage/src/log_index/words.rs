//! The words of the bodies with the rows that have them, in as few bytes as building needs: a table
//! of words over one buffer, and rows as differences in chained blocks of another.

use xxhash_rust::xxh3::xxh3_64;

/// The first block of a word's rows; each next one is twice as long, up to the longest.
const FIRST_BLOCK: u32 = 8;
const LONGEST_BLOCK: u32 = 4096;
/// A block begins with the place of the next.
const LINK: u32 = 4;

/// One word. Its first row is kept here: most words are in one row only.
#[derive(Clone, Copy, Debug)]
struct Word {
    hash: u32,
    /// In `texts`.
    at: u32,
    len: u32,
    first: u32,
    last: u32,
    count: u32,
    /// In `blocks`: where the chain begins, where its last block begins, where it goes on and ends.
    head: u32,
    block: u32,
    tail: u32,
    end: u32,
}

/// Words with their rows. Rows come in ascending order.
#[derive(Debug)]
pub struct Words {
    /// Open addressing: 0 is free, else the index of a word and 1. Its length is a power of two.
    table: Vec<u32>,
    words: Vec<Word>,
    texts: Vec<u8>,
    blocks: Vec<u8>,
}

impl Default for Words {
    fn default() -> Words {
        Words { table: vec![0; 1 << 12], words: Vec::new(), texts: Vec::new(), blocks: Vec::new() }
    }
}

impl Words {
    /// Adds a row to a word; a row that it has already changes nothing. False when the buffers are
    /// as long as their places can tell.
    #[must_use]
    pub fn add(&mut self, text: &str, row: u32) -> bool {
        let most = u32::MAX as usize - LONGEST_BLOCK as usize;
        if self.texts.len() + text.len() > most || self.blocks.len() > most {
            return false;
        }
        let hash = xxh3_64(text.as_bytes()) as u32;
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        while self.table[slot] != 0 {
            let at = self.table[slot] as usize - 1;
            let word = &self.words[at];
            if word.hash == hash && self.text(word) == text.as_bytes() {
                if word.last != row {
                    self.push(at, row);
                }
                return true;
            }
            slot = (slot + 1) & mask;
        }
        self.insert(slot, hash, text, row);
        true
    }

    fn text(&self, word: &Word) -> &[u8] {
        &self.texts[word.at as usize..(word.at + word.len) as usize]
    }

    fn insert(&mut self, slot: usize, hash: u32, text: &str, row: u32) {
        let (at, len) = (self.texts.len() as u32, text.len() as u32);
        self.texts.extend_from_slice(text.as_bytes());
        let chain = (0, 0, 0, 0);
        let (head, block, tail, end) = chain;
        self.words.push(Word { hash, at, len, first: row, last: row, count: 1, head, block, tail, end });
        self.table[slot] = self.words.len() as u32;
        if self.words.len() * 2 > self.table.len() {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let mask = self.table.len() * 2 - 1;
        let mut table = vec![0; mask + 1];
        for (at, word) in self.words.iter().enumerate() {
            let mut slot = word.hash as usize & mask;
            while table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            table[slot] = at as u32 + 1;
        }
        self.table = table;
    }

    /// Appends the difference to the row before, seven bits a byte.
    fn push(&mut self, at: usize, row: u32) {
        let mut left = row - self.words[at].last;
        loop {
            let more = left >= 0x80;
            self.put(at, if more { left as u8 | 0x80 } else { left as u8 });
            if !more {
                break;
            }
            left >>= 7;
        }
        let word = &mut self.words[at];
        word.last = row;
        word.count += 1;
    }

    fn put(&mut self, at: usize, byte: u8) {
        let word = &mut self.words[at];
        if word.tail == word.end {
            let length = match word.end - word.block {
                0 => FIRST_BLOCK,
                before => (2 * (before - LINK)).min(LONGEST_BLOCK),
            };
            let start = self.blocks.len() as u32;
            self.blocks.resize(self.blocks.len() + (LINK + length) as usize, 0);
            if word.end == 0 {
                word.head = start;
            } else {
                let link = word.block as usize;
                self.blocks[link..link + LINK as usize].copy_from_slice(&start.to_le_bytes());
            }
            (word.block, word.tail, word.end) = (start, start + LINK, start + LINK + length);
        }
        self.blocks[word.tail as usize] = byte;
        word.tail += 1;
    }

    /// All words in the order of their bytes.
    pub fn sorted(&self) -> Vec<WordRows<'_>> {
        let mut words: Vec<&Word> = self.words.iter().collect();
        words.sort_unstable_by(|a, b| self.text(a).cmp(self.text(b)));
        words.into_iter().map(|word| WordRows { words: self, word }).collect()
    }
}

/// One word with its rows.
#[derive(Clone, Copy, Debug)]
pub struct WordRows<'a> {
    words: &'a Words,
    word: &'a Word,
}

impl<'a> WordRows<'a> {
    pub fn text(&self) -> &'a [u8] {
        self.words.text(self.word)
    }

    /// How many rows have it.
    pub fn count(&self) -> u32 {
        self.word.count
    }

    /// The rows that have it, ascending.
    pub fn each_row(&self, mut take: impl FnMut(u32)) {
        let blocks = &self.words.blocks;
        let (mut block, mut at) = (self.word.head, self.word.head + LINK);
        let mut length = FIRST_BLOCK;
        let mut row = self.word.first;
        take(row);
        for _ in 1..self.word.count {
            let (mut step, mut shift) = (0u32, 0);
            loop {
                if at == block + LINK + length {
                    let link = block as usize;
                    let mut next = [0; LINK as usize];
                    next.copy_from_slice(&blocks[link..link + LINK as usize]);
                    block = u32::from_le_bytes(next);
                    at = block + LINK;
                    length = (2 * length).min(LONGEST_BLOCK);
                }
                let byte = blocks[at as usize];
                at += 1;
                step |= u32::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            row += step;
            take(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        #[test]
        fn words_have_the_rows_that_were_added(
            steps in prop::collection::vec(("[a-c]{0,3}", prop_oneof![Just(0u32), 0u32..3, 100u32..100_000]), 0..3000),
        ) {
            let mut words = Words::default();
            let mut expected: BTreeMap<Vec<u8>, BTreeSet<u32>> = BTreeMap::new();
            let mut row = 0;
            for (text, step) in steps {
                row += step;
                prop_assert!(words.add(&text, row));
                expected.entry(text.into_bytes()).or_default().insert(row);
            }
            let found: Vec<(Vec<u8>, BTreeSet<u32>)> = words.sorted().into_iter().map(|word| {
                let mut rows = Vec::new();
                word.each_row(|row| rows.push(row));
                assert_eq!(rows.len(), word.count() as usize);
                (word.text().to_vec(), rows.into_iter().collect())
            }).collect();
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn many_words_and_many_rows() {
        let mut words = Words::default();
        for row in 0..100_000u32 {
            assert!(words.add("every", row) && words.add(&format!("w{}", row / 2), row));
        }
        let sorted = words.sorted();
        assert_eq!(sorted.len(), 50_001);
        let every = sorted.iter().find(|word| word.text() == b"every").unwrap();
        let mut next = 0;
        every.each_row(|row| {
            assert_eq!(row, next);
            next += 1;
        });
        assert_eq!(next, 100_000);
    }
}
