//! `cargo xtask test`: all set-up, then all tests, in one report.
//!
//! Everything is built once, by one `cargo test --no-run` over all packages of the product, and the test
//! programs are then run from here in groups. One selection of packages means one set of features:
//! choosing packages group by group would build shared dependencies again for each choice.

mod libtest;
pub mod programs;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::command;
use crate::paths::Paths;
use crate::setup::browser::Browser;
use crate::setup::clients::Clients;
use crate::setup::{debian, postgres};
use crate::steps::{Report, Tally};
use crate::test::programs::{Program, SELECTION};
use crate::ui;

/// What can be run by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Group {
    /// rustfmt finds nothing to change
    Format,
    /// Clippy finds nothing, warnings included
    Clippy,
    /// Dependency edges, the map of the house, file lengths
    House,
    /// Tests beside the code of every package, and examples in its documentation
    Unit,
    /// The real binary with real clients
    E2e,
    /// A real browser on the real binary
    Browser,
}

impl Group {
    /// The integration test of the root package that is this group.
    fn test_target(self) -> Option<&'static str> {
        match self {
            Group::House => Some("house"),
            Group::E2e => Some("e2e"),
            Group::Browser => Some("browser"),
            Group::Format | Group::Clippy | Group::Unit => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Group::Format => "format",
            Group::Clippy => "clippy",
            Group::House => "house",
            Group::Unit => "unit",
            Group::E2e => "e2e",
            Group::Browser => "browser",
        }
    }
}

pub fn run(paths: &Paths, only: Option<Group>) -> ExitCode {
    let wanted = |group| only.is_none_or(|only| only == group);
    let mut report = Report::new();
    if wanted(Group::Format) {
        report.check("format", || format(paths));
    }
    // Before anything that embeds it: a UI that appears later would have the binary built twice.
    if only.is_none() || wanted(Group::E2e) || wanted(Group::Browser) {
        report.prepare("ui", || ui::build(paths, false));
    }
    if wanted(Group::Clippy) {
        report.check("clippy", || clippy(paths));
    }
    let groups: Vec<Group> = [Group::House, Group::Unit, Group::E2e, Group::Browser]
        .into_iter()
        .filter(|group| wanted(*group))
        .collect();
    if !groups.is_empty() {
        run_programs(paths, &groups, only, &mut report);
    }
    report.close()
}

fn run_programs(paths: &Paths, groups: &[Group], only: Option<Group>, report: &mut Report) {
    let setup = SetUp::make(paths, groups, report);
    let Some(programs) = report.prepare("build", || programs::build(paths, only)) else {
        for group in groups {
            report.skip(group.name(), "because the build failed");
        }
        return;
    };
    for group in groups {
        report.tests(group.name(), || run_group(&programs, *group, &setup));
        if *group == Group::Unit {
            report.tests("doc", || document_tests(paths));
        }
    }
}

/// What the tests find through their environment.
#[derive(Default)]
struct SetUp {
    variables: Vec<(&'static str, std::path::PathBuf)>,
}

impl SetUp {
    /// What can't be had is missing from the environment, and the tests that need it fail.
    fn make(paths: &Paths, groups: &[Group], report: &mut Report) -> SetUp {
        let mut variables = Vec::new();
        if groups.contains(&Group::E2e)
            && let Some(clients) = report.prepare("clients", || Clients::find(paths))
        {
            variables.push(("OCELLI_TEST_PYTHON", clients.python));
            variables.push(("OCELLI_TEST_NODE_DIR", clients.node));
        } else if groups.contains(&Group::Browser)
            && let Some(node) = report.prepare("axe-core", || Clients::find_node(paths))
        {
            variables.push(("OCELLI_TEST_NODE_DIR", node));
        }
        if groups.contains(&Group::E2e)
            && let Some(folder) = report.prepare("postgres", postgres::find)
        {
            variables.push(("OCELLI_TEST_POSTGRES_DIR", folder));
        }
        if groups.contains(&Group::E2e) {
            for tool in &debian::ALL {
                let found = report.prepare(tool.name(), || tool.find(paths));
                variables.extend(found.map(|found| (tool.variable, found)));
            }
        }
        if groups.contains(&Group::Browser)
            && let Some(browser) = report.prepare("chromium", Browser::find)
        {
            variables.push(("OCELLI_TEST_CHROMIUM", browser.chromium));
            variables.push(("OCELLI_TEST_CHROMEDRIVER", browser.driver));
        }
        SetUp { variables }
    }

    fn apply(&self, command: &mut Command) {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }
}

fn format(paths: &Paths) -> Result<()> {
    command::run(command::cargo_in(paths).args(["fmt", "--all", "--check"]))
        .context("run `cargo fmt --all` (when cargo has no such command: `rustup component add rustfmt`)")
}

fn clippy(paths: &Paths) -> Result<()> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    command::run(command::cargo_in(paths).args(arguments)).context(
        "mend what Clippy names above (when cargo has no such command: `rustup component add clippy`)",
    )
}

fn run_group(programs: &[Program], group: Group, setup: &SetUp) -> Result<Tally> {
    let mine: Vec<&Program> = programs.iter().filter(|program| program.group() == group).collect();
    if mine.is_empty() {
        anyhow::bail!("no test program belongs to this group: is tests/{} missing?", group.name());
    }
    let mut tally = Tally::default();
    for program in mine {
        let mut command = program.command();
        setup.apply(&mut command);
        println!("    running {}", program.title());
        tally.add(libtest::run(&mut command)?);
    }
    Ok(tally)
}

/// The examples in doc comments, which rustdoc compiles and runs.
fn document_tests(paths: &Paths) -> Result<Tally> {
    let mut cargo = command::cargo_in(paths);
    libtest::run(cargo.args(["test", "--quiet", "--doc"]).args(SELECTION))
}
