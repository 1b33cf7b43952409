//! `ocelli check FILE…`: every file's verdict, whether it is a configuration, one of rules or one of objectives.

use crate::config;
use ocelli_query::rules::{Group, Problem, file, testing};
use ocelli_query::slo::{self, Slo};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit 2 if anything is wrong. A server takes duplicate rules, so they are wrong only where that is asked
/// for, as with promtool.
pub fn run(files: &[PathBuf], lint_fatal: bool) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let mut groups: Vec<Group> = Vec::new();
    for path in files {
        match verdict(path) {
            Ok((said, found)) => {
                eprintln!("{}: {said}", path.display());
                groups.extend(found);
            }
            Err(lines) => {
                eprintln!("{}", lines.join("\n"));
                code = ExitCode::from(2);
            }
        }
    }
    for duplicate in file::duplicates(&groups) {
        eprintln!("{}{duplicate}", if lint_fatal { "" } else { "warning: " });
        if lint_fatal {
            code = ExitCode::from(2);
        }
    }
    code
}

/// What is said of a file that is right, and its rules; or all that is wrong, with its places.
fn verdict(path: &Path) -> Result<(String, Vec<Group>), Vec<String>> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| vec![format!("{name}: {error}")])?;
    if testing::is_test_file(&text) {
        return Err(vec![format!(
            "{name}: these are unit tests of rules; `ocelli test rules {name}` runs them"
        )]);
    }
    let placed = |problems: Vec<Problem>| {
        problems.iter().map(|problem| format!("{name}:{problem}")).collect::<Vec<_>>()
    };
    let made = |slos: Vec<Slo>| match slo::duplicates(&slos) {
        twice if twice.is_empty() => Ok(slos.iter().flat_map(slo::rules::groups).collect::<Vec<_>>()),
        twice => Err(twice),
    };
    if slo::is_slo_file(&text) {
        let slos = slo::parse(&name, &text).map_err(placed)?;
        return Ok((format!("ok, {} objectives", slos.len()), made(slos)?));
    }
    if !file::is_rule_file(&text) {
        config::check(path).map_err(|why| vec![why])?;
        return Ok(("ok".to_owned(), made(slo::of_config(&name, &text).map_err(placed)?)?));
    }
    let groups = file::parse(&name, &text).map_err(placed)?;
    let rules: usize = groups.iter().map(|group| group.rules.len()).sum();
    Ok((format!("ok, {rules} rules in {} groups", groups.len()), groups))
}
