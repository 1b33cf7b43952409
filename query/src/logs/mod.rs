//! Log search: the language, filters over columns, the newest page, the histogram.
//!
//! A query is read by [`language`], made ready by [`filter`], walked by [`scan`]. What the index of
//! bodies finds is only ever a superset; the filter decides on the rows, so that a search with and
//! one without an index give the same.

pub mod cursor;
mod fetch;
mod fields;
#[cfg(test)]
mod figures;
pub mod filter;
#[cfg(test)]
pub mod fixture;
pub mod histogram;
pub mod language;
#[cfg(test)]
mod naive;
mod record;
pub mod scan;
pub mod search;
mod step;

pub use cursor::Cursor;
pub use fields::{compile, origin_field};
pub use search::{LogSearch, Page, search};
pub use step::readable_step_ms;
