//! The rules of the house that a compiler can't hold: who may depend on whom, that the map in
//! ARCHITECTURE.md is true, that every package takes the common lints, and that files stay short.

// A helper of a test may panic like the test itself.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The edges between our own packages; any other is an error. `ocelli`, the root, may use all.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("ocelli-signal", &[]),
    ("ocelli-collector", &["ocelli-signal"]),
    ("ocelli-storage", &["ocelli-signal"]),
    ("ocelli-query", &["ocelli-signal", "ocelli-storage", "ocelli-api"]),
    ("ocelli-api", &[]),
    ("ocelli-notify", &[]),
    ("ocelli-ui", &["ocelli-api"]),
    ("ocelli-sdk", &[]),
    ("ocelli-shop", &["ocelli-sdk"]),
    ("xtask", &[]),
];
const ROOT_PACKAGE: &str = "ocelli";

/// Beyond this a file holds more than one concept.
const LONGEST_FILE_LINES: usize = 400;
const SOURCE_ENDINGS: [&str; 7] = ["rs", "py", "js", "mjs", "cjs", "ts", "sh"];
/// Folders that hold what is built or installed, wherever they are.
const NOT_OURS: [&str; 6] = ["target", "target-wasm", "dist", "node_modules", ".git", "ocelli-data"];

#[test]
fn packages_depend_only_on_those_below_them() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut wrong = Vec::new();
    for package in packages.iter().filter(|package| package.name != ROOT_PACKAGE) {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            wrong.push(format!("{} is not in the list of tests/house.rs", package.name));
            continue;
        };
        for other in package.dependencies.iter().filter(|other| ours.contains(other.as_str())) {
            if !allowed.contains(&other.as_str()) {
                wrong.push(format!("{} must not depend on {other}", package.name));
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden dependencies:\n{}", wrong.join("\n"));
    assert!(ours.contains(ROOT_PACKAGE), "cargo metadata does not list the root package");
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    for package in packages() {
        let manifest = fs::read_to_string(&package.manifest).unwrap();
        let lints = manifest.split("\n[lints]\n").nth(1).unwrap_or_default();
        assert!(
            lints.trim_start().starts_with("workspace = true"),
            "{} must say `[lints]` `workspace = true`",
            package.manifest.display()
        );
    }
}

#[test]
fn paths_named_in_the_architecture_exist() {
    let file = root().join("ARCHITECTURE.md");
    let text = fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("ARCHITECTURE.md, the map of the house, can't be read ({error}): write it beside README.md")
    });
    let named = paths_in(&text);
    assert!(named.len() >= 10, "ARCHITECTURE.md names only {} paths in backticks: {named:?}", named.len());
    let missing: Vec<&String> = named.iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names what does not exist: {missing:?}");
}

#[test]
fn no_source_file_is_longer_than_one_concept() {
    let mut long = Vec::new();
    for file in source_files(&root()) {
        let lines = fs::read_to_string(&file).unwrap_or_default().lines().count();
        if lines > LONGEST_FILE_LINES {
            let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
            long.push(format!("{name}: {lines} lines"));
        }
    }
    long.sort();
    assert!(
        long.is_empty(),
        "split these, no file may exceed {LONGEST_FILE_LINES} lines:\n{}",
        long.join("\n")
    );
}

#[test]
fn paths_are_told_from_other_code_in_backticks() {
    let text = "In `storage/src/wal/` a record, `GET /api/services`, `src/main.rs`, `http://localhost:4319/`,\n\
                ``` \nlet a = `b/c`;\n```\n`a/b c`, `storage/src/{a,b}.rs`, `/v1/traces`, `application/json`, `Cargo.toml`";
    let expected = ["src/main.rs", "storage/src/a.rs", "storage/src/b.rs", "storage/src/wal/"];
    assert_eq!(paths_in(text).into_iter().collect::<Vec<_>>(), expected);
}

struct Package {
    name: String,
    manifest: PathBuf,
    dependencies: Vec<String>,
}

/// The packages of the workspace, with the names of all they depend on in any way.
fn packages() -> Vec<Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| Package {
            name: text(&package["name"]),
            manifest: text(&package["manifest_path"]).into(),
            dependencies: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .map(|d| text(&d["name"]))
                .collect(),
        })
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What stands in backticks outside code blocks, has a slash and starts with a folder of the
/// repository. `a/{b,c}.rs` stands for two paths.
fn paths_in(text: &str) -> BTreeSet<String> {
    let prose = text.split("```").step_by(2);
    let quoted = prose.flat_map(|part| part.split('`').skip(1).step_by(2));
    quoted.filter(|code| looks_like_a_path(code)).flat_map(alternatives).collect()
}

fn looks_like_a_path(code: &str) -> bool {
    let Some((first, _)) = code.split_once('/') else {
        return false;
    };
    !code.contains(char::is_whitespace) && !first.is_empty() && root().join(first).is_dir()
}

fn alternatives(path: &str) -> Vec<String> {
    let parts = path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (choices, after))) = parts else {
        return vec![path.to_owned()];
    };
    choices.split(',').flat_map(|choice| alternatives(&format!("{before}{}{after}", choice.trim()))).collect()
}

/// A `*` in the last part stands for at least one file. What is built need not be there.
fn exists(path: &str) -> bool {
    if path.split('/').any(|part| NOT_OURS.contains(&part)) {
        return true;
    }
    let full = root().join(path);
    let Some((before, after)) = path.rsplit('/').next().and_then(|last| last.split_once('*')) else {
        return full.exists();
    };
    let fits = |name: &str| name.starts_with(before) && name.ends_with(after);
    let entries = full.parent().and_then(|folder| folder.read_dir().ok());
    entries.is_some_and(|entries| entries.flatten().any(|entry| fits(&entry.file_name().to_string_lossy())))
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in folder.read_dir().unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                files.extend(source_files(&path));
            }
        } else if SOURCE_ENDINGS.iter().any(|ending| path.extension().is_some_and(|own| own == *ending)) {
            files.push(path);
        }
    }
    files
}
