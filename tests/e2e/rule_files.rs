//! `ocelli check` of rule files, and `ocelli test rules`.

use crate::harness::process::{Ended, ocelli, run};
use std::path::Path;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(20);

const GOOD: &str = "groups:\n- name: a\n  rules:\n  - {record: job:up:sum, expr: sum by (job) (up)}\n";
const BAD: &str =
    "groups:\n- name: a\n  rules:\n  - record: x\n    expr: sum(\n  - {record: y, expr: 'up['}\n";

fn in_folder(dir: &Path, arguments: &[&str]) -> Ended {
    run(ocelli().current_dir(dir).args(arguments), b"", WITHIN)
}

#[test]
fn check_tells_all_that_is_wrong_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("good.yml", GOOD);
    write("bad.yml", BAD);
    write("ocelli.yml", "listen: 127.0.0.1:0\n");

    let ended = in_folder(dir.path(), &["check", "good.yml", "ocelli.yml"]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.contains("good.yml: ok, 1 rules in 1 groups"), "{ended:?}");

    let ended = in_folder(dir.path(), &["check", "good.yml", "bad.yml"]);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    for words in
        ["bad.yml:5:11: group \"a\", rule 1, \"x\": could not parse expression: 1:5: ", "bad.yml:6:23: "]
    {
        assert!(ended.stderr.contains(words), "must say {words:?}: {ended:?}");
    }

    write("twin.yml", GOOD);
    for (arguments, code) in
        [(&["check", "good.yml", "twin.yml"][..], 0), (&["check", "--lint-fatal", "good.yml", "twin.yml"], 2)]
    {
        let ended = in_folder(dir.path(), arguments);
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        assert!(ended.stderr.contains("twin.yml: group \"a\": duplicate rule \"job:up:sum\""), "{ended:?}");
    }
}

#[test]
fn unit_tests_of_rules_are_run() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("good.yml", GOOD);
    let test = |value: u8| {
        format!(
            "rule_files: ['g*.yml']\ntests:\n- input_series:\n  - {{series: 'up{{job=\"a\", i=\"1\"}}', values: '1 1'}}\n  - {{series: 'up{{job=\"a\", i=\"2\"}}', values: '1 1'}}\n  promql_expr_test:\n  - expr: job:up:sum\n    eval_time: 1m\n    exp_samples:\n    - {{labels: 'job:up:sum{{job=\"a\"}}', value: {value}}}\n"
        )
    };
    write("right.yml", &test(2));
    write("wrong.yml", &test(3));
    let ended = in_folder(dir.path(), &["test", "rules", "right.yml"]);
    assert!(ended.status.success() && ended.stdout.contains("  SUCCESS, 1 checks"), "{ended:?}");
    let ended = in_folder(dir.path(), &["test", "rules", "right.yml", "wrong.yml", "absent.yml"]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let difference = "    expr: \"job:up:sum\", time: 1m,\n        exp: job:up:sum{job=\"a\"} 3E+00\n        got: job:up:sum{job=\"a\"} 2E+00";
    assert!(ended.stdout.contains(difference) && ended.stdout.contains("No such file"), "{ended:?}");
}
