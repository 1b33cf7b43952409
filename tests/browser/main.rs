//! A real browser on the real binary: every page, walked as a person walks it.

// A helper of a test may panic like the test itself, and warnings of the browser are printed.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../harness/mod.rs"]
mod harness;

mod alerts;
mod axe;
mod browser;
mod budget;
mod chunks;
mod dashboard_editing;
mod dashboards;
mod driver;
mod editing;
mod empty;
mod home;
mod hostile;
mod lean;
mod logs;
mod look;
mod map;
mod metrics;
mod palette;
mod seed;
mod service;
mod slos;
mod system;
mod trace_views;
mod traces;
mod walk;
