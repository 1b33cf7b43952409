//! What rules, alerts, messages and objectives cost: `cargo xtask bench alerts` (release build, seeded).
//!
//! The real binary in its own process evaluates rules, takes alerts from another Prometheus, tells a receiver in
//! this process, and looks over a month of history. CPU is the server's user and system time, in steps of 10 ms.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../common/mod.rs"]
mod common;
mod data;
mod decided;
mod hook;
mod past;
mod rules;
mod server;
mod told;

use clap::Parser;
use common::calibration::zstd_mb_per_s;
use std::path::PathBuf;

#[derive(Parser)]
pub struct Arguments {
    /// Series that rules are evaluated over.
    #[arg(long, default_value_t = 100_000)]
    series: usize,
    /// Rules; each looks at an equal share of the series.
    #[arg(long, default_value_t = 1_000)]
    rules: usize,
    /// Alerts that are dispatched.
    #[arg(long, default_value_t = 100_000)]
    alerts: usize,
    /// Messages that are sent.
    #[arg(long, default_value_t = 5_000)]
    letters: usize,
    /// Days of history, one sample a minute.
    #[arg(long, default_value_t = 30)]
    days: u64,
    /// Series of the history.
    #[arg(long, default_value_t = 60)]
    history: usize,
    /// Only parts whose name has this text: rules, dispatch, told, delivery, past.
    #[arg(long, default_value = "")]
    only: String,
    /// Another build of Ocelli.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_ocelli"))]
    ocelli: PathBuf,
    /// Cargo passes it.
    #[arg(long = "bench", hide = true)]
    bench_of_cargo: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    println!("One thread of zstd-1 packs {:.0} MB/s of the usual bodies.\n", zstd_mb_per_s()?);
    let is_asked = |name: &str| name.contains(&arguments.only);
    if is_asked("dispatch") {
        println!("{}", decided::run(&arguments)?);
    }
    if is_asked("rules") {
        println!("{}", runtime.block_on(rules::run(&arguments))?);
    }
    if is_asked("told") {
        println!("{}", runtime.block_on(told::dispatched(&arguments))?);
        println!("{}", runtime.block_on(told::at_once(&arguments))?);
    }
    if is_asked("delivery") {
        println!("{}", runtime.block_on(told::delivered(&arguments))?);
    }
    if is_asked("past") {
        println!("{}", runtime.block_on(past::run(&arguments))?);
    }
    Ok(())
}
