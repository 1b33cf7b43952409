//! Prometheus' program, for the end-to-end test that compares answers with it: Debian's package,
//! unpacked into the target directory, so that no service is installed.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command;
use crate::paths::Paths;
use crate::setup::apt;

const ADVICE: &str = "no Prometheus for the tests: set OCELLI_TEST_PROMETHEUS to its program, or install it (Debian: `apt-get install prometheus`)";

/// The program that `OCELLI_TEST_PROMETHEUS` names, one on the search path, or Debian's.
pub fn find(paths: &Paths) -> Result<PathBuf> {
    let program = match std::env::var_os("OCELLI_TEST_PROMETHEUS") {
        Some(program) => program.into(),
        None => match command::find_program("prometheus") {
            Some(program) => program,
            None => unpacked(paths)?,
        },
    };
    println!("    Prometheus: {}", program.display());
    Ok(program)
}

fn unpacked(paths: &Paths) -> Result<PathBuf> {
    let folder = paths.tools().join("prometheus");
    let program = folder.join("usr/bin/prometheus");
    if !program.is_file() {
        apt::unpack("prometheus", &folder, ADVICE).context(ADVICE)?;
    }
    Ok(program)
}
