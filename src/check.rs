//! `ocelli check FILE…`: every file's verdict, whether it is a configuration, one of rules or one of objectives.

use crate::config;
use ocelli_query::rules::{Group, Problem, file, testing};
use ocelli_query::slo::{self, Definitions, Slo};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Exit 2 if anything is wrong. A server takes duplicate rules, so they are wrong only where that is asked
/// for, as with promtool.
pub fn run(files: &[PathBuf], lint_fatal: bool) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let mut groups: Vec<Group> = Vec::new();
    let objectives = Objectives::of(files);
    for path in files {
        match verdict(path, &objectives) {
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

/// Files of objectives use what each other define, so they are read together.
#[derive(Default)]
struct Objectives {
    definitions: Definitions,
    by_name: BTreeMap<String, Result<Vec<Slo>, Vec<Problem>>>,
}

impl Objectives {
    fn of(files: &[PathBuf]) -> Objectives {
        let mut texts = BTreeMap::new();
        for path in files {
            // What can't be read is told where its turn comes.
            if let Ok(text) = fs::read_to_string(path)
                && slo::is_slo_file(&text)
            {
                texts.insert(path.display().to_string(), text);
            }
        }
        let texts: Vec<(String, String)> = texts.into_iter().collect();
        let (definitions, read) = slo::parse_all(&texts);
        Objectives { definitions, by_name: texts.into_iter().map(|(name, _)| name).zip(read).collect() }
    }
}

/// What is said of a file that is right, and its rules; or all that is wrong, with its places.
fn verdict(path: &Path, objectives: &Objectives) -> Result<(String, Vec<Group>), Vec<String>> {
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
    if let Some(read) = objectives.by_name.get(&name) {
        let slos = read.clone().map_err(placed)?;
        let said = match slos.len() {
            0 => "ok, no objectives of its own, only what those of other files may use".to_owned(),
            1 => "ok, 1 objective".to_owned(),
            count => format!("ok, {count} objectives"),
        };
        return Ok((said, made(slos)?));
    }
    if !file::is_rule_file(&text) {
        config::check(path).map_err(|why| vec![why])?;
        return Ok((
            "ok".to_owned(),
            made(slo::of_config(&objectives.definitions, &name, &text).map_err(placed)?)?,
        ));
    }
    let groups = file::parse(&name, &text).map_err(placed)?;
    let rules: usize = groups.iter().map(|group| group.rules.len()).sum();
    Ok((format!("ok, {rules} rules in {} groups", groups.len()), groups))
}
