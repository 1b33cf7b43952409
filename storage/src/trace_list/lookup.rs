//! Looks traces up in the file.

use super::{
    BLOCK_BYTES, BLOCK_ENTRIES, CRC_BYTES, ENTRY_BYTES, Entry, MAGIC, TRAILER_BYTES, block_crc, hash, word,
};
use crate::disk::DiskReader;
use crate::error::{Error, IoContext, Result};
use std::path::{Path, PathBuf};

/// A list whose trailer was read; the rest stays on the disk.
#[derive(Debug)]
pub struct TraceList {
    path: PathBuf,
    rows: u32,
    entries: usize,
}

impl TraceList {
    /// Reads the trailer and compares it with the number of rows that the segment has.
    pub fn open(path: &Path, file: &dyn DiskReader, rows: u64) -> Result<TraceList> {
        let corrupt = |detail: &dyn std::fmt::Display| Err(Error::corrupt(path, detail));
        let Some(end) = file.bytes().checked_sub(TRAILER_BYTES as u64) else {
            return corrupt(&"it is too short");
        };
        let mut trailer = [0; TRAILER_BYTES];
        file.read_at(end, &mut trailer).context("read", path)?;
        if trailer[12..] != MAGIC[..] {
            return corrupt(&"it does not end as a trace list of this version does");
        }
        if crc32c::crc32c(&trailer[..8]) != word(&trailer, 8) {
            return corrupt(&"the checksum of its trailer is wrong");
        }
        let (listed, entries) = (word(&trailer, 0), word(&trailer, 4) as usize);
        if u64::from(listed) != rows {
            return corrupt(&format_args!("it is of {listed} rows, the segment has {rows}"));
        }
        let bytes = entries * ENTRY_BYTES + entries.div_ceil(BLOCK_ENTRIES) * CRC_BYTES;
        if bytes as u64 != end {
            return corrupt(&format_args!("{entries} entries are not in {end} bytes"));
        }
        Ok(TraceList { path: path.to_owned(), rows: listed, entries })
    }

    fn blocks(&self) -> usize {
        self.entries.div_ceil(BLOCK_ENTRIES)
    }

    /// Rows that may be of a trace, ascending: nearly always all of them are.
    pub fn rows(&self, file: &dyn DiskReader, trace_id: &[u8; 16]) -> Result<Vec<u32>> {
        let hash = hash(trace_id);
        let mut rows = Vec::new();
        let Some(mut block) = self.first_block(file, hash)? else { return Ok(rows) };
        loop {
            let found = block.entries.iter().skip_while(|entry| entry.hash < hash);
            let found = found.take_while(|entry| entry.hash == hash);
            rows.extend(found.flat_map(|entry| entry.first_row..entry.first_row + entry.row_count));
            if block.last() != hash || block.number + 1 == self.blocks() {
                return Ok(rows);
            }
            block = self.block(file, block.number + 1)?;
        }
    }

    /// The first block that ends with a hash as high as this one. Hashes are spread evenly, so it is
    /// mostly where the hash itself says; if it is neither there nor beside it, the rest is halved.
    fn first_block(&self, file: &dyn DiskReader, hash: u32) -> Result<Option<Block>> {
        let (mut low, mut high) = (0, self.blocks());
        let mut kept: Option<Block> = None;
        let mut guess = ((u64::from(hash) * high as u64) >> 32) as usize;
        let mut probes = 0;
        while low < high {
            let block = self.block(file, guess)?;
            if block.last() < hash {
                low = guess + 1;
                guess = low;
            } else if block.first() < hash {
                return Ok(Some(block));
            } else {
                high = guess;
                guess = guess.saturating_sub(1);
                kept = Some(block);
            }
            probes += 1;
            if probes >= 2 {
                guess = low + (high - low) / 2;
            }
        }
        Ok(kept)
    }

    fn block(&self, file: &dyn DiskReader, number: usize) -> Result<Block> {
        let count = BLOCK_ENTRIES.min(self.entries - number * BLOCK_ENTRIES);
        let mut buffer = [0; BLOCK_BYTES];
        let (bytes, end) = (count * ENTRY_BYTES, count * ENTRY_BYTES + CRC_BYTES);
        file.read_at((number * BLOCK_BYTES) as u64, &mut buffer[..end]).context("read", &self.path)?;
        if block_crc(number, &buffer[..bytes]) != word(&buffer, bytes) {
            return Err(Error::corrupt(&self.path, format_args!("the checksum of block {number} is wrong")));
        }
        let entry = |bytes: &[u8]| Entry {
            hash: word(bytes, 0),
            first_row: word(bytes, 4),
            row_count: word(bytes, 8),
        };
        let entries: Vec<Entry> = buffer[..bytes].chunks_exact(ENTRY_BYTES).map(entry).collect();
        let inside =
            |entry: &Entry| entry.first_row.checked_add(entry.row_count).is_some_and(|end| end <= self.rows);
        if !entries.is_sorted() || !entries.iter().all(inside) {
            return Err(Error::corrupt(&self.path, format_args!("block {number} is no list of rows")));
        }
        Ok(Block { number, entries })
    }

    /// All entries, every checksum compared.
    pub fn read_all(&self, file: &dyn DiskReader) -> Result<Vec<Entry>> {
        let mut entries = Vec::with_capacity(self.entries);
        for number in 0..self.blocks() {
            entries.extend(self.block(file, number)?.entries);
        }
        Ok(entries)
    }
}

/// A block that was read; it has at least one entry.
struct Block {
    number: usize,
    entries: Vec<Entry>,
}

impl Block {
    fn first(&self) -> u32 {
        self.entries.first().map_or(0, |entry| entry.hash)
    }

    fn last(&self) -> u32 {
        self.entries.last().map_or(0, |entry| entry.hash)
    }
}
