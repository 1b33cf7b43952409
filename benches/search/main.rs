//! Searches beside those of other products: `cargo xtask bench search` (release build, seeded).
//!
//! The same OTLP bodies go into each, each is started anew, and every question is asked of all in turn,
//! by one client over HTTP, after it was asked once for nothing. How many results an answer has is compared.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(dead_code, reason = "of what the benches share each uses its part")]

#[path = "../common/mod.rs"]
mod common;
mod jaeger;
mod logs;
#[path = "../peers/ocelli.rs"]
mod ocelli;
#[path = "../peers/product.rs"]
mod product;
#[path = "../peers/prometheus.rs"]
mod prometheus;
#[path = "../peers/question.rs"]
mod question;
#[path = "../peers/server.rs"]
mod server;
mod spans;
mod store;
mod table;
#[path = "../peers/victoria_logs.rs"]
mod victoria_logs;
#[path = "../peers/victoria_traces.rs"]
mod victoria_traces;

use clap::Parser;
use common::calibration::zstd_mb_per_s;
use product::Peer;
use std::path::PathBuf;

#[derive(Parser)]
pub struct Arguments {
    /// How many log records are searched; 0 for none.
    #[arg(long, default_value_t = 10_000_000)]
    logs: usize,
    /// How many spans are; 0 for none.
    #[arg(long, default_value_t = 10_000_000)]
    spans: usize,
    /// How often each question is asked.
    #[arg(long, default_value_t = 15)]
    times: usize,
    /// Only questions whose title has this text.
    #[arg(long)]
    only: Option<String>,
    /// Where the stores are put and left, to be asked again; otherwise they are made anew.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// A product beside Ocelli: NAME@VERSION=PROGRAM.
    #[arg(long)]
    peer: Vec<Peer>,
    /// Another build of Ocelli.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_ocelli"))]
    ocelli: PathBuf,
    /// Cargo passes it.
    #[arg(long = "bench", hide = true)]
    bench_of_cargo: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("One thread of zstd-1 packs {:.0} MB/s of these bodies.", zstd_mb_per_s()?);
    if arguments.logs > 0 {
        println!("\n{}", runtime.block_on(logs::run(&arguments))?);
    }
    if arguments.spans > 0 {
        println!("\n{}", runtime.block_on(spans::run(&arguments))?);
    }
    Ok(())
}
