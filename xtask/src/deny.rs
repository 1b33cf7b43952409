//! `cargo xtask deny`: licences, advisories and duplicates by cargo-deny and `deny.toml`.
//!
//! Not part of the tests: building cargo-deny takes minutes, and the advisories come from a
//! database that is downloaded at each run.

use anyhow::{Context, Result};

use crate::command;
use crate::paths::Paths;

/// The version that `deny.toml` was written for.
const VERSION: &str = "0.20.2";

pub fn run(paths: &Paths) -> Result<()> {
    let program = paths.tools().join("bin/cargo-deny");
    if !program.exists() {
        println!("==> cargo-deny is not there: building it takes some minutes");
        let mut install = command::cargo_in(paths);
        install
            .args(["install", "cargo-deny", "--locked", "--version", VERSION, "--root"])
            .arg(paths.tools());
        command::run(install.env("CARGO_TARGET_DIR", paths.tools().join("build")))
            .context("cargo-deny could not be installed")?;
    }
    let mut check = command::without_cargos_variables(std::process::Command::new(program));
    command::run(check.current_dir(&paths.root).args(["check", "licenses", "bans", "sources"]))
        .context("mend what cargo-deny names above, or explain the exception in deny.toml")?;
    command::run(check.arg("advisories"))
        .context("an advisory concerns a dependency, or its database can't be reached")
}
