//! Metrics as they were sent: which there are, and every point of one of them.

mod cardinality;
mod catalog;
#[cfg(test)]
pub mod fixture;
mod points;
mod tally;

pub use cardinality::{Cardinality, cardinality};
pub use catalog::metrics;
pub use points::points;
