//! Figures over the records that pass: `| stats count(), quantile(0.99, duration_ms) by (service)`.

mod aggregate;
mod groups;
mod known;
mod parse;
mod quantile;
mod table;
mod uniq;

pub use parse::parse;
pub use table::{LIMIT, table};

use super::field::Field;

/// What is asked for, in the order in which it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    pub keys: Vec<Key>,
    pub columns: Vec<Column>,
    /// Which column the groups are in the order of, the largest first; without it time decides, then
    /// the first figure.
    pub sort: Option<Sort>,
    /// How many groups are shown.
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Keys first, then figures.
    pub column: usize,
    pub ascending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Field {
        name: String,
        field: Field,
    },
    /// Buckets of time; without a step about sixty.
    Time {
        step_ms: Option<i64>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub function: Function,
    /// What it is about, as it was written.
    pub of: Option<(String, Field)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// Records; of a field, those that have it.
    Count,
    /// Records a second, of the range or of a bucket of time.
    Rate,
    Sum,
    Avg,
    Min,
    Max,
    Uniq,
    /// From 0 to 1.
    Quantile(f64),
}

#[cfg(test)]
mod tests;
