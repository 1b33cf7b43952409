//! Rule files, and objectives, from the disk.

use super::Settings;
use ocelli_query::rules::files::matching;
use ocelli_query::rules::{Group, Problem, file};
use ocelli_query::slo::{self, Slo};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// All that is wrong with the rule files, a line each with file, line and column.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct LoadError(Vec<String>);

/// Rules that need no file.
const STARTER: (&str, &str) = ("starter pack", include_str!("starter.yml"));

/// What the files say.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// As they are written; none that is made of an objective.
    pub groups: Vec<Group>,
    pub slos: Vec<Slo>,
}

impl Loaded {
    /// Those that are written, and those that are made of the objectives.
    pub fn all_groups(&self) -> Vec<Group> {
        self.groups.iter().cloned().chain(self.slos.iter().flat_map(slo::rules::groups)).collect()
    }
}

impl From<Vec<Group>> for Loaded {
    fn from(groups: Vec<Group>) -> Loaded {
        Loaded { groups, slos: Vec::new() }
    }
}

/// All files that the patterns stand for, in the order of patterns and names.
pub fn load(settings: &Settings) -> Result<Loaded, LoadError> {
    let mut wrong = Vec::new();
    let mut groups: Vec<Group> = each(&settings.files, "rule", &mut wrong, file::parse);
    if settings.starter_pack {
        match file::parse(STARTER.0, STARTER.1) {
            Ok(starter) => groups.extend(starter),
            Err(problems) => wrong.extend(placed(STARTER.0, &problems)),
        }
    }
    let mut slos: Vec<Slo> = each(&settings.slo_files, "SLO", &mut wrong, slo::parse);
    match settings.config_file.as_deref().map(|path| read(path, slo::of_config)) {
        Some(Ok(read)) => slos.extend(read),
        Some(Err(lines)) => wrong.extend(lines),
        None => {}
    }
    wrong.extend(slo::duplicates(&slos));
    if !wrong.is_empty() {
        return Err(LoadError(wrong));
    }
    let loaded = Loaded { groups, slos };
    for duplicate in file::duplicates(&loaded.all_groups()) {
        tracing::warn!(duplicate, "two rules give the same series; `ocelli check` tells of it too");
    }
    Ok(loaded)
}

type Parse<T> = fn(&str, &str) -> Result<Vec<T>, Vec<Problem>>;

fn each<T>(patterns: &[PathBuf], what: &str, wrong: &mut Vec<String>, parse: Parse<T>) -> Vec<T> {
    let (mut all, mut known) = (Vec::new(), BTreeSet::new());
    for pattern in patterns {
        let text = pattern.display().to_string();
        match matching(Path::new(""), &text) {
            Ok(files) if files.is_empty() => tracing::warn!(pattern = text, "no {what} file matches"),
            // Patterns may overlap.
            Ok(files) => {
                files.iter().filter(|file| known.insert((*file).clone())).for_each(|file| {
                    match read(file, parse) {
                        Ok(read) => all.extend(read),
                        Err(lines) => wrong.extend(lines),
                    }
                })
            }
            Err(error) => wrong.push(format!("{text}: {error}")),
        }
    }
    all
}

fn read<T>(path: &Path, parse: Parse<T>) -> Result<Vec<T>, Vec<String>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| vec![format!("{name}: {error}")])?;
    parse(&name, &text).map_err(|problems| placed(&name, &problems))
}

fn placed(name: &str, problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|problem| format!("{name}:{problem}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_read_and_all_errors_told() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("b.yml", "groups: [{name: b}]\n");
        write("a.yml", "groups: [{name: a}]\n");
        let load = |patterns: &[PathBuf]| {
            let mut wrong = Vec::new();
            (each(patterns, "rule", &mut wrong, file::parse), LoadError(wrong).to_string())
        };
        let patterns = [dir.path().join("*.yml"), dir.path().join("a.yml")];
        let names: Vec<String> = load(&patterns).0.into_iter().map(|group| group.name).collect();
        assert_eq!(names, ["a", "b"]);
        write("a.yml", "groups: [{name: ''}]\n");
        write("b.yml", "groups: [{nam: b}]\n");
        let patterns = [dir.path().join("*.yml"), dir.path().join("absent.yml")];
        let why = load(&patterns).1;
        for words in ["a.yml:1:10: a group needs a name", "b.yml:1:", "unknown field `nam`", "absent.yml: "] {
            assert!(why.contains(words), "{words}: {why}");
        }
    }

    #[test]
    fn the_starter_pack_does_what_its_unit_tests_say() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/starter_test.yml");
        let report =
            ocelli_query::rules::testing::run_file(&tests, &std::fs::read_to_string(&tests).unwrap());
        assert!(report.failures.is_empty(), "{:?}", report.failures);
        assert!(report.checks >= 13, "{}", report.checks);
    }
}
