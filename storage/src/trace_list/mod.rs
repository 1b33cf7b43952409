//! Which rows of a spans file are of which trace: a file beside it, sorted by the hash of the trace
//! id, so that a trace is found with a read or two and nothing is kept in memory.
//! Format: `docs/format/trace_list.md`.

mod build;
mod lookup;

pub use build::TraceListBuilder;
pub use lookup::TraceList;

use xxhash_rust::xxh3::xxh3_64;

/// A name and the format version.
const MAGIC: &[u8; 8] = b"OCELTRC\x01";
/// What is read at once: entries, then their checksum.
const BLOCK_BYTES: usize = 4096;
const ENTRY_BYTES: usize = 12;
const CRC_BYTES: usize = 4;
const BLOCK_ENTRIES: usize = (BLOCK_BYTES - CRC_BYTES) / ENTRY_BYTES;
/// Rows, entries, crc32c of both, magic.
const TRAILER_BYTES: usize = 4 + 4 + CRC_BYTES + 8;

/// Rows in a row that are of one trace, or of several whose ids have the same hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub hash: u32,
    pub first_row: u32,
    pub row_count: u32,
}

/// Eight bytes of hash would make the file larger and, at a few in a million, no search quicker.
fn hash(trace_id: &[u8; 16]) -> u32 {
    (xxh3_64(trace_id) >> 32) as u32
}

/// The checksum of a block's entries; the block's number is its seed, so that none can stand for another.
fn block_crc(number: usize, entries: &[u8]) -> u32 {
    crc32c::crc32c_append(number as u32, entries)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.first_chunk()).map_or(0, |word| u32::from_le_bytes(*word))
}

#[cfg(test)]
mod tests;
