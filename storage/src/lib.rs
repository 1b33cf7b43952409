//! Keeps the three signals: a write-ahead log that is fsynced before the answer, memtables that are
//! readable at once, and open Parquet segments with an index of log bodies.
//!
//! ```text
//! append ─► wal (group commit, fsync) ─► memtable ─► segment + catalog ─► wal deleted
//!                                           └────────┴─► snapshot
//! ```
//!
//! Invariant: a row is acknowledged only when it is fsynced, and from then on is in every snapshot
//! exactly once, whatever crashes.

mod cache;
mod catalog;
mod disk;
mod error;
pub mod limits;
mod log_index;
mod memtable;
mod options;
mod paths;
mod report;
mod rows;
mod segment;
mod snapshot;
mod store;
#[cfg(test)]
mod test_compare;
#[cfg(test)]
mod test_rows;
mod trace_list;
mod wal;

pub use catalog::CatalogAddress;
pub use disk::SegmentsAddress;
pub use error::{Error, Result};
pub use log_index::{TextQuery, tokenize};
pub use options::{Clock, Options};
pub use rows::Rows;
pub use snapshot::{Point, PointValue, SeriesPoints, Snapshot, Source};
pub use store::{SpanObserver, Store, Summary};
