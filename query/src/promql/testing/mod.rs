//! Runs `promqltest` scripts, the format of Prometheus' own engine tests: `load`, `clear`,
//! `eval instant at T EXPR`, `eval range from A to B step S EXPR`, and what to expect.
//!
//! The scripts of this project are in `tests/promql/`; anybody's can be run with
//! `ocelli test promql DIR…`.

mod compare;
mod expect;
mod nhcb;
mod notation;
mod script;
mod starts;
mod store;

pub(crate) use notation::histogram_notation;
pub(crate) use store::TestStore;

use std::path::{Path, PathBuf};

/// How the evaluations of one script went.
#[derive(Clone, Debug, Default)]
pub struct FileReport {
    pub path: PathBuf,
    pub passed: usize,
    pub failures: Vec<Failure>,
}

#[derive(Clone, Debug)]
pub struct Failure {
    /// Line of the command, from 1.
    pub line: usize,
    pub command: String,
    /// What was expected and what came.
    pub difference: String,
}

impl FileReport {
    pub fn total(&self) -> usize {
        self.passed + self.failures.len()
    }
}

/// Runs one script. A line that can't be read is a failure too, and ends the script.
pub fn run_script(path: &Path, text: &str) -> FileReport {
    let mut report = FileReport { path: path.to_owned(), ..FileReport::default() };
    let mut store = store::TestStore::default();
    for command in script::commands(text) {
        let (line, command) = match command {
            Ok(command) => (command.line, command),
            Err(failure) => {
                report.failures.push(failure);
                break;
            }
        };
        let failure = |difference| Failure { line, command: command.text.clone(), difference };
        match &command.action {
            script::Action::Clear => store = store::TestStore::default(),
            script::Action::Load(series) => store.load(series),
            script::Action::Eval(eval) => match expect::check(&store, eval) {
                Ok(()) => report.passed += 1,
                Err(difference) => report.failures.push(failure(difference)),
            },
        }
    }
    report
}

/// Runs every `*.test` file below the given files and directories, in the order of their names.
pub fn run_paths(paths: &[PathBuf]) -> std::io::Result<Vec<FileReport>> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    files.sort();
    files.iter().map(|file| Ok(run_script(file, &std::fs::read_to_string(file)?))).collect()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "test") {
            files.push(path);
        }
    }
    Ok(())
}
