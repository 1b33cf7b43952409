//! Service level objectives: the files they are written in, the rules that are made of them, and what is
//! left of their budgets.
//!
//! All of it is functions of their inputs: nothing here reads a clock, a disk or the network.

pub mod budget;
pub mod calendar;
mod documents;
pub mod episodes;
pub mod expr;
pub mod files;
mod form;
pub mod links;
pub mod model;
mod openslo;
mod own;
pub mod rules;
mod sloth;
pub mod spend;
pub mod status;
pub mod windows;

pub use files::{duplicates, is_slo_file, of_config, parse, parse_one};
pub use form::form_of;
pub use model::Slo;
