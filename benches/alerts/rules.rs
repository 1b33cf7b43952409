//! Many rules over many live series.

use crate::Arguments;
use crate::data::{live, now_ns};
use crate::server::Server;
use std::fmt::Write;
use std::time::{Duration, Instant};

const NANOS: u64 = 1_000_000_000;
const INTERVAL_S: u64 = 10;
/// Rules of a group: they are evaluated one after the other.
const GROUP: usize = 50;
const ROUNDS: u64 = 6;
const SAMPLES: u64 = 8;
const MOST_POINTS: usize = 1_000;

fn files(arguments: &Arguments) -> String {
    let mut text = "groups:\n".to_owned();
    for rule in 0..arguments.rules {
        if rule % GROUP == 0 {
            let _ = writeln!(text, "- name: g{rule}\n  interval: {INTERVAL_S}s\n  rules:");
        }
        // It never fires: evaluation alone is measured.
        let _ = writeln!(
            text,
            "  - alert: Busy{rule}\n    expr: sum by (team) (rate(bench_live_total{{team=\"team-{rule}\"}}[2m])) > 1e12\n    for: 1m"
        );
    }
    text
}

pub async fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let config = "rule_files: ['rules.yml']\n".to_owned();
    let server =
        Server::start(&arguments.ocelli, &[("ocelli.yml", config), ("rules.yml", files(arguments))]).await?;
    let share = arguments.series / arguments.rules.max(1);
    let begin_ns = now_ns() - SAMPLES * 15 * NANOS;
    for sample in 0..SAMPLES {
        let at_ns = begin_ns + sample * 15 * NANOS;
        let starts = (0..arguments.series).step_by(MOST_POINTS);
        let one = |start: usize| live(start..(start + MOST_POINTS).min(arguments.series), share, at_ns);
        server.push(&starts.map(one).collect::<Vec<_>>()).await?;
    }
    // The first round finds the series.
    wait_s(INTERVAL_S).await;
    let evaluations =
        || async { anyhow::Ok(server.figure("ocelli_rule_group_evaluations_total").await? * GROUP as f64) };
    let (before, before_s, started) = (evaluations().await?, server.cpu_s()?, Instant::now());
    wait_s(INTERVAL_S * ROUNDS).await;
    let (after, after_s, wall) = (evaluations().await?, server.cpu_s()?, started.elapsed());
    let failures = server.figure("ocelli_rule_failures_total").await?;
    let missed = server.figure("ocelli_rule_group_missed_total").await?;
    let done = after - before;
    Ok(format!(
        "rules: {} over {} series, each `sum by (rate([2m]))` of {share}, every {INTERVAL_S} s: {:.0} µs of CPU for each evaluation, {:.0} % of a core, \
         {done} evaluations in {:.0} s, {missed} left out, {failures} failed; peak {:.0} MiB",
        arguments.rules,
        arguments.series,
        (after_s - before_s) * 1e6 / done.max(1.0),
        (after_s - before_s) * 1e2 / wall.as_secs_f64(),
        wall.as_secs_f64(),
        server.peak_mib()?,
    ))
}

async fn wait_s(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
