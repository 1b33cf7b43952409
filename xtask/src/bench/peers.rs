//! `cargo xtask bench peers [ITEMS] [--rounds N] [--only SIGNAL]`, `cargo xtask bench promql` and `cargo xtask bench
//! search`: builds the products that Ocelli is compared with, then runs `benches/peers` or `benches/search` in a
//! release build.
//!
//! They are built from their sources by Go, into cargo's target directory. One that can't be had is
//! named and left out.

use crate::command;
use crate::paths::Paths;
use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// The Go compiler that builds them; the one that is installed fetches it.
const GO: &str = "go1.27.3";

struct Peer {
    name: &'static str,
    module: &'static str,
    /// The program's package in the module.
    package: &'static str,
    /// A release; a new one is tried by changing this line.
    version: &'static str,
}

const LOGS: Peer = Peer {
    name: "victoria-logs",
    module: "github.com/VictoriaMetrics/VictoriaLogs",
    package: "./app/victoria-logs",
    version: "v1.52.1",
};
const TRACES: Peer = Peer {
    name: "victoria-traces",
    module: "github.com/VictoriaMetrics/VictoriaTraces",
    package: "./app/victoria-traces",
    version: "v0.7.1",
};
const METRICS: Peer = Peer {
    name: "victoria-metrics",
    module: "github.com/VictoriaMetrics/VictoriaMetrics",
    package: "./app/victoria-metrics",
    version: "v1.153.0",
};
const JAEGER: Peer = Peer {
    name: "jaeger",
    module: "github.com/jaegertracing/jaeger",
    package: "./cmd/jaeger",
    version: "v1.76.0",
};

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
    // Not by `go install`: it refuses a module that replaces others, as Jaeger's does.
    let mut build = Command::new("go");
    build.args(["build", "-C", &source(peer)?, "-o"]).arg(&program).arg(peer.package);
    command::run(build.env("GOTOOLCHAIN", GO))?;
    Ok(program)
}

/// The folder with the module's source, which Go fetches and checks.
fn source(peer: &Peer) -> Result<String> {
    let mut download = Command::new("go");
    download.args(["mod", "download", "-json", &format!("{}@{}", peer.module, peer.version)]);
    let output = download.env("GOTOOLCHAIN", GO).output().context("go cannot be started")?;
    let answer: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("Go did not say where the source is")?;
    let text = |key: &str| answer.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    if let Some(why) = text("Error") {
        bail!("{why}");
    }
    text("Dir").context("Go did not say where the source is")
}
