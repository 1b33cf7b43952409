//! `ocelli check FILE…`: every file's verdict, whether it is a configuration or one of rules.

use crate::config;
use ocelli_query::rules::{Group, file, testing};
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
    if !file::is_rule_file(&text) {
        return config::check(path).map(|()| ("ok".to_owned(), Vec::new())).map_err(|why| vec![why]);
    }
    let groups = file::parse(&name, &text)
        .map_err(|problems| problems.iter().map(|problem| format!("{name}:{problem}")).collect::<Vec<_>>())?;
    let rules: usize = groups.iter().map(|group| group.rules.len()).sum();
    Ok((format!("ok, {rules} rules in {} groups", groups.len()), groups))
}
