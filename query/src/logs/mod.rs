//! Log search: the language, filters over columns, the newest page, the histogram.
//!
//! A query is read by [`language`], made ready by [`filter`], walked by [`scan`]. What the index of
//! bodies finds is only ever a superset; the filter decides on the rows, so that a search with and
//! one without an index give the same.

pub mod context;
pub mod cursor;
pub mod export;
pub mod facets;
mod fetch;
pub mod field;
mod fields;
#[cfg(test)]
mod figures;
pub mod filter;
#[cfg(test)]
pub mod fixture;
pub mod hints;
pub mod histogram;
pub mod histogram_by;
pub mod language;
pub mod logql;
mod meter;
#[cfg(test)]
mod naive;
pub(crate) mod near;
pub mod patterns;
mod record;
pub mod scan;
pub mod search;
pub mod stats;
mod step;
pub mod tail;

pub use cursor::Cursor;
pub use fields::{compile, filter as filter_of, origin_field};
pub use search::{Direction, LogSearch, Page, search};
pub use step::readable_step_ms;
