//! Chromium and its driver, for the browser tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command;
use crate::setup::apt;

const CHROMIUM_NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const DRIVER_NAMES: [&str; 1] = ["chromedriver"];
const ADVICE: &str = "no browser for the tests: install Chromium and the chromedriver of the same version \
                      (Debian: `apt-get install chromium chromium-driver`)";

/// The two programs, of the same major version.
pub struct Browser {
    pub chromium: PathBuf,
    pub driver: PathBuf,
}

impl Browser {
    /// Finds them on the search path or installs them.
    pub fn find() -> Result<Browser> {
        if installed().is_none() {
            apt::install(&["chromium", "chromium-driver"], ADVICE)?;
        }
        let browser = installed().context(ADVICE)?;
        let chromium = major_version(&browser.chromium)?;
        let driver = major_version(&browser.driver)?;
        if chromium != driver {
            bail!("Chromium is {chromium} but chromedriver is {driver}: install both of one version");
        }
        println!("    Chromium {chromium}: {} and {}", browser.chromium.display(), browser.driver.display());
        Ok(browser)
    }
}

fn installed() -> Option<Browser> {
    let first = |names: &[&str]| names.iter().find_map(|name| command::find_program(name));
    Some(Browser { chromium: first(&CHROMIUM_NAMES)?, driver: first(&DRIVER_NAMES)? })
}

fn major_version(program: &Path) -> Result<u32> {
    let said = command::output(Command::new(program).arg("--version"))?;
    parse_major(&said).with_context(|| format!("`{} --version` names no version: {said}", program.display()))
}

/// `Chromium 140.0.7339.80 built on Debian` → 140.
fn parse_major(said: &str) -> Option<u32> {
    let version =
        said.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_both_programs_say() {
        assert_eq!(parse_major("Chromium 140.0.7339.80 built on Debian GNU/Linux 12"), Some(140));
        assert_eq!(parse_major("ChromeDriver 141.0.1 (abc-refs/branch@{#1})"), Some(141));
        assert_eq!(parse_major("no version"), None);
    }
}
