//! The tables that SQL sees, each over the same snapshot.

mod attribute_keys;
mod columns;
mod logs;
mod metrics;
mod nested;
mod provider;
mod rows;
mod samples;
mod series;
mod spans;

pub use attribute_keys::AttributeKeys;
pub use provider::Provider;

use super::errors::Failures;
use super::run::Data;
use super::scan::Conditions;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use std::fmt::Debug;
use std::sync::Arc;

/// Batches of some columns of a table.
pub type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// A table of SQL.
pub trait Table: Debug + Send + Sync {
    fn name(&self) -> &'static str;

    fn schema(&self) -> &SchemaRef;

    /// The column that conditions of time are about.
    fn time(&self) -> Option<&'static str>;

    /// How many rows there are, if that is known without reading them.
    fn rows(&self) -> Option<usize>;

    /// Reads one of the parts; the iterator blocks.
    fn read(self: Arc<Self>, reading: Reading) -> Result<Batches>;
}

/// What is read of a table.
pub struct Reading {
    /// Places in the schema of the table, in the order of the batches.
    pub columns: Vec<usize>,
    /// Outside of these no row matters; the same for all parts.
    pub fixed: Conditions,
    /// The same, and what was learnt since; they may become narrower while rows are read.
    pub conditions: Box<dyn Fn() -> Conditions + Send>,
    /// More rows do not matter.
    pub most_rows: Option<usize>,
    /// Rows of a batch, at most.
    pub batch_rows: usize,
    /// Which part, of how many.
    pub part: usize,
    pub parts: usize,
}

/// Their names.
pub const TABLES: [&str; 4] = ["logs", "samples", "series", "spans"];

pub fn all(data: &Arc<Data>, failures: &Arc<Failures>, keys: &AttributeKeys) -> Vec<Arc<dyn Table>> {
    vec![
        Arc::new(rows::RowsTable::new(&logs::KIND, data, failures, keys)),
        Arc::new(rows::RowsTable::new(&spans::KIND, data, failures, keys)),
        Arc::new(samples::SamplesTable::new(data, failures)),
        Arc::new(series::SeriesTable::new(data, failures)),
    ]
}
