//! Compares an index with the bodies that it is of, without holding either: what has the same words
//! has the same sum.

use super::open::LogIndex;
use super::tokenize;
use crate::error::Result;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};
use xxhash_rust::xxh3::xxh3_64;

/// The sum of the hashes of a body's words, each once.
pub fn words_sum(body: &str) -> u64 {
    let mut words = tokenize(body);
    words.sort_unstable();
    words.dedup();
    words.iter().fold(0, |sum, word| sum.wrapping_add(xxh3_64(word.as_bytes())))
}

impl LogIndex {
    /// Of each row the sum of the words by which it is found.
    pub fn words_of_rows(&self) -> Result<Vec<u64>> {
        let mut sums = vec![0u64; self.rows as usize];
        let mut words = self.inverted.terms().stream().map_err(tantivy::TantivyError::from)?;
        while words.advance() {
            let hash = xxh3_64(words.key());
            let mut postings = self
                .inverted
                .read_postings_from_terminfo(words.value(), IndexRecordOption::Basic)
                .map_err(tantivy::TantivyError::from)?;
            let mut row = postings.doc();
            while row != TERMINATED {
                if let Some(sum) = sums.get_mut(row as usize) {
                    *sum = sum.wrapping_add(hash);
                }
                row = postings.advance();
            }
        }
        Ok(sums)
    }
}
