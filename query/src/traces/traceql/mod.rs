//! TraceQL, the query language of Grafana Tempo, over whole traces.
//!
//! ```text
//! { resource.service.name = "checkout" && duration > 200ms } >> { status = error } | count() > 2
//! ```
//!
//! A query is read by [`parse`], which says where it is wrong and what was probably meant. Of every
//! span filter the part that columns, bounds and bloom filters can decide is worked out first
//! ([`narrow`]); only traces that pass it are read whole and evaluated ([`eval`]). What is
//! different from Tempo is in `docs/traces.md`.

pub mod ast;
mod candidates;
pub mod eval;
mod lex;
#[cfg(test)]
mod memory_tests;
pub mod metrics;
pub mod narrow;
mod parse;
mod print;
mod read;
mod selection;
pub mod tags;
mod value;

pub use ast::Query;
pub use candidates::{AllIds, TraceqlSearch, Walked, all_ids, search, walk};
pub use parse::parse;
pub use read::{Evaluator, MOST_TRACES};
pub use selection::Selection;
pub use value::Value;

/// Bytes of a query.
pub const MAX_BYTES: usize = 16 << 10;
/// Parentheses and operators inside each other; bounds the stack of parser and evaluator.
pub const MAX_DEPTH: usize = 64;
/// Attributes, intrinsics and constants.
pub const MAX_OPERANDS: usize = 256;
/// Stages of a pipeline, pipelines in parentheses counted.
pub const MAX_STAGES: usize = 32;
