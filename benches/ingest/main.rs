//! What it costs to take telemetry in: `cargo xtask bench ingest` (release build, seeded).
//!
//! The real binary in its own process is sent OTLP/HTTP protobuf bodies of 1,000 items over two
//! connections. CPU is the server's whole user and system time from its start to its end, so that
//! WAL, fsync, flush, Parquet and index are all in it; RED is on. Bytes are those of the segments
//! after a clean stop. The calibration line lets figures of two machines be compared.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

#[path = "../common/mod.rs"]
mod common;
mod server;

use common::bodies::{self, BATCH, Kind};
use common::calibration::zstd_mb_per_s;
use common::send::send_all;
use server::Server;
use std::time::Instant;

const DEFAULT_ITEMS: usize = 500_000;

fn main() -> anyhow::Result<()> {
    // Cargo passes `--bench`; a number is how many items of each kind are sent.
    let items = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(DEFAULT_ITEMS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("calibration: one thread of zstd-1 packs {:.0} MB/s of these bodies", zstd_mb_per_s()?);
    println!("server: {}", runtime.block_on(idle())?);
    for kind in [Kind::Spans, Kind::Logs, Kind::Points] {
        println!("{}", runtime.block_on(run(kind, items))?);
    }
    Ok(())
}

async fn idle() -> anyhow::Result<String> {
    let server = Server::start()?;
    let line = format!(
        "ready {:.0} ms after exec, {:.1} MiB resident when idle",
        server.ready.as_secs_f64() * 1e3,
        server.resident_mib()?
    );
    server.stop()?;
    Ok(line)
}

async fn run(kind: Kind, items: usize) -> anyhow::Result<String> {
    let bodies: Vec<Vec<u8>> = (0..items.div_ceil(BATCH)).map(|batch| bodies::body(kind, batch)).collect();
    let items = bodies.len() * BATCH;
    let sent_bytes: usize = bodies.iter().map(Vec::len).sum();
    let server = Server::start()?;
    let started = Instant::now();
    let refused = send_all(&format!("http://{}{}", server.otlp_http, kind.path()), &bodies).await?;
    let wall = started.elapsed().as_secs_f64();
    let peak = server.peak_mib()?;
    let stopped = server.stop()?;
    Ok(format!(
        "{:<6} {items} items of {} B: {:.0} a second, {:.0} per core-second, {:.1} B each in segments, peak {peak:.0} MiB, {refused} requests sent again",
        kind.as_str(),
        sent_bytes / items,
        items as f64 / wall,
        items as f64 / stopped.cpu_s,
        stopped.segment_bytes as f64 / items as f64,
    ))
}
