//! Service level objectives: the files they are written in, the rules that are made of them, and what is
//! left of their budgets.
//!
//! All of it is functions of their inputs: nothing here reads a clock, a disk or the network.

pub mod budget;
pub mod calendar;
mod definitions;
mod documents;
pub mod episodes;
pub mod expr;
pub mod files;
mod form;
pub mod links;
pub mod model;
mod openslo;
mod options;
mod own;
pub mod rules;
pub mod shape;
mod sli_plugins;
mod sloth;
pub mod spend;
pub mod status;
pub mod windows;

pub use definitions::Definitions;
pub use files::{duplicates, is_slo_file, of_config, parse, parse_all, parse_beside, parse_one};
pub use form::form_of;
pub use model::Slo;
