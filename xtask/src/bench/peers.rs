//! `cargo xtask bench peers [ITEMS] [--rounds N] [--only SIGNAL]`, `cargo xtask bench promql` and `cargo xtask bench
//! search`: builds the products that Ocelli is compared with, then runs `benches/peers` or `benches/search` in a
//! release build.
//!
//! They are built from their sources by Go, into cargo's target directory. One that can't be had is
//! named and left out.

use crate::command;
use crate::paths::Paths;
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// The Go compiler that builds them; the one that is installed fetches it.
const GO: &str = "go1.27.3";

struct Peer {
    name: &'static str,
    /// The program's package.
    package: &'static str,
    /// A release; a new one is tried by changing this line.
    version: &'static str,
}

const LOGS: Peer = Peer {
    name: "victoria-logs",
    package: "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs",
    version: "v1.52.1",
};
const TRACES: Peer = Peer {
    name: "victoria-traces",
    package: "github.com/VictoriaMetrics/VictoriaTraces/app/victoria-traces",
    version: "v0.7.1",
};
const METRICS: Peer = Peer {
    name: "victoria-metrics",
    package: "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics",
    version: "v1.153.0",
};
const JAEGER: Peer =
    Peer { name: "jaeger", package: "github.com/jaegertracing/jaeger/cmd/jaeger", version: "v1.76.0" };

pub fn run(paths: &Paths, arguments: &[String]) -> Result<()> {
    bench(paths, "peers", &[], &[LOGS, TRACES, METRICS], arguments)
}

/// The same program has the queries of metrics, which one of the peers answers too.
pub fn run_promql(paths: &Paths, arguments: &[String]) -> Result<()> {
    bench(paths, "peers", &["promql"], &[METRICS], arguments)
}

/// Searches have a program of their own.
pub fn run_search(paths: &Paths, arguments: &[String]) -> Result<()> {
    bench(paths, "search", &[], &[LOGS, TRACES, JAEGER], arguments)
}

fn bench(paths: &Paths, name: &str, which: &[&str], peers: &[Peer], arguments: &[String]) -> Result<()> {
    let mut bench = command::cargo_in(paths);
    bench.args(["bench", "--package", "ocelli", "--bench", name, "--"]).args(which).args(arguments);
    for peer in peers {
        match build(paths, peer) {
            Ok(program) => {
                let peer = format!("{}@{}={}", peer.name, peer.version, program.display());
                bench.args(["--peer", &peer]);
            }
            Err(why) => println!("    without {} {}: {why:#}", peer.name, peer.version),
        }
    }
    command::run(&mut bench).context("mend what the bench names above")
}

/// The program, which is built when this version is not there yet.
fn build(paths: &Paths, peer: &Peer) -> Result<PathBuf> {
    let folder = paths.peers().join(peer.version);
    let program = folder.join(peer.name);
    if program.is_file() {
        return Ok(program);
    }
    command::find_program("go").context("Go is not installed, and it is built by Go")?;
    let mut go = Command::new("go");
    go.arg("install").arg(format!("{}@{}", peer.package, peer.version));
    go.env("GOBIN", &folder).env("GOTOOLCHAIN", GO);
    command::run(&mut go)?;
    Ok(program)
}
