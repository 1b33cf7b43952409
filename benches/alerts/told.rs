//! Alerts of another Prometheus, through the catalog and the outbox, to a receiver on this machine.

use crate::Arguments;
use crate::decided::{CONFIG, labels};
use crate::hook::Hook;
use crate::server::Server;
use anyhow::ensure;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const BATCH: usize = 1_000;
/// Of firings that come at the same time.
const AT_ONCE: usize = 1_000;
/// Receivers among which the messages are spread: each has a pace of 20 messages a second.
const RECEIVERS: usize = 100;
const DONE_WITHIN: Duration = Duration::from_secs(300);
/// After so long without a message there is no more to come.
const QUIET: Duration = Duration::from_secs(5);

fn alert(number: usize, more: &[(&str, String)]) -> Value {
    let all = labels(number).into_iter().chain(more.iter().cloned());
    let all: serde_json::Map<String, Value> =
        all.map(|(name, value)| (name.to_owned(), value.into())).collect();
    json!({ "labels": all, "annotations": { "summary": "requests take long" } })
}

async fn serve(arguments: &Arguments, alertmanager: String) -> anyhow::Result<Server> {
    let config = "alerting: {config_file: alertmanager.yml, allow_targets: [127.0.0.0/8]}\n".to_owned();
    Server::start(&arguments.ocelli, &[("ocelli.yml", config), ("alertmanager.yml", alertmanager)]).await
}

/// CPU of the server in seconds.
async fn fire(server: &Server, alerts: Vec<Value>) -> anyhow::Result<f64> {
    let mut cpu_s = 0.0;
    for batch in alerts.chunks(BATCH) {
        let body = serde_json::to_string(batch)?;
        let path = "/alertmanager/api/v2/alerts";
        cpu_s += server.post(path, "application/json", body).await?.cpu_s;
    }
    Ok(cpu_s)
}

/// Waits until the receiver has so many messages; how long that took.
async fn until(hook: &Hook, count: usize) -> anyhow::Result<Duration> {
    let started = Instant::now();
    while hook.taken() < count {
        ensure!(started.elapsed() < DONE_WITHIN, "{} of {count} messages came", hook.taken());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(started.elapsed())
}

/// All alerts, each durable when it is answered; nobody is told within the group's wait.
pub async fn dispatched(arguments: &Arguments) -> anyhow::Result<String> {
    let server = serve(arguments, CONFIG.replace("group_wait: 30s", "group_wait: 1h")).await?;
    let count = arguments.alerts;
    let (first, again) = (
        fire(&server, (0..count).map(|number| alert(number, &[])).collect()).await?,
        fire(&server, (0..count).map(|number| alert(number, &[])).collect()).await?,
    );
    let of_one = |cpu_s: f64| cpu_s * 1e6 / count as f64;
    Ok(format!(
        "told, {count} alerts over HTTP in requests of {BATCH}, durable when answered; µs of CPU for each: {:.1} new, {:.1} said again; peak {:.0} MiB",
        of_one(first),
        of_one(again),
        server.peak_mib()?
    ))
}

/// How many messages become of firings that come together.
pub async fn at_once(arguments: &Arguments) -> anyhow::Result<String> {
    let hook = Hook::start().await?;
    let config =
        CONFIG.replace("http://127.0.0.1:9/", &hook.url).replace("group_wait: 30s", "group_wait: 1s");
    let server = serve(arguments, config).await?;
    let started = Instant::now();
    fire(&server, (0..AT_ONCE).map(|number| alert(number, &[("alertname", "Slow".to_owned())])).collect())
        .await?;
    let first = until(&hook, 1).await.map(|_| started.elapsed())?;
    let mut seen = (hook.taken(), Instant::now());
    while seen.1.elapsed() < QUIET {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if hook.taken() > seen.0 {
            seen = (hook.taken(), Instant::now());
        }
    }
    let last = seen.1.duration_since(started);
    Ok(format!(
        "told, {AT_ONCE} alerts that fire together: {} messages, the first {:.1} s and the last {:.1} s after the request (a wait of 1 s for the group)",
        seen.0,
        first.as_secs_f64(),
        last.as_secs_f64()
    ))
}

/// Each alert is a message of its own.
pub async fn delivered(arguments: &Arguments) -> anyhow::Result<String> {
    let hook = Hook::start().await?;
    let names = 0..RECEIVERS;
    let route = |n: usize| format!("  - {{receiver: r{n}, matchers: [to=r{n}]}}\n");
    let receiver = |n: usize| format!("- {{name: r{n}, webhook_configs: [{{url: '{}/{n}'}}]}}\n", hook.url);
    let config = format!(
        "route:\n  receiver: r0\n  group_by: ['...']\n  group_wait: 0s\n  routes:\n{}receivers:\n{}",
        names.clone().map(route).collect::<String>(),
        names.map(receiver).collect::<String>()
    );
    let server = serve(arguments, config).await?;
    let (before_s, started) = (server.cpu_s()?, Instant::now());
    let to = |number: usize| [("to", format!("r{}", number % RECEIVERS))];
    fire(&server, (0..arguments.letters).map(|number| alert(number, &to(number))).collect()).await?;
    let asked = started.elapsed();
    until(&hook, arguments.letters).await?;
    let took = started.elapsed().as_secs_f64();
    Ok(format!(
        "delivery, {} messages to {RECEIVERS} receivers on this machine, each written before and after it is sent: {:.0} a second, {:.0} µs of CPU each \
         ({took:.1} s, {:.1} of them taking the alerts in)",
        arguments.letters,
        arguments.letters as f64 / took,
        (server.cpu_s()? - before_s) * 1e6 / arguments.letters as f64,
        asked.as_secs_f64(),
    ))
}
