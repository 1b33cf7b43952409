//! PostgreSQL's programs, for the end-to-end tests: they start a server of their own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command;
use crate::setup::apt;

/// Debian keeps a folder for each major version, and only some programs on the search path.
const VERSIONS: &str = "/usr/lib/postgresql";
const ADVICE: &str = "no PostgreSQL for the tests: install the server (Debian: `apt-get install postgresql`)";

/// The folder with `initdb`, `postgres` and `psql`.
pub fn find() -> Result<PathBuf> {
    if installed().is_none() {
        apt::install(&["postgresql"], ADVICE)?;
    }
    let folder = installed().context(ADVICE)?;
    println!("    PostgreSQL: {}", folder.display());
    Ok(folder)
}

fn installed() -> Option<PathBuf> {
    let whole = |folder: &Path| ["initdb", "postgres", "psql"].iter().all(|name| folder.join(name).exists());
    let newest = versions().into_iter().map(|(_, folder)| folder).rfind(|folder| whole(folder));
    newest.or_else(|| {
        let folder = command::find_program("initdb")?.parent()?.to_owned();
        whole(&folder).then_some(folder)
    })
}

/// By version, the newest last.
fn versions() -> Vec<(u32, PathBuf)> {
    let folders = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = folders
        .filter_map(|folder| Some((folder.file_name().to_str()?.parse().ok()?, folder.path().join("bin"))))
        .collect();
    versions.sort();
    versions
}
