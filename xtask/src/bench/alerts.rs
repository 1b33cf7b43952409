//! `cargo xtask bench alerts [--only PART]`: `benches/alerts`, in a release build.

use crate::command;
use crate::paths::Paths;
use anyhow::{Context, Result};

pub fn run(paths: &Paths, arguments: &[String]) -> Result<()> {
    let mut bench = command::cargo_in(paths);
    bench.args(["bench", "--package", "ocelli", "--bench", "alerts", "--"]).args(arguments);
    command::run(&mut bench).context("mend what the bench names above")
}
