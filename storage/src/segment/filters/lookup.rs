//! Asks the filters of a file for one value.

use super::{BLOCK_BYTES, CHAPTER_PAGES, Chapter, FILTERS, PAGE_ROWS, bits_of, block_of};
use crate::disk::DiskReader;
use parquet::file::metadata::KeyValue;
use std::collections::HashMap;
use std::io;
use std::ops::Range;

/// Where the filters of a file are, by column.
#[derive(Debug, Default)]
pub struct Filters(HashMap<String, Vec<Chapter>>);

impl Filters {
    /// Of a file whose footer has these pairs; none where that says nothing of them that is understood.
    pub fn of_file(footer: Option<&Vec<KeyValue>>) -> Filters {
        let pair = footer.and_then(|pairs| pairs.iter().find(|pair| pair.key == FILTERS));
        let told = pair.and_then(|pair| serde_json::from_str(pair.value.as_deref()?).ok());
        Filters(told.unwrap_or_default())
    }

    /// Runs of rows, ascending, outside of which no row of a file with so many has this value; `None` where the
    /// column has no filters.
    pub fn runs(
        &self,
        file: &dyn DiskReader,
        column: &str,
        hash: u64,
        rows: u64,
    ) -> io::Result<Option<Vec<Range<u32>>>> {
        let pages = usize::try_from(rows).unwrap_or(usize::MAX).div_ceil(PAGE_ROWS);
        let chapters = self.0.get(column).filter(|known| known.len() == pages.div_ceil(CHAPTER_PAGES));
        let Some(chapters) = chapters else { return Ok(None) };
        let mut runs: Vec<Range<u32>> = Vec::new();
        let mut read = [0; CHAPTER_PAGES * BLOCK_BYTES];
        for (at, chapter) in chapters.iter().enumerate().filter(|(_, chapter)| chapter.blocks > 0) {
            let first = at * CHAPTER_PAGES;
            let stripe = &mut read[..(pages - first).min(CHAPTER_PAGES) * BLOCK_BYTES];
            let offset = block_of(hash, chapter.blocks) as u64 * stripe.len() as u64;
            file.read_at(chapter.offset.saturating_add(offset), stripe)?;
            for (page, block) in stripe.chunks_exact(BLOCK_BYTES).enumerate() {
                if may_have(block, hash) {
                    let start = (first + page) * PAGE_ROWS;
                    let end = (start + PAGE_ROWS).min(rows as usize) as u32;
                    match runs.last_mut().filter(|last| last.end == start as u32) {
                        Some(last) => last.end = end,
                        None => runs.push(start as u32..end),
                    }
                }
            }
        }
        Ok(Some(runs))
    }
}

fn may_have(block: &[u8], hash: u64) -> bool {
    let words = block.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    words.zip(bits_of(hash)).all(|(word, bit)| word & bit != 0)
}
