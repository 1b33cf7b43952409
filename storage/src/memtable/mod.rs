//! Rows that are in the WAL and not yet in a segment, readable at once.

mod part;
mod series_cache;
mod tables;

pub use part::{Part, batch_bytes};
pub use series_cache::{Generation, Known, SeriesCache, numbers};
pub use tables::{Frozen, Tables};
