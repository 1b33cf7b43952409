//! The `ocelli` binary: reads the command line and starts what it names.
//!
//! Exit codes: 0 done, 1 failed while running, 2 a bad command line or configuration.

mod alerting;
mod check;
mod cli;
mod client;
mod config;
mod dashboards;
mod demo;
mod forward;
mod guard;
mod listeners;
mod logs;
mod metrics;
mod mount;
mod promql_test;
mod records;
mod red;
mod routes;
mod rules;
mod rules_test;
mod searches;
mod serve;
mod sink;
mod sql;
mod system;
mod time;
mod ui_files;
mod verify;

use clap::Parser;
use cli::{Cli, Command, QueryCommand, TestCommand};
use std::process::ExitCode;

/// See `.cargo/config.toml` for its settings.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ocelli: {error:#}");
            if is_about_settings(&error) { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// What is wrong with the command line, the configuration, or with what they name.
fn is_about_settings(error: &anyhow::Error) -> bool {
    let storage = error.downcast_ref::<ocelli_storage::Error>();
    error.is::<config::ConfigError>()
        || error.is::<rules::LoadError>()
        || matches!(
            storage,
            Some(ocelli_storage::Error::Settings { .. } | ocelli_storage::Error::Invalid { .. })
        )
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => {
            let config = config::load(&args)?;
            runtime.block_on(serve::serve(config))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo(args) => {
            runtime.block_on(demo::demo(args))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Run(args) => runtime.block_on(forward::run(args)),
        Command::Pipe(args) => runtime.block_on(forward::pipe(args)),
        Command::Logs(args) | Command::Query { what: QueryCommand::Logs(args) } => {
            runtime.block_on(logs::run(args))
        }
        Command::Query { what: QueryCommand::Sql(args) } => runtime.block_on(sql::run(args)),
        Command::Verify(args) => runtime.block_on(verify::run(args)),
        Command::Check { files, lint_fatal } => Ok(check::run(&files, lint_fatal)),
        Command::Test { what: TestCommand::Promql { paths } } => promql_test::run(&paths),
        Command::Test { what: TestCommand::Rules { files } } => rules_test::run(&files),
        Command::Shop(args) => {
            runtime.block_on(ocelli_shop::run(&args.process, args.options))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
