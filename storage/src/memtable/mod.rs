//! Rows that are in the WAL and not yet in a segment, readable at once.

mod generation;
mod part;
mod series_cache;
mod tables;

pub use generation::{Generation, Known, numbers};
pub use part::{Part, batch_bytes};
pub use series_cache::SeriesCache;
pub use tables::{Frozen, Tables};
