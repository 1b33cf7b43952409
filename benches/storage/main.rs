//! The store alone, without sockets: `cargo xtask bench storage` (release build, seeded).
//!
//! OTLP bodies are decoded as a receiver does and appended to a store on a real directory by as many
//! tasks as a bench of the whole binary has connections; a flush is made whenever the memtable has
//! its usual size. CPU is this process' user and system time. Each signal has a process of its own,
//! so that its peak memory is its own.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../common/mod.rs"]
mod common;
mod read;
mod timing;
mod write;

use anyhow::{Context, ensure};
use clap::Parser;
use common::bodies::Kind;
use common::calibration;
use ocelli_storage::Store;
use std::path::PathBuf;
use std::process::Command;

#[derive(Parser)]
struct Arguments {
    /// How many spans, log records and points are written.
    #[arg(default_value_t = 1_000_000)]
    rows: usize,
    /// One signal: spans, logs or points.
    #[arg(long, value_parser = kind)]
    only: Option<Kind>,
    /// Where the stores lie while they are measured [default: the directory for temporary files].
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Cargo passes it.
    #[arg(long, hide = true)]
    bench: bool,
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| "spans, logs or points".into())
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let Some(kind) = arguments.only else {
        return each_in_its_own_process();
    };
    calibrate()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure(kind, &arguments))
}

fn each_in_its_own_process() -> anyhow::Result<()> {
    for kind in Kind::ALL {
        let mut again = Command::new(std::env::current_exe()?);
        again.args(std::env::args_os().skip(1)).args(["--only", kind.as_str()]);
        let status = again.status().context("starting this bench again")?;
        ensure!(status.success(), "the bench of {} ended with {status}", kind.as_str());
    }
    Ok(())
}

fn calibrate() -> anyhow::Result<()> {
    println!(
        "\none thread: zstd-1 {:.0} MB/s, memcpy {:.1} GB/s, {:.0} fdatasync/s of 256 KiB, \
         prost decodes {:.2} M spans/s",
        calibration::zstd_mb_per_s()?,
        calibration::memcpy_gb_per_s(),
        calibration::fdatasync_per_s()?,
        calibration::prost_m_per_s()?
    );
    Ok(())
}

async fn measure(kind: Kind, arguments: &Arguments) -> anyhow::Result<()> {
    let dir = match &arguments.dir {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir()?,
    };
    let store = Store::open(write::options(dir.path()), None).await?;
    let mut written = write::run(&store, kind, arguments.rows, dir.path()).await?;
    store.close().await?;
    drop(store);
    // Opened again, everything is read from files.
    let store = write::reopen(write::options(dir.path())).await?;
    println!("before compaction");
    read::run(&store, kind, arguments.rows).await?;
    store.close().await?;
    drop(store);
    written.compact(dir.path()).await?;
    let store = write::reopen(write::options(dir.path())).await?;
    println!("after compaction");
    read::run(&store, kind, arguments.rows).await?;
    store.close().await?;
    println!("{written}");
    Ok(())
}
