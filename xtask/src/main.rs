//! The developer commands of Ocelli, run as `cargo xtask COMMAND`.
//!
//! Each command does its own set-up on a fresh machine, says what it is doing and how long it
//! took, and ends a failure with one sentence that names the fix.

// Talking on the terminal is what these commands are for.
#![allow(clippy::print_stdout)]

mod bench;
mod command;
mod demo;
mod deny;
mod paths;
mod setup;
mod steps;
mod test;
mod ui;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::paths::Paths;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Ocelli's developer commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Do all set-up and pass the tests; what continuous integration runs
    #[command(visible_alias = "ci")]
    Test {
        /// Run one group, with the set-up that it needs
        #[arg(long, value_enum)]
        only: Option<test::Group>,
    },
    /// Compile the UI to WebAssembly into ui/dist, which the binary embeds
    Ui {
        /// Build even when nothing has changed
        #[arg(long)]
        force: bool,
    },
    /// Build everything and run the demo shop; what follows is passed on to `ocelli demo`
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run a benchmark, or list them
    Bench {
        name: Option<String>,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check licences, advisories and duplicate dependencies with cargo-deny
    Deny,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let paths = Paths::find()?;
    match command {
        Command::Test { only } => return Ok(test::run(&paths, only)),
        Command::Ui { force } => ui::build(&paths, force)?,
        Command::Demo { arguments } => demo::run(&paths, &arguments)?,
        Command::Bench { name, arguments } => bench::run(&paths, name.as_deref(), &arguments)?,
        Command::Deny => deny::run(&paths)?,
    }
    Ok(ExitCode::SUCCESS)
}
