//! `cargo xtask ui`: the UI compiled to WebAssembly, bound to JavaScript and compressed, in `ui/dist`.
//!
//! What was built lies in the target directory under the hash of everything it was built from;
//! `ui/dist` is a copy of one of these folders. An unchanged UI therefore costs nothing, also in a
//! fresh checkout whose target directory was kept.

mod alike;
mod arrange;
mod bundle;
mod inputs;
mod lean;
mod names;
mod places;
mod split;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::paths::Paths;
use crate::setup::wasm::{TARGET, Toolchain};
use crate::steps::seconds;

/// Names what `ui/dist` was built from. The leading dot keeps it out of what is served.
const STAMP: &str = ".inputs";

/// Makes `ui/dist` the build of the sources as they are.
pub fn build(paths: &Paths, force: bool) -> Result<()> {
    let key = inputs::hash(&paths.root)?;
    let dist = paths.ui_dist();
    if !force && fs::read_to_string(dist.join(STAMP)).is_ok_and(|stamp| stamp == key) {
        println!("    ui/dist is up to date");
        return Ok(());
    }
    let built = paths.ui_cache().join(&key);
    if force || !built.exists() {
        compile_and_bundle(paths, &key, &built)?;
    } else {
        println!("    built before: taken from {}", built.display());
    }
    publish(&built, &dist, &key)
}

fn compile_and_bundle(paths: &Paths, key: &str, built: &Path) -> Result<()> {
    let wasm = compile(paths)?;
    let started = Instant::now();
    // Made beside its place and renamed, so that an interrupted build leaves no half of one.
    let unfinished = built.with_extension("unfinished");
    remove(&unfinished)?;
    fs::create_dir_all(&unfinished)?;
    bundle::make(&wasm, &paths.ui(), key, &unfinished)?;
    remove(built)?;
    fs::rename(&unfinished, built)?;
    println!("    bound and compressed in {}", seconds(started.elapsed()));
    Ok(())
}

/// Returns the `.wasm` file as the compiler made it.
fn compile(paths: &Paths) -> Result<PathBuf> {
    let toolchain = Toolchain::find()?;
    let started = Instant::now();
    println!("    compiling the UI with {toolchain:?}'s compiler; the first time takes some minutes");
    let mut cargo = toolchain.cargo(paths);
    cargo.args(["rustc", "--package", "ocelli-ui", "--lib", "--profile", "wasm", "--target", TARGET]);
    // Where a function names another must be known to cut the program into parts. A body that is inlined
    // compresses well beside its twins, but better still when it is there once.
    let flags = ["-Clink-arg=--emit-relocs", "-Cllvm-args=-inline-threshold=0"];
    cargo.args(toolchain.build_arguments()).arg("--").args(flags);
    command::run(&mut cargo)?;
    println!("    compiled in {}", seconds(started.elapsed()));
    let wasm = paths.wasm_target().join(TARGET).join("wasm/ocelli_ui.wasm");
    if !wasm.exists() {
        bail!("cargo built no {}: the package ocelli-ui must be a cdylib", wasm.display());
    }
    Ok(wasm)
}

/// Copies what differs, removes what is gone, and stamps last.
fn publish(built: &Path, dist: &Path, key: &str) -> Result<()> {
    fs::create_dir_all(dist)?;
    let _ = fs::remove_file(dist.join(STAMP));
    for file in files(dist)? {
        let name = file.file_name().context("a file has a name")?;
        if !built.join(name).exists() {
            fs::remove_file(&file)?;
        }
    }
    for file in files(built)? {
        let to = dist.join(file.file_name().context("a file has a name")?);
        let content = fs::read(&file)?;
        // An untouched file keeps its time, and what embeds it need not be built again.
        if fs::read(&to).ok().as_ref() != Some(&content) {
            fs::write(to, content)?;
        }
    }
    fs::write(dist.join(STAMP), key)?;
    Ok(())
}

/// The plain files of a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
