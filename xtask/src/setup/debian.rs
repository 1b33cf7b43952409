//! Other people's programs that the end-to-end tests use: Debian's packages, unpacked into the target
//! directory, so that no service is installed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::command;
use crate::paths::Paths;
use crate::setup::apt;

pub struct Tool {
    /// Of the environment: names another file than the package's.
    pub variable: &'static str,
    /// What is looked for on the search path; empty for what is no program.
    program: &'static str,
    package: &'static str,
    /// In the package; `ARCH` is the machine's.
    path: &'static str,
}

pub const ALL: [Tool; 3] = [
    // Answers are compared with its, and promtool lies beside it.
    Tool {
        variable: "OCELLI_TEST_PROMETHEUS",
        program: "prometheus",
        package: "prometheus",
        path: "usr/bin/prometheus",
    },
    // A receiver, and amtool beside it.
    Tool {
        variable: "OCELLI_TEST_ALERTMANAGER",
        program: "prometheus-alertmanager",
        package: "prometheus-alertmanager",
        path: "usr/bin/prometheus-alertmanager",
    },
    // Clocks that jump.
    Tool {
        variable: "OCELLI_TEST_FAKETIME",
        program: "",
        package: "libfaketime",
        path: "usr/lib/ARCH-linux-gnu/faketime/libfaketimeMT.so.1",
    },
];

impl Tool {
    pub fn name(&self) -> &'static str {
        self.package
    }

    /// What the variable names, a program on the search path, or Debian's.
    pub fn find(&self, paths: &Paths) -> Result<PathBuf> {
        let on_path = || Some(self.program).filter(|name| !name.is_empty()).and_then(command::find_program);
        let found = match std::env::var_os(self.variable).map(PathBuf::from).or_else(on_path) {
            Some(found) => found,
            None => self.unpacked(&paths.tools().join(self.package))?,
        };
        println!("    {}: {}", self.package, found.display());
        Ok(found)
    }

    fn unpacked(&self, folder: &Path) -> Result<PathBuf> {
        let (package, variable) = (self.package, self.variable);
        let found = folder.join(self.path.replace("ARCH", std::env::consts::ARCH));
        if !found.is_file() {
            let advice = format!(
                "no {package} for the tests: set {variable} to it, or install it (Debian: `apt-get install {package}`)"
            );
            apt::unpack(package, folder, &advice).context(advice.clone())?;
        }
        Ok(found)
    }
}
