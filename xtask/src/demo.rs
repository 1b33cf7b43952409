//! `cargo xtask demo`: the UI and the binary built, then the demo shop in the foreground.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::command;
use crate::paths::Paths;
use crate::steps::seconds;
use crate::test::programs::SELECTION;
use crate::ui;

/// Returns only when something failed: the demo takes this process over, so that Ctrl-C and signals
/// reach it directly.
pub fn run(paths: &Paths, arguments: &[String]) -> Result<()> {
    let started = Instant::now();
    println!("==> the UI");
    ui::build(paths, false)?;
    println!("==> the binary; the first time takes some minutes");
    // The selection decides the features of shared dependencies. With all packages and one test in it,
    // it is the tests' selection, and demo and tests use one build of everything.
    let mut build = command::cargo_in(paths);
    build.args(["build", "--bin", "ocelli", "--test", "house"]).args(SELECTION);
    command::run(&mut build).context("mend what the compiler names above")?;
    println!("==> ready after {}; starting the demo", seconds(started.elapsed()));
    let mut demo = command::without_cargos_variables(Command::new(paths.target.join("debug/ocelli")));
    let error = demo.arg("demo").args(arguments).exec();
    Err(error).with_context(|| format!("`{}` could not be started", command::shown(&demo)))
}
