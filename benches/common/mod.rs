//! What the benches share.

pub mod bodies;
pub mod calibration;
pub mod process;
pub mod send;
