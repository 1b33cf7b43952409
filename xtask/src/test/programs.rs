//! The test programs of the workspace: built by cargo, told apart by where they come from.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command;
use crate::paths::Paths;
use crate::test::Group;

/// One test program.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    executable: PathBuf,
    /// The folder of the package's manifest, in which cargo would run the program.
    package: PathBuf,
    /// Of the target: `ocelli_signal`, `e2e`, …
    name: String,
    is_of_root: bool,
    is_integration_test: bool,
}

impl Program {
    pub fn group(&self) -> Group {
        let own = |group: &Group| group.test_target() == Some(&self.name);
        if self.is_of_root && self.is_integration_test {
            return [Group::House, Group::E2e, Group::Browser].into_iter().find(own).unwrap_or(Group::Unit);
        }
        Group::Unit
    }

    /// As `cargo test` runs it.
    pub fn command(&self) -> Command {
        let mut command = command::without_cargos_variables(Command::new(&self.executable));
        command.current_dir(&self.package).env("CARGO_MANIFEST_DIR", &self.package);
        command
    }

    pub fn title(&self) -> String {
        format!("{} of {}", self.name, self.package.display())
    }
}

/// All packages but this one. It is built before everything else and by itself; as a part of the
/// workspace its dependencies would be built again with the features that others ask of them.
pub const SELECTION: [&str; 3] = ["--workspace", "--exclude", "xtask"];

/// Builds the test programs, or only those of one group.
pub fn build(paths: &Paths, only: Option<Group>) -> Result<Vec<Program>> {
    let Some(target) = only.and_then(Group::test_target) else {
        let mut programs = build_selection(paths, &["--package", "xtask"])?;
        programs.extend(build_selection(paths, &SELECTION)?);
        return Ok(programs);
    };
    build_selection(paths, &[&SELECTION[..], &["--test", target]].concat())
}

fn build_selection(paths: &Paths, selection: &[&str]) -> Result<Vec<Program>> {
    let mut cargo = command::cargo_in(paths);
    cargo.args(["test", "--no-run", "--message-format", "json-render-diagnostics"]).args(selection);
    println!("    $ {}", command::shown(&cargo));
    let built =
        cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cargo could not be started")?;
    if !built.status.success() {
        bail!("mend what the compiler names above");
    }
    let messages = String::from_utf8(built.stdout).context("cargo did not write UTF-8")?;
    messages.lines().filter_map(|line| program(paths, line).transpose()).collect()
}

/// The test program that one of cargo's messages announces, if it does.
fn program(paths: &Paths, line: &str) -> Result<Option<Program>> {
    let message: Value = serde_json::from_str(line).context("cargo's message is not JSON")?;
    let executable = message["executable"].as_str();
    let (Some(executable), Some(true)) = (executable, message["profile"]["test"].as_bool()) else {
        return Ok(None);
    };
    let text = |value: &Value| value.as_str().map(str::to_owned).context("cargo's message lacks a text");
    let manifest = PathBuf::from(text(&message["manifest_path"])?);
    let package = manifest.parent().context("a manifest lies in a folder")?.to_owned();
    Ok(Some(Program {
        executable: executable.into(),
        is_of_root: package == paths.root,
        package,
        name: text(&message["target"]["name"])?,
        is_integration_test: message["target"]["kind"][0] == "test",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(manifest: &str, kind: &str, name: &str, is_test: bool) -> Option<Program> {
        let paths = Paths { root: "/ocelli".into(), target: "/target".into() };
        let line = serde_json::json!({
            "reason": "compiler-artifact",
            "manifest_path": manifest,
            "target": {"kind": [kind], "name": name},
            "profile": {"test": is_test},
            "executable": "/target/debug/deps/it-1",
        });
        program(&paths, &line.to_string()).unwrap()
    }

    #[test]
    fn integration_tests_of_the_root_are_their_own_groups_and_all_else_is_unit() {
        let group = |manifest, kind, name| announced(manifest, kind, name, true).unwrap().group();
        assert_eq!(group("/ocelli/Cargo.toml", "test", "e2e"), Group::E2e);
        assert_eq!(group("/ocelli/Cargo.toml", "test", "house"), Group::House);
        assert_eq!(group("/ocelli/Cargo.toml", "test", "browser"), Group::Browser);
        assert_eq!(group("/ocelli/Cargo.toml", "test", "another"), Group::Unit);
        assert_eq!(group("/ocelli/Cargo.toml", "bin", "ocelli"), Group::Unit);
        assert_eq!(group("/ocelli/storage/Cargo.toml", "test", "e2e"), Group::Unit);
    }

    #[test]
    fn plain_programs_and_other_messages_are_no_test_programs() {
        assert_eq!(announced("/ocelli/Cargo.toml", "bin", "ocelli", false), None);
        let paths = Paths { root: "/ocelli".into(), target: "/target".into() };
        assert_eq!(program(&paths, r#"{"reason":"build-finished","success":true}"#).unwrap(), None);
    }
}
