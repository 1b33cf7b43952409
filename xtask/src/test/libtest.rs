//! Runs a program that reports as Rust's test harness does, and counts.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::shown;
use crate::steps::{Tally, seconds};

/// No test program may take longer: one that hangs would otherwise hang everything without a word.
const LIMIT: Duration = Duration::from_secs(20 * 60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Streams the program's output and adds up its `test result:` lines. A program that ends badly
/// without a failed test (a crash, a test that does not compile) counts as one failure.
pub fn run(command: &mut Command) -> Result<Tally> {
    run_within(command, LIMIT)
}

fn run_within(command: &mut Command, limit: Duration) -> Result<Tally> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("`{}` could not be started", shown(command)))?;
    let lines = lines_of(child.stdout.take().context("the output is piped")?);
    let mut tally = Tally::default();
    let status = follow(&mut child, &lines, limit, &mut tally)
        .with_context(|| format!("`{}` was stopped", shown(command)))?;
    if !status.success() && tally.failed == 0 {
        println!("    `{}` ended with {status} but reported no failed test", shown(command));
        tally.failed = 1;
    }
    Ok(tally)
}

/// A program's children may outlive it and hold its output open: they must not hold up the rest,
/// hence a thread that is never waited for.
fn lines_of(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    receiver
}

fn follow(
    child: &mut Child,
    lines: &Receiver<String>,
    limit: Duration,
    tally: &mut Tally,
) -> Result<ExitStatus> {
    let started = Instant::now();
    let mut ended = None;
    loop {
        match lines.recv_timeout(LOOK_EVERY) {
            Ok(line) => {
                println!("{line}");
                tally.add(result_of(&line).unwrap_or_default());
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(child.wait()?),
            Err(RecvTimeoutError::Timeout) => match ended {
                Some(status) => return Ok(status),
                None => ended = child.try_wait()?,
            },
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("it did not end within {}: see which test above began and did not end", seconds(limit));
        }
    }
}

/// `test result: ok. 12 passed; 1 failed; 0 ignored; …`
fn result_of(line: &str) -> Option<Tally> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |what: &str| -> Option<u64> {
        let part = counts.split(';').find(|part| part.trim().ends_with(what))?;
        part.split_whitespace().next()?.parse().ok()
    };
    Some(Tally { passed: count("passed")?, failed: count("failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn results_are_read_from_the_harness_lines_only() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.1s";
        assert_eq!(result_of(line), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(result_of("test tests::one ... ok"), None);
        assert_eq!(result_of("my test result: ok. 1 passed; 0 failed"), None);
    }

    #[test]
    fn all_results_of_a_program_are_added_up() {
        let line = "echo 'test result: ok. 2 passed; 0 failed; 0 ignored'";
        let tally = run(&mut shell(&format!("{line}; {line}"))).unwrap();
        assert_eq!(tally, Tally { passed: 4, failed: 0 });
    }

    #[test]
    fn a_crash_without_a_failed_test_is_a_failure() {
        assert_eq!(run(&mut shell("kill -SEGV $$")).unwrap(), Tally { passed: 0, failed: 1 });
    }

    #[test]
    fn a_program_that_hangs_is_stopped_and_one_that_leaves_a_child_behind_is_not_waited_for() {
        let error = run_within(&mut shell("exec sleep 60"), Duration::from_millis(200)).unwrap_err();
        assert!(format!("{error:#}").contains("did not end within"), "{error:#}");
        let mut left = shell("sleep 20 & echo 'test result: ok. 1 passed; 0 failed;'");
        let started = Instant::now();
        assert_eq!(run(&mut left).unwrap(), Tally { passed: 1, failed: 0 });
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
