//! `ocelli verify`: a directory that is as it was written, then one with each kind of damage; a
//! directory that a server works with; and that looking changes nothing.

use crate::harness::now_ns;
use crate::harness::otlp;
use crate::harness::process::{Ended, ocelli, run};
use crate::harness::server::Settings;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CONFIG: &str = "storage:\n  flush_age_s: 1\nred:\n  interval_s: 1\n";
const ENDS: Duration = Duration::from_secs(60);

fn verify(dir: &Path, arguments: &[&str]) -> Ended {
    run(ocelli().arg("verify").arg("--data-dir").arg(dir).args(arguments), b"", ENDS)
}

fn files(dir: &Path, into: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    let mut all = BTreeMap::new();
    files(from, &mut all);
    for (path, bytes) in all {
        let path = to.path().join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    to
}

fn first(dir: &Path, suffix: &str) -> PathBuf {
    let mut all = BTreeMap::new();
    files(dir, &mut all);
    let found = all.into_keys().find(|path| path.to_string_lossy().ends_with(suffix));
    found.unwrap_or_else(|| panic!("no file *{suffix} below {}", dir.display()))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_damage_is_told_and_nothing_is_changed() {
    let server = Settings::serve().config(CONFIG).start().await;
    let sender = server.sender();
    for number in 0..3u64 {
        let span = |id| otlp::span((number + 1).into(), id, 0, "work", now_ns(), 1_000);
        sender.send(&otlp::traces("verify", (1..=20).map(span).collect())).await;
        let log = |n| otlp::log(now_ns() + n, 9, "a record to be verified");
        sender.send(&otlp::logs("verify", (0..700).map(log).collect())).await;
        let point = |n: u64| otlp::int_point(now_ns() + n, n as i64);
        sender.send(&otlp::gauge("verify", "verify.points", (0..20).map(point).collect())).await;
    }
    let ended = verify(&server.data_dir(), &[]);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(ended.stderr.contains("in use by another process"), "{ended:?}");

    let stopped = server.stop();
    let dir = stopped.data_dir();
    let ended = verify(&dir, &[]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with("all is as it was written"), "{ended:?}");
    let report: Value = serde_json::from_str(&verify(&dir, &["--json"]).stdout).unwrap();
    assert!(report["ok"] == true && report["segment_rows"].as_u64() > Some(2_160), "{report}");

    // SQLite's pages are mostly empty: where a segment is named, they are not.
    check(&dir, Path::new("catalog.sqlite"), |bytes| {
        let name = b"segments/default/logs";
        let places: Vec<usize> =
            (0..bytes.len() - name.len()).filter(|at| bytes[*at..].starts_with(name)).collect();
        places.iter().for_each(|at| bytes[at + 3] ^= 1);
    });
    for suffix in [".parquet", ".series.parquet", ".traces", ".sums"] {
        let path = first(&dir, suffix).strip_prefix(&dir).unwrap().to_owned();
        check(&dir, &path, |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle..middle + 8].iter_mut().for_each(|byte| *byte ^= 0x55);
        });
        check(&dir, &path, |bytes| bytes.truncate(bytes.len() / 3));
    }
    let lost = copy(&dir);
    fs::remove_file(first(lost.path(), ".traces")).unwrap();
    assert_eq!(verify(lost.path(), &[]).status.code(), Some(1));

    let nothing = tempfile::tempdir().unwrap();
    let ended = verify(nothing.path(), &[]);
    assert_eq!(
        (ended.status.code(), ended.stderr.contains("is no data directory")),
        (Some(2), true),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wal_is_verified_too_and_an_unfinished_write_is_no_damage() {
    let server = Settings::serve().start().await;
    let sender = server.sender();
    for number in 0..3 {
        sender.send(&otlp::logs("verify", vec![otlp::log(now_ns(), 9, &format!("record {number}"))])).await;
    }
    let killed = server.kill();
    let dir = killed.data_dir();
    let report: Value = serde_json::from_str(&verify(&dir, &["--json"]).stdout).unwrap();
    assert!(report["ok"] == true && report["wal_records"].as_u64() >= Some(3), "{report}");
    let wal = first(&dir, ".wal").strip_prefix(&dir).unwrap().to_owned();
    check(&dir, &wal, |bytes| bytes[60] ^= 1);

    let torn = copy(&dir);
    let path = torn.path().join(&wal);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    let ended = verify(torn.path(), &[]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(ended.stdout.contains("a write that did not end"), "{ended:?}");
}

/// One file is damaged in a copy: it is named, and the copy stays as it is.
fn check(dir: &Path, path: &Path, damage: impl FnOnce(&mut Vec<u8>)) {
    let copy = copy(dir);
    let damaged = copy.path().join(path);
    let mut bytes = fs::read(&damaged).unwrap();
    damage(&mut bytes);
    fs::write(&damaged, bytes).unwrap();
    let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
    files(copy.path(), &mut before);
    let ended = verify(copy.path(), &[]);
    assert_eq!(ended.status.code(), Some(1), "{}: {ended:?}", path.display());
    let named = ended.stdout.lines().any(|line| line.starts_with(&path.display().to_string()));
    assert!(named, "{}: {ended:?}", path.display());
    files(copy.path(), &mut after);
    assert!(before == after, "{}: verify changes nothing", path.display());
}
