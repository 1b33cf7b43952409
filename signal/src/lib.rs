//! The three signals as Arrow batches: schemas, builders, views.
//!
//! A row stays near the wire: what OTLP nests (attributes, events, links, data points) is carried
//! as its protobuf bytes in a `Binary` column, so that decoding is a copy and nothing is lost.
//! Columns that every query asks for (ids, times, names, status) are Arrow columns of their own.
//! Source: opentelemetry-proto 1.11.

pub mod any_value;
pub mod attributes;
mod columns;
pub mod error;
pub mod hashed;
pub mod logs;
pub mod origin;
pub mod point;
pub mod points;
pub mod prometheus;
pub mod series;
pub mod span_parts;
pub mod spans;
pub mod value_text;
pub mod wire;

pub use any_value::AnyValue;
pub use attributes::Attributes;
pub use columns::{DictionaryView, SPAN_ID_LEN, TRACE_ID_LEN};
pub use error::{SchemaError, WireError};
pub use series::{Kind, Series};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

/// The tenant that everything belongs to until credentials name another.
pub const DEFAULT_TENANT: &str = "default";

/// Which of the three; the number is the one in the WAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Signal {
    Spans = 1,
    Points = 2,
    Logs = 3,
}

impl Signal {
    pub const ALL: [Signal; 3] = [Signal::Spans, Signal::Points, Signal::Logs];

    pub fn as_str(self) -> &'static str {
        match self {
            Signal::Spans => "spans",
            Signal::Points => "points",
            Signal::Logs => "logs",
        }
    }

    /// The inverse of `as u8`.
    pub fn from_u8(number: u8) -> Option<Signal> {
        Signal::ALL.into_iter().find(|signal| *signal as u8 == number)
    }

    /// The columns of a batch of this signal.
    pub fn schema(self) -> SchemaRef {
        match self {
            Signal::Spans => spans::schema(),
            Signal::Points => points::schema(),
            Signal::Logs => logs::schema(),
        }
    }
}

/// Rows of one signal, in that signal's schema.
#[derive(Clone, Debug)]
pub struct Batch {
    pub signal: Signal,
    pub rows: RecordBatch,
}

#[cfg(test)]
mod tests;
