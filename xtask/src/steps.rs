//! The steps of a long command: what each does, how long it took, and what came of it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

/// How many tests passed and failed.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

enum Outcome {
    Done(Tally),
    Failed(String),
    Skipped(String),
}

struct Step {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// All steps of one command, in order.
pub struct Report {
    started: Instant,
    steps: Vec<Step>,
}

impl Report {
    pub fn new() -> Report {
        Report { started: Instant::now(), steps: Vec::new() }
    }

    /// A step that prepares something: it counts only when it fails, as one failed test.
    pub fn prepare<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Option<T> {
        self.step(name, || work().map(|made| (made, Tally::default())))
    }

    /// A step that is one check, like the format: it counts as one test.
    pub fn check(&mut self, name: &'static str, work: impl FnOnce() -> Result<()>) {
        self.step(name, || work().map(|()| ((), Tally { passed: 1, failed: 0 })));
    }

    /// A step that runs tests and has counted them.
    pub fn tests(&mut self, name: &'static str, work: impl FnOnce() -> Result<Tally>) {
        self.step(name, || work().map(|tally| ((), tally)));
    }

    pub fn skip(&mut self, name: &'static str, why: &str) {
        println!("==> {name}: skipped, {why}");
        self.steps.push(Step { name, outcome: Outcome::Skipped(why.to_owned()), took: Duration::ZERO });
    }

    fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<(T, Tally)>) -> Option<T> {
        println!("==> {name}");
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        let (made, outcome) = match result {
            Ok((made, tally)) => (Some(made), Outcome::Done(tally)),
            Err(error) => (None, Outcome::Failed(format!("{error:#}"))),
        };
        let step = Step { name, outcome, took };
        println!("<== {name}: {} in {}", step.summary(), seconds(took));
        self.steps.push(step);
        made
    }

    /// Prints the table and, as the last line, `N passed, M failed`.
    pub fn close(self) -> ExitCode {
        let mut total = Tally::default();
        println!("\n{:<12} {:>9}  result", "step", "time");
        for step in &self.steps {
            println!("{:<12} {:>9}  {}", step.name, seconds(step.took), step.summary());
            total.add(step.tally());
        }
        println!("{:<12} {:>9}\n", "all", seconds(self.started.elapsed()));
        println!("{} passed, {} failed", total.passed, total.failed);
        if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl Step {
    fn tally(&self) -> Tally {
        match &self.outcome {
            Outcome::Done(tally) => *tally,
            Outcome::Failed(_) => Tally { passed: 0, failed: 1 },
            // What did not run because of a failure is not counted: the failure is.
            Outcome::Skipped(_) => Tally::default(),
        }
    }

    fn summary(&self) -> String {
        match &self.outcome {
            Outcome::Done(Tally { passed: 0, failed: 0 }) => "done".to_owned(),
            Outcome::Done(Tally { passed, failed }) => format!("{passed} passed, {failed} failed"),
            Outcome::Failed(why) => format!("FAILED: {why}"),
            Outcome::Skipped(why) => format!("skipped, {why}"),
        }
    }
}

/// A duration as people read it: `0.4 s`, `3 min 20 s`.
pub fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    if whole >= 60 {
        format!("{} min {:02} s", whole / 60, whole % 60)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_readable() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn a_failed_step_counts_as_one_failed_test_and_a_skipped_one_not_at_all() {
        let mut report = Report::new();
        report.check("format", || Ok(()));
        report.tests("unit", || Ok(Tally { passed: 7, failed: 2 }));
        let made: Option<()> = report.prepare("browser", || anyhow::bail!("no browser"));
        report.skip("e2e", "the build failed");
        assert!(made.is_none());
        let mut total = Tally::default();
        report.steps.iter().for_each(|step| total.add(step.tally()));
        assert_eq!(total, Tally { passed: 8, failed: 3 });
        assert_eq!(report.close(), ExitCode::FAILURE);
    }
}
