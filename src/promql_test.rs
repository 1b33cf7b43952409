//! `ocelli test promql DIR…`: each file's passed and failed evals, and its first differences.

use anyhow::Context;
use ocelli_query::promql::testing::{FileReport, run_paths};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Differences that are shown of one file.
const SHOWN: usize = 5;

/// Exit 1 if an eval failed.
pub fn run(paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let reports = run_paths(paths).context("the scripts can't be read")?;
    let mut text = String::new();
    for report in &reports {
        describe(report, &mut text)?;
    }
    let passed: usize = reports.iter().map(|report| report.passed).sum();
    let failed: usize = reports.iter().map(|report| report.failures.len()).sum();
    writeln!(text, "{passed} passed, {failed} failed")?;
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn describe(report: &FileReport, text: &mut String) -> std::fmt::Result {
    writeln!(text, "{}: {} passed, {} failed", report.path.display(), report.passed, report.failures.len())?;
    for failure in report.failures.iter().take(SHOWN) {
        writeln!(text, "  line {}: {}\n    {}", failure.line, failure.command, failure.difference)?;
    }
    Ok(())
}
