//! Rule files, and objectives, from the disk.

use super::Settings;
use ocelli_query::rules::files::matching;
use ocelli_query::rules::{Group, Problem, file};
use ocelli_query::slo::{self, Definitions, Slo};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// What the files define for all objectives.
    pub definitions: Arc<Definitions>,
}

impl Loaded {
    /// Those that are written, and those that are made of the objectives.
    pub fn all_groups(&self) -> Vec<Group> {
        self.groups.iter().cloned().chain(self.slos.iter().flat_map(slo::rules::groups)).collect()
    }
}

impl From<Vec<Group>> for Loaded {
    fn from(groups: Vec<Group>) -> Loaded {
        Loaded { groups, ..Loaded::default() }
    }
}

/// All files that the patterns stand for, in the order of patterns and names.
pub fn load(settings: &Settings) -> Result<Loaded, LoadError> {
    let mut wrong = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (name, text) in texts(&settings.files, "rule", &mut wrong) {
        match file::parse(&name, &text) {
            Ok(read) => groups.extend(read),
            Err(problems) => wrong.extend(placed(&name, &problems)),
        }
    }
    if settings.starter_pack {
        match file::parse(STARTER.0, STARTER.1) {
            Ok(starter) => groups.extend(starter),
            Err(problems) => wrong.extend(placed(STARTER.0, &problems)),
        }
    }
    let (files, mut slos) = (texts(&settings.slo_files, "SLO", &mut wrong), Vec::new());
    let (definitions, read) = slo::parse_all(&files);
    for ((name, _), read) in files.iter().zip(read) {
        match read {
            Ok(read) => slos.extend(read),
            Err(problems) => wrong.extend(placed(name, &problems)),
        }
    }
    if let Some((name, text)) = settings.config_file.as_deref().and_then(|path| text(path, &mut wrong)) {
        match slo::of_config(&definitions, &name, &text) {
            Ok(read) => slos.extend(read),
            Err(problems) => wrong.extend(placed(&name, &problems)),
        }
    }
    wrong.extend(slo::duplicates(&slos));
    if !wrong.is_empty() {
        return Err(LoadError(wrong));
    }
    let loaded = Loaded { groups, slos, definitions: Arc::new(definitions) };
    for duplicate in file::duplicates(&loaded.all_groups()) {
        tracing::warn!(duplicate, "two rules give the same series; `ocelli check` tells of it too");
    }
    Ok(loaded)
}

/// Names and texts of the files that patterns stand for.
fn texts(patterns: &[PathBuf], what: &str, wrong: &mut Vec<String>) -> Vec<(String, String)> {
    let (mut all, mut known) = (Vec::new(), BTreeSet::new());
    for pattern in patterns {
        let shown = pattern.display().to_string();
        match matching(Path::new(""), &shown) {
            Ok(files) if files.is_empty() => tracing::warn!(pattern = shown, "no {what} file matches"),
            // Patterns may overlap.
            Ok(files) => {
                let new = files.iter().filter(|file| known.insert((*file).clone()));
                all.extend(new.filter_map(|file| text(file, wrong)));
            }
            Err(error) => wrong.push(format!("{shown}: {error}")),
        }
    }
    all
}

fn text(path: &Path, wrong: &mut Vec<String>) -> Option<(String, String)> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Some((name, text)),
        Err(error) => {
            wrong.push(format!("{name}: {error}"));
            None
        }
    }
}

fn placed(name: &str, problems: &[Problem]) -> Vec<String> {
    problems.iter().map(|problem| format!("{name}:{problem}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::settings;

    #[test]
    fn all_files_are_read_and_all_errors_told() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("b.yml", "groups: [{name: b}]\n");
        write("a.yml", "groups: [{name: a}]\n");
        let load = |patterns: &[PathBuf]| {
            load(&Settings { files: patterns.to_vec(), ..settings() })
                .map(|loaded| loaded.groups.into_iter().map(|group| group.name).collect::<Vec<_>>())
                .map_err(|error| error.to_string())
        };
        let patterns = [dir.path().join("*.yml"), dir.path().join("a.yml")];
        assert_eq!(load(&patterns).unwrap(), ["a", "b"]);
        write("a.yml", "groups: [{name: ''}]\n");
        write("b.yml", "groups: [{nam: b}]\n");
        let patterns = [dir.path().join("*.yml"), dir.path().join("absent.yml")];
        let why = load(&patterns).unwrap_err();
        for words in ["a.yml:1:10: a group needs a name", "b.yml:1:", "unknown field `nam`", "absent.yml: "] {
            assert!(why.contains(words), "{words}: {why}");
        }
    }

    #[test]
    fn files_of_objectives_define_things_for_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let window = "{errorBudgetPercent: 1, shortWindow: 2m, longWindow: 30m}";
        let speeds = format!("{{quick: {window}, slow: {window}}}");
        let catalog = |period: &str| {
            format!(
                "apiVersion: sloth.slok.dev/v1\nkind: AlertWindows\nspec: {{sloPeriod: {period}, page: {speeds}, ticket: {speeds}}}\n"
            )
        };
        write("z-windows.yml", &catalog("30d"));
        write(
            "z-plugins.yml",
            "sli_plugins: [{id: ours, options: {job: {}}, share: 'bad{job=\"{{.job}}\"}'}]\n",
        );
        write(
            "a.yml",
            "version: prometheus/v1\nservice: s\nslos: [{name: a, objective: 99, sli: {plugin: {id: ours, options: {job: j}}}}]\n",
        );
        write("ocelli.yml", "slos: [{name: b, objective: 99, availability: {service: s}}]\n");
        let load = || {
            load(&Settings {
                slo_files: vec![dir.path().join("?-*.yml"), dir.path().join("a.yml")],
                config_file: Some(dir.path().join("ocelli.yml")),
                ..settings()
            })
        };
        let loaded = load().unwrap();
        assert_eq!(loaded.slos.iter().map(Slo::id).collect::<Vec<_>>(), ["s-a", "s-b"]);
        for slo in &loaded.slos {
            let pair = slo::windows::pairs(slo)[0];
            assert_eq!((pair.long_ms, pair.short_ms, pair.threshold), (1_800_000, 120_000, 14.4));
        }
        let saved = slo::parse_one(
            &loaded.definitions,
            "saved",
            "slos: [{name: c, objective: 99, availability: {service: s}}]",
        );
        assert_eq!(slo::windows::pairs(&saved.unwrap())[0].long_ms, 1_800_000);
        write("z-again.yml", &catalog("720h"));
        let why = load().unwrap_err().to_string();
        assert!(why.contains("z-windows.yml:3:19: there are two catalogs of windows for 30d"), "{why}");
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
