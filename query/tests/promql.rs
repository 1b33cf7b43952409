//! Runs the scripts in `tests/promql/`. More scripts, such as Prometheus' own, can be given by
//! `OCELLI_PROMQL_TESTS`, a list of files and directories separated by colons.

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
