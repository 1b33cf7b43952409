//! Ocelli beside the Victoria products: `cargo xtask bench peers` and `cargo xtask bench promql` (release
//! build, seeded).
//!
//! The same OTLP bodies go to both, in turn (A B A B), each product in its own process with its default
//! settings and a fresh directory. CPU is the process' whole user and system time until everything
//! is flushed and merged; queries are asked after a restart. Of several rounds the median counts.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../common/mod.rs"]
mod common;
mod durability;
mod measure;
mod ocelli;
mod product;
mod prometheus;
mod promql;
mod question;
mod server;
mod table;
mod victoria_logs;
mod victoria_metrics;
mod victoria_traces;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use common::bodies::{self, BATCH, Kind};
use common::calibration::zstd_mb_per_s;
use measure::Figures;
use ocelli::Ocelli;
use product::{Peer, Product};
use std::path::PathBuf;
use victoria_logs::VictoriaLogs;
use victoria_metrics::VictoriaMetrics;
use victoria_traces::VictoriaTraces;

#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    bench: Option<Bench>,
    #[command(flatten)]
    peers: Arguments,
    /// Cargo passes it.
    #[arg(long = "bench", hide = true, global = true)]
    bench_of_cargo: bool,
}

#[derive(Subcommand)]
enum Bench {
    /// Queries of metrics: `cargo xtask bench promql`.
    Promql(promql::Arguments),
}

#[derive(Args)]
struct Arguments {
    /// How many spans, logs and points are sent.
    #[arg(default_value_t = 1_000_000)]
    items: usize,
    /// How often each product is measured.
    #[arg(long, default_value_t = 2)]
    rounds: usize,
    /// One signal: spans, logs or points.
    #[arg(long, value_parser = kind)]
    only: Option<Kind>,
    /// A product beside Ocelli: NAME@VERSION=PROGRAM.
    #[arg(long)]
    peer: Vec<Peer>,
    /// Another build of Ocelli.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_ocelli"))]
    ocelli: PathBuf,
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| "spans, logs or points".into())
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("One thread of zstd-1 packs {:.0} MB/s of these bodies.", zstd_mb_per_s()?);
    if let Some(Bench::Promql(arguments)) = &cli.bench {
        println!("{}", runtime.block_on(promql::run(arguments))?);
        return Ok(());
    }
    let arguments = cli.peers;
    for kind in Kind::ALL.into_iter().filter(|kind| arguments.only.is_none_or(|only| only == *kind)) {
        println!("\n{}", runtime.block_on(compare(kind, &arguments))?);
    }
    Ok(())
}

/// The products for a kind of items: Ocelli, and its peer where that could be built.
fn products(kind: Kind, arguments: &Arguments) -> Vec<Box<dyn Product>> {
    let peer = |name: &str| arguments.peer.iter().find(|peer| peer.name == name).cloned();
    let rival: Option<Box<dyn Product>> = match kind {
        Kind::Spans => peer(VictoriaTraces::NAME).map(|peer| Box::new(VictoriaTraces(peer)) as _),
        Kind::Logs => peer(VictoriaLogs::NAME).map(|peer| Box::new(VictoriaLogs(peer)) as _),
        Kind::Points => peer(VictoriaMetrics::NAME).map(|peer| Box::new(VictoriaMetrics(peer)) as _),
    };
    let ours: Box<dyn Product> = Box::new(Ocelli(arguments.ocelli.clone()));
    std::iter::once(ours).chain(rival).collect()
}

async fn compare(kind: Kind, arguments: &Arguments) -> anyhow::Result<String> {
    let products = products(kind, arguments);
    let bodies: Vec<Vec<u8>> =
        (0..arguments.items.div_ceil(BATCH)).map(|batch| bodies::body(kind, batch)).collect();
    let mut runs: Vec<Vec<Figures>> = products.iter().map(|_| Vec::new()).collect();
    for _ in 0..arguments.rounds.max(1) {
        for (product, runs) in products.iter().zip(&mut runs) {
            let run = measure::run(product.as_ref(), kind, &bodies).await;
            runs.push(run.with_context(|| format!("{} with {}", product.name(), kind.as_str()))?);
        }
    }
    let mut columns = Vec::new();
    for (product, runs) in products.iter().zip(runs) {
        let kept = durability::run(product.as_ref(), kind, &bodies).await;
        let kept = kept.with_context(|| format!("{} is killed", product.name()))?;
        columns.push(table::Column { product: product.as_ref(), runs, kept });
    }
    let sent_bytes = bodies.iter().map(Vec::len).sum();
    Ok(table::table(kind, bodies.len() * BATCH, sent_bytes, &columns))
}
