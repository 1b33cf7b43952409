//! Traces: search, one trace as a skeleton, one span in full.
//!
//! A trace is whatever spans carry its id, wherever they lie. What is broken about it (missing
//! parents, rings, clocks that disagree) is shown as it is and named in the warnings.

mod cursor;
mod detail;
pub mod diff;
pub mod duration;
pub mod explain;
pub mod fields;
#[cfg(test)]
mod figures;
#[cfg(test)]
pub mod fixture;
mod interned;
pub mod layout;
mod logs_of_trace;
mod newest;
pub mod origin;
pub mod path;
pub mod rows;
mod search;
mod skeleton;
mod slowest;
pub mod statistics;
mod summary;
pub mod traceql;
mod warnings;
pub mod window;

pub use cursor::TraceCursor;
pub use detail::find as find_span;
use interned::Interned;

pub use fields::{KINDS, STATUSES, compile, numbered};
pub use logs_of_trace::count_logs;
pub use search::{Sort, TracePage, TraceSearch, count, newest_ids, search};
pub use skeleton::{COLUMNS, columns_of, rows_of, skeleton};
