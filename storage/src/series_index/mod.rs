//! Which series have a label: an inverted index over chunks of series.
//!
//! A chunk is so many series of a file, or of those in memory, with their attributes as numbers of
//! key-value pairs: the pairs of a key are sorted by the text of their values, and each has the list of
//! the series that have it. A chunk is made of the series file when a question first needs it, and kept
//! as long as there is room. So a matcher costs as much as the values that it finds, a million series
//! need about a hundred megabytes, and a question about one metric reads its chunks alone.

mod attributes;
mod build;
mod chunk;
mod rows;
#[cfg(test)]
mod tests;

pub use attributes::Key;
pub use build::ChunkBuilder;
pub use chunk::{Origin, SeriesChunk};
pub use rows::ChunkRows;

/// Series of a chunk: few enough that two bytes number them, and as many as a page of a series file has.
pub const CHUNK_SERIES: usize = 16_384;
