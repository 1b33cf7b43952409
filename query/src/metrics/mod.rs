//! Metrics as they were sent: which there are, and every point of one of them.

mod catalog;
#[cfg(test)]
pub mod fixture;
mod points;

pub use catalog::metrics;
pub use points::points;
