//! Runs the scripts in `tests/promql/`. More scripts, such as Prometheus' own, can be given by
//! `OCELLI_PROMQL_TESTS`, a list of files and directories separated by colons.

use ocelli_query::promql::function_names;
use ocelli_query::promql::testing::run_paths;
use std::path::PathBuf;

#[test]
fn every_script_passes() {
    let mut paths = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/promql")];
    if let Ok(more) = std::env::var("OCELLI_PROMQL_TESTS") {
        paths.extend(more.split(':').filter(|path| !path.is_empty()).map(PathBuf::from));
    }
    let reports = run_paths(&paths).expect("readable scripts");
    let mut wrong = String::new();
    for report in &reports {
        println!("{}: {} of {}", report.path.display(), report.passed, report.total());
        for failure in &report.failures {
            wrong += &format!("{}:{}: {}\n", report.path.display(), failure.line, failure.command);
            wrong += &format!("    {}\n", failure.difference);
        }
    }
    assert!(reports.iter().map(|report| report.passed).sum::<usize>() > 100, "scripts are missing");
    assert!(wrong.is_empty(), "{wrong}");
}

/// Every function of the language is called by some script.
#[test]
fn every_function_is_tested() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/promql");
    let mut scripts = String::new();
    for entry in std::fs::read_dir(folder).expect("the folder of the scripts") {
        scripts += &std::fs::read_to_string(entry.expect("a script").path()).expect("a readable script");
    }
    let queries: String = scripts.lines().filter(|line| line.starts_with("eval ")).collect();
    let called = |name: &&str| {
        queries.match_indices(&format!("{name}(")).any(|(at, _)| {
            let before = queries[..at].chars().next_back();
            !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        })
    };
    let names = function_names();
    assert!(names.len() >= 91, "{} functions", names.len());
    let missing: Vec<&str> = names.into_iter().filter(|name| !called(name)).collect();
    assert!(missing.is_empty(), "no script calls {missing:?}");
}
