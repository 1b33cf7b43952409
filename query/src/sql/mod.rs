//! SQL over what is kept, read-only: the tables `logs`, `spans`, `samples` and `series`.
//!
//! DataFusion reads, plans and runs the query; [`tables`] give it rows of one snapshot, and [`scan`]
//! reads no more of them than the conditions ask for. What it holds is taken from the query's memory
//! ([`memory`]), what one expression may make is bounded ([`guard`]), and all of it ends with the query ([`run`]).

mod counted;
mod errors;
mod expansion;
mod functions;
mod guard;
mod limits;
mod memory;
mod run;
mod scan;
mod session;
mod tables;
#[cfg(test)]
mod tests;
mod values;

pub use run::{Data, Found, run};
pub use values::{Cells, type_name};
