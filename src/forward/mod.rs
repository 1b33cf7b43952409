//! `ocelli run` and `ocelli pipe`: lines of text become log records of a running server.
//!
//! Lines are parsed here, joined into requests and sent over OTLP/HTTP with retries. What the server
//! does not take in time is counted and said on stderr; the command is never held up or ended by it.

mod lines;
mod sender;

pub use lines::{Echo, forward};
pub use sender::Sender;

use crate::cli::{PipeArgs, RunArgs};
use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use std::process::{ExitCode, Stdio};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// Starts the command, passes on what it writes, and exits as it did.
pub async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let program = &args.command[0];
    let service = args.service.unwrap_or_else(|| file_name(program));
    let mut child = Command::new(program)
        .args(&args.command[1..])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("can't start '{program}'; is it on the PATH?"))?;
    let stdout = child.stdout.take().context("stdout is piped")?;
    let stderr = child.stderr.take().context("stderr is piped")?;
    let sender = Sender::start(&args.to.endpoint)?;
    let queue = sender.queue();
    let reader = tokio::spawn(async move { forward(queue, &service, stdout, stderr, Echo::Yes).await });
    let status = wait_passing_signals(&mut child).await?;
    reader.await?.context("reading what the command prints")?;
    sender.finish().await;
    Ok(exit_code(status))
}

/// Reads standard input to its end. Exit 1 if a record was not delivered.
pub async fn pipe(args: PipeArgs) -> anyhow::Result<ExitCode> {
    let sender = Sender::start(&args.to.endpoint)?;
    let (lines, nothing) = (tokio::io::stdin(), tokio::io::empty());
    forward(sender.queue(), &args.service, lines, nothing, Echo::Yes)
        .await
        .context("reading standard input")?;
    Ok(if sender.finish().await == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn file_name(program: &str) -> String {
    let name = std::path::Path::new(program).file_name();
    name.map_or_else(|| program.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A SIGTERM or SIGINT to us is one to the command; we end when it does.
async fn wait_passing_signals(child: &mut Child) -> anyhow::Result<std::process::ExitStatus> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        let passed = tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = terminate.recv() => Signal::TERM,
            _ = interrupt.recv() => Signal::INT,
        };
        if let Some(pid) = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
            // It may have ended by itself in this moment.
            let _ = kill_process(pid, passed);
        }
    }
}

/// As a shell says it: 128 + the signal that ended the command.
fn exit_code(status: std::process::ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
