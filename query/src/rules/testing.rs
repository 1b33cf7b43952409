//! Unit tests of rules, in the format of `promtool test rules`.
//!
//! Source: Prometheus documentation, "Unit testing for rules". A test group loads its series, evaluates
//! all rules from its start to its last check, and compares alerts and expressions on the way. As with
//! promtool, groups are evaluated at the test's own interval and in their order, whatever theirs is.

mod compare;
mod format;
mod run;

use std::fmt;
use std::path::{Path, PathBuf};

/// How the tests of one file went.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub path: PathBuf,
    /// Checks that were made.
    pub checks: usize,
    pub failures: Vec<Failure>,
    pub warnings: Vec<String>,
}

/// A check that did not hold, or what kept it from being made; several lines, as promtool indents them.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure(pub String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a YAML file is one of unit tests: it has the key `tests`.
pub fn is_test_file(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("tests:"))
}

/// Runs the tests of one file.
pub fn run_file(path: &Path, text: &str) -> Report {
    let mut report = Report { path: path.to_owned(), ..Report::default() };
    if let Err(failure) = run::file(&mut report, text) {
        report.failures.push(failure);
    }
    report
}

#[cfg(test)]
mod tests;
