//! The real binary in its own process, with real clients, from outside: what is sent over the open
//! protocols is read back through the HTTP API.

// A helper of a test may panic like the test itself, and figures that were measured are printed.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../harness/mod.rs"]
mod harness;

mod alerting;
mod bad_grpc;
mod bad_input;
mod bad_queries;
mod clients;
mod command_line;
mod compare;
mod crash;
mod dashboards;
mod data_files;
mod demo;
mod full_disk;
mod log_tail;
mod memory;
mod object_store;
mod other_tools;
mod otlp_metrics;
mod postgres;
mod prometheus;
mod promtool;
mod queries;
mod read_back;
mod receivers;
mod red;
mod remote_write;
mod rule_files;
mod rules;
mod saved;
mod searches;
mod slos;
mod sql;
mod stdout;
mod verify;
