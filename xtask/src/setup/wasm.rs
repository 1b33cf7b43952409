//! A compiler for the browser: rustup's where its download server can be reached, otherwise the
//! one that Debian packages together with the standard library's sources.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::command;
use crate::paths::Paths;
use crate::setup::apt;

pub const TARGET: &str = "wasm32-unknown-unknown";

/// Debian's package of the linker has its version in the program's name.
const DEBIAN_LINKER: &str = "wasm-ld-19";
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
const ADVICE: &str = "no compiler for wasm32-unknown-unknown: run `rustup target add wasm32-unknown-unknown`, \
                      or install Debian's packages rustc-web, cargo-web, rust-web-src and lld-19";

/// The compiler that builds the UI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Toolchain {
    /// The toolchain that builds everything else, with the wasm target added.
    Rustup,
    /// `/usr/bin/cargo` and `/usr/bin/rustc`, which build the standard library from its sources.
    Debian,
}

impl Toolchain {
    /// Finds one, installing it where needed.
    pub fn find() -> Result<Toolchain> {
        if rustup_has_target() {
            return Ok(Toolchain::Rustup);
        }
        if command::find_program("rustup").is_some() {
            let mut add = Command::new("rustup");
            let added =
                command::succeeds_within(add.args(["target", "add", TARGET]), Duration::from_secs(120));
            if added && rustup_has_target() {
                return Ok(Toolchain::Rustup);
            }
            println!("    rustup has no {TARGET} here; trying Debian's compiler");
        }
        if !debian_is_complete() {
            apt::install(&DEBIAN_PACKAGES, ADVICE)?;
        }
        if !debian_is_complete() {
            bail!("{ADVICE}");
        }
        Ok(Toolchain::Debian)
    }

    /// A cargo that builds for the browser; the caller adds `build` and the package.
    pub fn cargo(self, paths: &Paths) -> Command {
        let mut cargo = match self {
            Toolchain::Rustup => command::cargo(),
            Toolchain::Debian => command::without_rustups_variables(Command::new("/usr/bin/cargo")),
        };
        cargo.current_dir(&paths.root).env("CARGO_TARGET_DIR", paths.wasm_target());
        if self == Toolchain::Debian {
            // `-Zbuild-std` is the one unstable thing that is asked of this compiler.
            cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1");
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
        }
        cargo
    }

    /// Arguments of `cargo build` that only this compiler needs.
    pub fn build_arguments(self) -> &'static [&'static str] {
        match self {
            Toolchain::Rustup => &[],
            Toolchain::Debian => &["-Zbuild-std=std,panic_abort"],
        }
    }
}

fn rustup_has_target() -> bool {
    let mut ask = command::without_cargos_variables(Command::new("rustc"));
    let Ok(folder) = command::output(ask.args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    let Ok(files) = Path::new(folder.trim()).read_dir() else {
        return false;
    };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

fn debian_is_complete() -> bool {
    let programs = ["/usr/bin/cargo", "/usr/bin/rustc"].iter().all(|file| Path::new(file).exists());
    programs && command::find_program(DEBIAN_LINKER).is_some() && debian_sources().is_some()
}

/// The standard library's sources that belong to `/usr/bin/rustc`.
fn debian_sources() -> Option<PathBuf> {
    let mut ask = command::without_rustups_variables(Command::new("/usr/bin/rustc"));
    let sysroot = command::output(ask.args([OsStr::new("--print"), OsStr::new("sysroot")])).ok()?;
    let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/Cargo.toml");
    sources.exists().then_some(sources)
}
