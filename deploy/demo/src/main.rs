//! The shop on its own, against any OTLP receiver: `ocelli-shop` runs all of it, `ocelli-shop shop NAME`
//! one process.

use std::process::{ExitCode, ExitStatus};

use clap::{Parser, Subcommand};
use ocelli_shop::{Chat, Output, ShopOptions, spawn_all};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(about, version, args_conflicts_with_subcommands = true)]
struct Line {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: ShopOptions,
}

#[derive(Subcommand)]
enum Command {
    /// One process of the shop.
    Shop {
        name: String,
        #[command(flatten)]
        options: ShopOptions,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let line = Line::parse();
    let outcome = match line.command {
        Some(Command::Shop { name, options }) => ocelli_shop::run(&name, options).await,
        None => run_all(line.options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ocelli-shop: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the whole shop; the processes' log lines come out as they are.
async fn run_all(options: ShopOptions) -> anyhow::Result<()> {
    let chat = Chat::start(&options).await?;
    eprintln!("ocelli-shop: messages for {} are shown at {}", chat.webhook_url(), chat.page_url());
    let mut shop = spawn_all(&std::env::current_exe()?, &options)?;
    for Output { mut stdout, mut stderr, .. } in shop.take_outputs() {
        tokio::spawn(async move { tokio::io::copy(&mut stdout, &mut tokio::io::stdout()).await });
        tokio::spawn(async move { tokio::io::copy(&mut stderr, &mut tokio::io::stderr()).await });
    }
    let mut terminate = signal(SignalKind::terminate())?;
    let outcome = tokio::select! {
        exit = shop.next_exit() => exit_error(exit),
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(anyhow::Error::from),
        _ = terminate.recv() => Ok(()),
    };
    shop.stop().await;
    outcome
}

/// A process that ended by itself has failed, whatever its status says.
fn exit_error(exit: Option<(&'static str, std::io::Result<ExitStatus>)>) -> anyhow::Result<()> {
    match exit {
        Some((name, status)) => Err(anyhow::anyhow!("{name} ended: {}", status?)),
        None => Err(anyhow::anyhow!("all processes ended")),
    }
}
