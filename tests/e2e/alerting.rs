//! Alerts from end to end: who is told, once, whatever happens to the server, its clock and its receivers.

mod acknowledged;
mod alertmanager;
mod amtool;
mod clocks;
mod crashes;
mod lease;
mod outage;
mod pump;
mod told;

use crate::harness::receivers::pagerduty::{Incident, IncidentState, PagerDuty};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::alerts::{AlertState, AlertsResponse};
use std::path::Path;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(60);
/// A start holds what is not there for a minute.
const SETTLED: Duration = Duration::from_secs(120);

/// A service is at fault while its gauge says so.
const RULES: &str = r#"
groups:
- name: faults
  interval: 1s
  rules:
  - alert: Fault
    expr: fault > 0
    labels: {severity: page}
    annotations: {summary: "{{ $labels.service }} is at fault"}
- name: logins
  interval: 1s
  language: logql
  rules:
  - alert: FailedLogins
    expr: sum by (address) (count_over_time({service_name="auth"} |= "login failed" | logfmt [1m])) > 10
    labels: {severity: ticket}
    annotations: {summary: "{{ $value }} failed logins from {{ $labels.address }}"}
"#;

/// Starts with these rules and an Alertmanager's file whose receivers are on this machine.
async fn serve(dir: &Path, alertmanager: &str) -> Server {
    settings(dir, alertmanager).start().await
}

fn settings(dir: &Path, alertmanager: &str) -> Settings {
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (rules, file) = (write("rules.yml", RULES), write("alertmanager.yml", alertmanager));
    Settings::serve().config(&format!(
        "rule_files: ['{rules}']\nalerting: {{config_file: '{file}', allow_targets: [127.0.0.0/8]}}\n"
    ))
}

/// Everything goes to one PagerDuty at once, each service by itself.
fn to_pagerduty(pagerduty: &PagerDuty) -> String {
    format!(
        "
route: {{receiver: pager, group_by: [alertname, service, address], group_wait: 100ms, group_interval: 1s}}
receivers:
- name: pager
  pagerduty_configs: [{{url: '{}', routing_key: 0123456789abcdef0123456789abcdef}}]
",
        pagerduty.url()
    )
}

fn of<'a>(incidents: &'a [Incident], word: &str) -> Vec<&'a Incident> {
    incidents.iter().filter(|incident| incident.summary.contains(word)).collect()
}

/// Waits until exactly these have an open incident.
async fn until_open(pagerduty: &PagerDuty, words: &[String], within: Duration) {
    until("incidents are open", within, async || {
        let open = pagerduty.open();
        let missing: Vec<&String> = words.iter().filter(|word| of(&open, word).is_empty()).collect();
        ensure(missing.is_empty() && open.len() == words.len(), || {
            let shown: Vec<_> = open.iter().map(|one| &one.summary).collect();
            format!("missing {missing:?}, open {shown:?}, refused {:?}", pagerduty.book.refused())
        })
    })
    .await;
}

async fn until_resolved(pagerduty: &PagerDuty, within: Duration) {
    until("all incidents are over", within, async || {
        let open = pagerduty.open();
        ensure(open.is_empty(), || format!("{open:?}"))
    })
    .await;
}

fn none_was_resolved(pagerduty: &PagerDuty) {
    let resolved: Vec<Incident> = pagerduty
        .incidents()
        .into_iter()
        .filter(|incident| incident.state == IncidentState::Resolved)
        .collect();
    assert!(resolved.is_empty(), "{resolved:?}");
}

async fn states(server: &Server) -> Vec<(String, AlertState)> {
    let answer: AlertsResponse = server.api.get("/api/alerts", &[]).await;
    let service = |labels: &std::collections::BTreeMap<String, String>| {
        labels.get("service").or(labels.get("address")).cloned().unwrap_or_default()
    };
    answer.alerts.iter().map(|alert| (service(&alert.labels), alert.state)).collect()
}
