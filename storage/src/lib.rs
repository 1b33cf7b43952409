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

pub mod budget;
mod cache;
mod catalog;
mod compaction;
mod disk;
mod error;
pub mod limits;
mod log_index;
mod machine;
mod memtable;
mod options;
mod paths;
mod report;
mod retention;
mod rows;
mod segment;
mod series_index;
mod snapshot;
mod store;
#[cfg(test)]
mod test_compare;
#[cfg(test)]
mod test_rows;
mod trace_list;
mod trash;
mod verify;
mod wal;

pub use catalog::{CatalogAddress, RecordChange, RecordSwap};
pub use compaction::{SegmentSizes, Sizes};
pub use disk::SegmentsAddress;
pub use error::{Error, Result};
pub use log_index::{Candidates, TextQuery, tokenize};
pub use options::{Clock, Options};
pub use retention::{Pin, Retention, Rules, ServiceRule};
pub use rows::Rows;
pub use segment::{time_bounds, value_column};
pub use series_index::{ChunkBuilder, ChunkRows, Key, Origin, SeriesChunk};
pub use snapshot::{
    AttributeKeys, Choose, End, Found, Keeper, OfMetrics, Piece, Point, PointList, PointValue, QueryMemory,
    SeriesPieces, SeriesPoints, Snapshot, Source, TracesRead, Values,
};
pub use store::{
    CompactionSummary, Followed, Follower, LevelSummary, MemorySummary, Reason, Removal, Removed,
    RetentionSummary, SpanObserver, Store, Summary,
};
pub use verify::{Problem, Verified, verify};
