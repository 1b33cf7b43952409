//! Debian's and Ubuntu's packages.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Result, bail};

use crate::command;

/// Installs packages; on a machine without apt-get it fails with `otherwise`, the sentence that
/// says what to install by hand.
pub fn install(packages: &[&str], otherwise: &str) -> Result<()> {
    if command::find_program("apt-get").is_none() {
        bail!("{otherwise}");
    }
    update();
    let arguments = [&["install", "-y", "-qq", "--no-install-recommends"], packages].concat();
    apt_get(&arguments).map_err(|error| anyhow::anyhow!("{otherwise} ({error:#})"))
}

/// Downloads a package and unpacks it into a folder, without installing it: none of its services is
/// started, and nothing outside of the folder changes.
pub fn unpack(package: &str, folder: &Path, otherwise: &str) -> Result<()> {
    if command::find_program("apt-get").is_none() {
        bail!("{otherwise}");
    }
    update();
    let download = folder.with_extension("download");
    std::fs::create_dir_all(&download)?;
    command::run(Command::new("apt-get").args(["download", "-qq", package]).current_dir(&download))?;
    for file in std::fs::read_dir(&download)?.flatten().map(|file| file.path()) {
        if file.extension().is_some_and(|extension| extension == "deb") {
            command::run(Command::new("dpkg-deb").arg("--extract").arg(&file).arg(folder))?;
        }
    }
    std::fs::remove_dir_all(&download)?;
    Ok(())
}

/// Renews the package lists once. Old ones may still be good enough; what follows will tell.
fn update() {
    static UPDATED: OnceLock<()> = OnceLock::new();
    UPDATED.get_or_init(|| {
        if let Err(error) = apt_get(&["update", "-qq"]) {
            println!("    {error:#}; going on with the package lists as they are");
        }
    });
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = match is_root() {
        true => Command::new("apt-get"),
        false => {
            let mut sudo = Command::new("sudo");
            sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            sudo
        }
    };
    // Another installation may be running: wait for it instead of failing.
    command.args(["-o", "DPkg::Lock::Timeout=300"]).args(arguments);
    command::run(command.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
