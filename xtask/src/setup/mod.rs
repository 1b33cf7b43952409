//! What a fresh machine lacks, installed once and found again afterwards.

pub mod apt;
pub mod browser;
pub mod clients;
pub mod debian;
pub mod postgres;
pub mod wasm;
