//! Child processes: cargo without what the outer cargo left in the environment, and runs whose
//! failure says what was run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::paths::Paths;

/// `cargo` of the toolchain that runs this command.
pub fn cargo() -> Command {
    without_cargos_variables(Command::new("cargo"))
}

/// `cargo` in the checkout, building into the one target directory.
pub fn cargo_in(paths: &Paths) -> Command {
    let mut command = cargo();
    command.current_dir(&paths.root).env("CARGO_TARGET_DIR", &paths.target);
    command
}

/// Removes what `cargo run` sets for the program it runs. Build scripts that watch these variables
/// would otherwise run again whenever a build is started from here instead of from a shell, and the
/// library path would mix the libraries of two compilers.
pub fn without_cargos_variables(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let of_the_package = text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_");
        if of_the_package || ["CARGO", "LD_LIBRARY_PATH"].contains(&&*text) {
            command.env_remove(&name);
        }
    }
    command
}

/// Also removes the choice of rustup's toolchain, for a cargo that is not rustup's.
pub fn without_rustups_variables(command: Command) -> Command {
    let mut command = without_cargos_variables(command);
    for name in ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC", "RUSTC_WRAPPER", "RUSTFLAGS"] {
        command.env_remove(name);
    }
    command
}

/// The command as one would type it, for messages.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// Runs it with its output on the terminal; an exit code other than 0 is an error.
pub fn run(command: &mut Command) -> Result<()> {
    println!("    $ {}", shown(command));
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs it in silence and returns what it wrote on its standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", shown(command), output.status, said.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` did not write UTF-8", shown(command)))
}

/// Runs it for at most `limit`; `false` when it failed, could not be started or was too slow.
pub fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    println!("    $ {}", shown(command));
    let Ok(mut child) = command.stdin(Stdio::null()).spawn() else {
        return false;
    };
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if started.elapsed() < limit => std::thread::sleep(Duration::from_millis(50)),
            _ => {
                // Already gone, or about to be: either way the answer is no.
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// The first file called `name` on the search path.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
