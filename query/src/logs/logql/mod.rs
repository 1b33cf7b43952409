//! LogQL, the query language of Grafana Loki.
//!
//! ```text
//! sum by (service_name) (rate({service_name="cart"} |= "declined" | logfmt | took > 1s [5m]))
//! ```
//!
//! A query is read by [`parse`], which says where it is wrong as Loki does: by line and column.
//! Stream labels are those that Loki makes of OTLP ([`stream`]); lines go through the stages of a
//! [`pipeline`]; [`narrow`] says which rows need not be looked at. [`lines`] gives log lines,
//! [`metric`] samples.

pub mod ast;
pub mod detected;
pub mod hints;
mod ip;
mod json;
mod label;
mod lex;
mod line;
pub mod lines;
mod logfmt;
pub mod metric;
pub mod narrow;
mod needs;
mod parse;
mod pattern;
mod pipeline;
mod print;
mod rows;
pub mod stream;
pub mod streams;
mod template;
mod units;

pub use parse::{parse, parse_selector};
pub use pipeline::{Categories, Labels};

use crate::Error;
use crate::logs::language::SyntaxError;
use crate::promql::annotations::line_and_column;

/// Bytes of a query: Loki's own limit is of this size.
pub const MAX_BYTES: usize = 128 << 10;
/// Parentheses inside each other; bounds the stack.
pub const MAX_DEPTH: usize = 64;
/// Tests of labels and lines, and operators between samples, that stand side by side; they bound the stack too.
pub const MAX_TERMS: usize = 256;
/// Regular expressions: what they take when compiled, a mebibyte at most, is not counted as the query's memory.
pub const MAX_PATTERNS: usize = 32;
/// Stages of a pipeline.
pub const MAX_STAGES: usize = 100;
/// Series of an answer.
pub const MAX_SERIES: usize = 2_000;

/// A wrong query with its place, in Loki's words.
pub fn with_place(error: SyntaxError, query: &str) -> Error {
    let place = line_and_column(query, error.offset).replace(':', ", col ");
    let message = format!("parse error at line {place}: {}", error.message);
    Error::BadQuery { message, offset: Some(error.offset) }
}

#[cfg(test)]
mod naive_tests;
