//! Objectives and rules over a month that is kept: what they would have told.

use crate::Arguments;
use crate::data::{month, now_ns};
use crate::server::{Answered, Server};
use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const NANOS: u64 = 1_000_000_000;
const DAY_MINUTES: u64 = 1_440;
const MOST_MINUTES: u64 = 100;
/// Requests that are made before they are sent.
const AHEAD: usize = 50;
const COMPUTED_WITHIN: Duration = Duration::from_secs(600);

const OBJECTIVE: &str = r#"
slos:
- name: payments
  service: shop
  objective: 99.9
  ratio:
    bad: 'sum(rate(bench_payments_total{outcome="failed"}[{{.window}}]))'
    total: 'sum(rate(bench_payments_total[{{.window}}]))'
"#;

const RULE: &str = "sum by (route) (rate(bench_payments_total{outcome=\"failed\"}[5m])) \
                    / sum by (route) (rate(bench_payments_total[5m])) > 0.05";

pub async fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let server = Server::start(&arguments.ocelli, &[("ocelli.yml", "{}\n".to_owned())]).await?;
    let minutes = arguments.days * DAY_MINUTES;
    let begin_ns = now_ns() - minutes * 60 * NANOS;
    let mut starts = (0..minutes).step_by(MOST_MINUTES as usize);
    loop {
        let one = |start: u64| month(arguments.history, start..(start + MOST_MINUTES).min(minutes), begin_ns);
        let bodies: Vec<Vec<u8>> = starts.by_ref().take(AHEAD).map(one).collect();
        if bodies.is_empty() {
            break;
        }
        server.push(&bodies).await?;
    }
    let mut lines =
        vec![format!("past: {} series, one sample a minute over {} days", arguments.history, arguments.days)];
    for round in ["first", "again"] {
        let asked = json!({ "yaml": OBJECTIVE }).to_string();
        let answer = server.post("/api/slos/preview", "application/json", asked).await?;
        let verdict = &answer.body["slos"][0]["verdict"];
        lines.push(shown(&format!("preview of an objective, {round}"), &answer, verdict.as_str())?);
        for interval in ["5m", "1m"] {
            let asked = json!({
                "name": "Payments", "expression": RULE, "for": "5m", "interval": interval, "from": begin_ns.to_string(),
            });
            let answer = server.post("/api/rules/preview", "application/json", asked.to_string()).await;
            let title = format!("preview of a rule every {interval}, {round}");
            lines.push(match answer {
                Ok(answer) => {
                    let verdict = format!("would have fired {} times", answer.body["count"]);
                    shown(&title, &answer, Some(&verdict))?
                }
                Err(why) => format!("  {title}: refused: {why}"),
            });
        }
    }
    lines.push(saved(&server).await?);
    lines.push(format!("  peak {:.0} MiB", server.peak_mib()?));
    Ok(lines.join("\n"))
}

fn shown(title: &str, answer: &Answered, verdict: Option<&str>) -> anyhow::Result<String> {
    let verdict = verdict.with_context(|| format!("{title}: {}", answer.body))?;
    let (took, cpu_s) = (answer.took.as_secs_f64(), answer.cpu_s);
    let short: String = verdict.chars().take(60).collect();
    Ok(format!("  {title}: {took:.2} s, {cpu_s:.2} s of CPU ({short})"))
}

/// Saves the objective and waits until its rules are computed over all that is kept.
async fn saved(server: &Server) -> anyhow::Result<String> {
    let (before_s, started) = (server.cpu_s()?, Instant::now());
    let answer = server.post("/api/slos", "application/yaml", OBJECTIVE.to_owned()).await?;
    let rules: Value = serde_json::from_str(&server.get("/api/rules").await?)?;
    let count: usize = rules["groups"]
        .as_array()
        .map_or(0, |groups| groups.iter().filter_map(|group| Some(group["rules"].as_array()?.len())).sum());
    ensure!(count > 0, "the objective has no rules: {rules}");
    // What has not begun yet says nothing of its past.
    let mut begun: Option<Instant> = None;
    while begun.is_none() || pending_s(server).await? > 0.0 {
        ensure!(started.elapsed() < COMPUTED_WITHIN, "the past is not computed yet");
        if begun.is_none() && pending_s(server).await? > 0.0 {
            begun = Some(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(format!(
        "  saved in {:.2} s; its {count} rules computed over the past in {:.1} s, {:.1} s after the request; {:.1} s of CPU",
        answer.took.as_secs_f64(),
        begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64()),
        started.elapsed().as_secs_f64(),
        server.cpu_s()? - before_s
    ))
}

/// Of the past that is not computed yet.
async fn pending_s(server: &Server) -> anyhow::Result<f64> {
    server.figure("ocelli_rule_group_backfill_pending_seconds").await
}
