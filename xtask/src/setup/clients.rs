//! The OpenTelemetry SDKs of Python and Node, which the end-to-end tests drive, and what judges pages in the
//! browser tests: clients that nobody here wrote.
//!
//! Each set of packages lies in a folder named after the hash of its requirement files, so that a
//! change of a version makes a new folder and an unchanged one is found again. A folder without its
//! mark is what an interrupted installation left behind, and is made anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use xxhash_rust::xxh3::Xxh3;

use crate::command;
use crate::paths::Paths;
use crate::setup::apt;

const MARK: &str = ".complete";
const REQUIREMENTS: &str = "tests/e2e/clients/python/requirements.txt";
const NODE_FOLDER: &str = "tests/e2e/clients/node";

pub struct Clients {
    /// The interpreter of an environment with the SDK.
    pub python: PathBuf,
    /// The folder that holds `node_modules`.
    pub node: PathBuf,
}

impl Clients {
    pub fn find(paths: &Paths) -> Result<Clients> {
        Ok(Clients { python: python(paths)?, node: node(paths)? })
    }

    /// The folder of Node's packages alone: it also has axe-core, with which browser tests judge pages.
    pub fn find_node(paths: &Paths) -> Result<PathBuf> {
        node(paths)
    }
}

fn python(paths: &Paths) -> Result<PathBuf> {
    let requirements = paths.root.join(REQUIREMENTS);
    let interpreter = "bin/python";
    let folder = once(paths, "python", &[&requirements], |folder| {
        make_environment(folder)?;
        let mut install = Command::new(folder.join(interpreter));
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
        command::run(install.arg(&requirements))
            .with_context(|| format!("the packages of {REQUIREMENTS} could not be installed from PyPI"))
    })?;
    Ok(folder.join(interpreter))
}

/// Debian packages Python without the module that makes environments.
fn make_environment(folder: &Path) -> Result<()> {
    let advice = "no Python with the venv module: install Python 3.10 or later \
                  (Debian: `apt-get install python3 python3-venv`)";
    let make = || command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder));
    if make().is_ok() {
        return Ok(());
    }
    apt::install(&["python3", "python3-venv"], advice)?;
    make().context(advice)
}

fn node(paths: &Paths) -> Result<PathBuf> {
    let files = ["package.json", "package-lock.json"].map(|file| paths.root.join(NODE_FOLDER).join(file));
    once(paths, "node", &[&files[0], &files[1]], |folder| {
        if command::find_program("npm").is_none() {
            let advice = "no npm: install Node 20 or later (Debian: `apt-get install nodejs npm`)";
            apt::install(&["nodejs", "npm"], advice)?;
        }
        fs::create_dir_all(folder)?;
        for file in &files {
            fs::copy(file, folder.join(file.file_name().context("a file has a name")?))?;
        }
        let mut install = Command::new("npm");
        install.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(folder);
        command::run(&mut install)
            .with_context(|| format!("the packages of {NODE_FOLDER} could not be installed from npm"))
    })
}

/// The folder for these requirement files, filled by `install` unless that was done before.
fn once(
    paths: &Paths,
    language: &str,
    files: &[&PathBuf],
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let folder = paths.clients().join(format!("{language}-{:016x}", hash(files)?));
    if folder.join(MARK).exists() {
        println!("    {language}: {} is there", folder.display());
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    install(&folder)?;
    fs::write(folder.join(MARK), b"")?;
    Ok(folder)
}

fn hash(files: &[&PathBuf]) -> Result<u64> {
    let mut hasher = Xxh3::new();
    for file in files {
        let Ok(content) = fs::read(file) else {
            bail!("{} is missing: it names the packages that the tests need", file.display());
        };
        hasher.update(&content);
    }
    Ok(hasher.digest())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_done_once_and_again_after_an_interruption_or_a_change() {
        let root = std::env::temp_dir().join(format!("ocelli-xtask-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let paths = Paths { root: root.clone(), target: root.join("target") };
        let wanted = root.join("requirements.txt");
        fs::write(&wanted, "sdk==1").unwrap();
        let installs = std::cell::Cell::new(0);
        let find = |succeeds: bool| {
            once(&paths, "python", &[&wanted], |folder| {
                installs.set(installs.get() + 1);
                fs::create_dir_all(folder)?;
                if succeeds { Ok(()) } else { bail!("interrupted") }
            })
        };
        assert!(find(false).is_err());
        let first = find(true).unwrap();
        assert_eq!(find(true).unwrap(), first);
        assert_eq!(installs.get(), 2);
        fs::write(&wanted, "sdk==2").unwrap();
        assert_ne!(find(true).unwrap(), first);
        assert_eq!(installs.get(), 3);
        fs::remove_dir_all(&root).unwrap();
    }
}
