//! PromQL: the engine behind the Prometheus API, the RED pages, and later rules and SLOs.
//!
//! A query goes through [`parse`], [`plan`](plan::plan), one selection per selector, and
//! [`eval`], which evaluates every node over all steps at once: labels are resolved once a node,
//! windows move over samples by two pointers. [`engine::run`] is the way in. The engine knows
//! neither storage nor HTTP: series come through a function, see [`select`].

mod aggregate;
pub mod annotations;
pub(crate) mod ast;
mod binary;
mod compared;
mod duration;
pub(crate) mod embed;
pub mod engine;
mod eval;
mod functions;
pub mod histogram;
pub mod labels;
mod literals;
mod merge;
pub mod otlp;
mod parse;
mod places;
mod plan;
mod print;
mod ranges;
mod resets;
mod samples;
pub mod select;
mod shards;
mod smooth;
mod starts;
mod stats;
pub mod testing;
mod tree;
pub mod value;
mod walk;
mod watch;
mod window;
mod windows;

pub use ast::ValueType;
pub use compared::without_comparisons;
pub use duration::{parse as duration_ms, text as duration_text};
pub(crate) use embed::{function, number_of, zero_is_nan};
pub use engine::{Answer, Data, Query, run};
pub use functions::names as function_names;
pub(crate) use parse::{parse as parse_expr, parse_labels as parse_label_set, unquote_prefix};
pub use print::pretty;
pub use tree::tree;
pub use walk::selectors;
pub(crate) use walk::visit;
pub use watch::Watch;

/// The matchers of a series selector, as `match[]` takes it.
pub fn parse_selector(text: &str) -> Result<Vec<select::Matcher>, crate::Error> {
    parse::parse_selector(text).map(|selector| selector.matchers)
}

/// What a query gives; an error says where its text is wrong.
pub fn value_type(text: &str) -> Result<ValueType, crate::Error> {
    parse::parse(text).map(|expr| expr.value_type())
}
