//! Recording and alerting rules: Prometheus' rule files, their evaluation, and its unit tests.
//!
//! All of it is functions of a rule, a time and a way to ask a query: nothing here reads a clock, waits,
//! or writes. The binary evaluates groups on time and keeps what they give; [`testing`] does the same
//! over made-up series.

pub mod alert;
pub mod backfill;
pub mod file;
pub mod files;
mod form;
mod inputs;
pub mod kept;
pub mod language;
pub mod points;
mod present;
pub mod preview;
pub mod schedule;
pub mod state;
pub mod template;
pub mod testing;

pub use file::{AlertSettings, Group, Problem, Rule};
pub use form::form_of;
pub use inputs::Inputs;
pub use language::Language;
pub use state::{Asked, Context, Recorded, RuleState};
