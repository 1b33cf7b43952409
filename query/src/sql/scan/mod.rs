//! The leaf of a plan: rows of a table, no more than the conditions above it let matter.

mod conditions;
mod exec;

pub use conditions::Conditions;
pub use exec::ScanExec;
