//! promtool beside Ocelli: the same verdict on rule files and on unit tests of rules, and the same answers
//! when it asks Ocelli as when it asks a real Prometheus.

use crate::harness::installed;
use crate::harness::process::{Ended, ocelli, run};
use crate::harness::prometheus::Prometheus;
use crate::harness::server::Settings;
use crate::prometheus::data;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const CHECK: &str = include_str!("promtool/check.txt");
const UNIT: &str = include_str!("promtool/unit.txt");
const QUERIES: &str = include_str!("promtool/queries.txt");
const WITHIN: Duration = Duration::from_secs(30);
const TEN_MINUTES_S: i64 = 600;
const STEP_MS: i64 = 15_000;

struct Promtool {
    program: PathBuf,
    /// Major and minor.
    version: (u32, u32),
}

impl Promtool {
    /// It comes with Prometheus and lies beside it.
    fn find(test: &str) -> Option<Promtool> {
        let program = installed("OCELLI_TEST_PROMETHEUS").with_file_name("promtool");
        if !program.is_file() {
            println!("{test}: skipped, as there is no promtool at {}", program.display());
            return None;
        }
        let ended = run(Command::new(&program).arg("--version"), b"", WITHIN);
        let said = ended.stdout + &ended.stderr;
        let version = said.split_once("version ").map_or("", |(_, rest)| rest);
        let mut parts = version.split('.').map(str::parse::<u32>);
        let version = match (parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
            _ => panic!("promtool says no version: {said}"),
        };
        Some(Promtool { program, version })
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> Ended {
        run(Command::new(&self.program).current_dir(folder).args(arguments), b"", WITHIN)
    }
}

struct Case {
    name: &'static str,
    text: String,
    since: (u32, u32),
    /// Ocelli says no where promtool says yes.
    refused: bool,
}

fn cases(text: &'static str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("=== ") {
            Some(head) => {
                let (name, more) = head.split_once(" | ").unwrap_or((head, ""));
                let since = more.strip_prefix("since ").map_or((0, 0), |version| {
                    let (major, minor) = version.split_once('.').unwrap();
                    (major.parse().unwrap(), minor.parse().unwrap())
                });
                cases.push(Case { name, text: String::new(), since, refused: more.starts_with("refused: ") });
            }
            None => {
                if let Some(case) = cases.last_mut() {
                    case.text += line;
                    case.text.push('\n');
                }
            }
        }
    }
    cases
}

/// Runs both on every case; what they say where they differ.
fn compare(promtool: &Promtool, cases: &[Case], theirs: &[&str], ours: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut differences = Vec::new();
    let (mut good, mut compared) = (0, 0);
    for case in cases {
        let file =
            if case.name.ends_with(".yml") { case.name.to_owned() } else { format!("{}.yml", case.name) };
        std::fs::write(folder.path().join(&file), &case.text).unwrap();
        if promtool.version < case.since || case.name.ends_with(".yml") {
            continue;
        }
        let theirs = promtool.run(folder.path(), &[theirs, &[&file]].concat());
        let ours = run(ocelli().current_dir(folder.path()).args(ours).arg(&file), b"", WITHIN);
        compared += 1;
        good += usize::from(theirs.status.success());
        let expected = theirs.status.success() && !case.refused;
        if ours.status.success() != expected || (case.refused && !theirs.status.success()) {
            let said = |ended: &Ended| format!("{}\n{}{}", ended.status, ended.stdout, ended.stderr);
            differences.push(format!(
                "{}\n  promtool: {}\n  Ocelli: {}",
                case.name,
                said(&theirs),
                said(&ours)
            ));
        }
    }
    println!("{compared} files, {good} of them good");
    assert!(good > 5 && compared - good > 5, "files of both kinds are needed");
    differences
}

#[test]
fn rule_files_are_judged_as_promtool_judges_them() {
    let Some(promtool) = Promtool::find("rule files") else { return };
    let differences = compare(&promtool, &cases(CHECK), &["check", "rules"], &["check"]);
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn unit_tests_of_rules_are_judged_as_promtool_judges_them() {
    let Some(promtool) = Promtool::find("unit tests") else { return };
    let differences = compare(&promtool, &cases(UNIT), &["test", "rules"], &["test", "rules"]);
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_asks_ocelli_as_it_asks_prometheus() {
    let Some(promtool) = Promtool::find("queries") else { return };
    let prometheus = Prometheus::start().await;
    let server = Settings::serve().start().await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() as i64;
    let base_s = (now / TEN_MINUTES_S - 5) * TEN_MINUTES_S;
    let lines = data::lines(base_s * 1000, STEP_MS);
    prometheus.write(data::remote_write(&lines)).await;
    server.sender().send(&data::otlp(&lines)).await;
    let mut differences = Vec::new();
    let mut with_data = 0;
    for line in QUERIES.lines().filter(|line| !line.starts_with('#')) {
        let asked = |url: String| {
            let (before, after) = line.split_once(" SERVER").unwrap();
            let before = at_times(before, base_s);
            let arguments: Vec<&str> = before.split(' ').chain([url.as_str()]).collect();
            let query = after.trim_start();
            let query = if query.is_empty() { None } else { Some(query) };
            let arguments: Vec<&str> = arguments.into_iter().chain(query).collect();
            promtool.run(Path::new("."), &arguments)
        };
        let theirs = said(&asked(prometheus.api.url("")));
        let ours = said(&asked(server.api.url("/prometheus")));
        with_data += usize::from(theirs.0 && theirs.1.len() > 1);
        if theirs != ours {
            differences.push(format!("{line}\n  of Prometheus: {theirs:#?}\n  of Ocelli: {ours:#?}"));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(with_data > 5, "only {with_data} answers have data in them");
}

/// Whether it went well, and the lines, which have no order; of an error its kind, as its words are not
/// those of every version.
fn said(ended: &Ended) -> (bool, Vec<String>) {
    if !ended.status.success() {
        return (false, ended.stderr.split(": ").take(2).map(str::to_owned).collect());
    }
    let mut lines: Vec<String> = ended.stdout.lines().map(str::to_owned).collect();
    lines.sort();
    (true, lines)
}

/// Replaces `@10m`.
fn at_times(text: &str, base_s: i64) -> String {
    let words = text.split(' ').map(|word| match word.split_once("=@") {
        Some((flag, minutes)) => {
            let minutes: i64 = minutes.trim_end_matches('m').parse().unwrap();
            format!("{flag}={}", base_s + minutes * 60)
        }
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}
