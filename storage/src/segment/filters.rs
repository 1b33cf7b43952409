//! Filters that tell in which pages of a file a rare value may be: of ids, and of attributes whose values rarely
//! repeat. A file of Parquet could have a bloom filter for each row group; with one for every page a search
//! decodes a few thousand rows where it would have decoded all rows of the group.
//!
//! The filters are split block bloom filters as Parquet has them
//! (<https://parquet.apache.org/docs/file-format/bloomfilter/>), of xxh3. They lie behind the last row group, where no other reader
//! looks; the footer says where. A chapter has the filters of 32 pages, block by block: first the first block of
//! each page, then the second of each. One read of a kilobyte asks all pages of a chapter for a value.

mod build;
mod lookup;

pub use build::FiltersBuilder;
pub use lookup::Filters;

use super::columns::keyed::DISTINCT;
use arrow::datatypes::{DataType, Field};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Where the footer says where they are: by column the chapters, as JSON.
pub const FILTERS: &str = "ocelli.page_filters";

/// The grid of rows, from the first row of the file on. It is that of the pages of Parquet, so that what a filter
/// names is decoded without its neighbours, but a reader does not rely on it.
pub const PAGE_ROWS: usize = crate::limits::LOOKUP_PAGE_ROWS;
pub const CHAPTER_PAGES: usize = 32;
const BLOCK_BYTES: usize = 32;
/// Of the format: one odd number for each word of a block.
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// The filters of some pages of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// Where in the file.
    pub offset: u64,
    /// How many blocks each of its filters has; 0 where no row has a value.
    pub blocks: u32,
}

/// Whether one looks for rows by a value of this column.
pub fn is_looked_up(field: &Field) -> bool {
    let is_rare = field.metadata().contains_key(DISTINCT);
    field.name() == "trace_id" || is_rare && matches!(field.data_type(), DataType::Utf8 | DataType::Int64)
}

/// Of a value in the plain encoding of its column, as Parquet has it.
pub fn hash(value: &[u8]) -> u64 {
    xxh3_64(value)
}

/// The block, of so many, that a value falls to.
fn block_of(hash: u64, blocks: u32) -> usize {
    (((hash >> 32) * u64::from(blocks)) >> 32) as usize
}

/// The bit of each word of a block that a value sets.
fn bits_of(hash: u64) -> [u32; 8] {
    SALTS.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
}

#[cfg(test)]
mod tests;
