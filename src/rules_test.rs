//! `ocelli test rules FILE…`: unit tests of rules, told as promtool tells them.

use ocelli_query::rules::testing::{Report, run_file};
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Exit 1 if a check failed, or could not be made.
pub fn run(paths: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let (mut text, mut failed) = (String::new(), 0);
    for path in paths {
        let outcome = std::fs::read_to_string(path).map(|text| run_file(path, &text));
        writeln!(text, "Unit Testing:  {}", path.display())?;
        match outcome {
            Ok(report) => {
                failed += usize::from(!report.failures.is_empty());
                describe(&report, &mut text)?;
            }
            Err(error) => {
                failed += 1;
                writeln!(text, "  FAILED:\n    {error}\n")?;
            }
        }
    }
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn describe(report: &Report, text: &mut String) -> std::fmt::Result {
    for warning in &report.warnings {
        writeln!(text, "  WARNING: {warning}")?;
    }
    if report.failures.is_empty() {
        return writeln!(text, "  SUCCESS, {} checks\n", report.checks);
    }
    writeln!(text, "  FAILED:")?;
    report.failures.iter().try_for_each(|failure| writeln!(text, "{failure}\n"))
}
