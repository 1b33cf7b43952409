//! Programs that nobody here wrote: Alertmanager's amtool, and an Alertmanager as a receiver.

use super::pump::Pump;
use super::*;
use crate::harness::api::Api;
use crate::harness::installed;
use crate::harness::process::{Process, run};
use serde_json::Value;
use std::net::TcpListener;
use std::process::Command;

fn amtool(server: &Server, arguments: &[&str]) -> String {
    let program = installed("OCELLI_TEST_ALERTMANAGER").with_file_name("amtool");
    let url = server.api.url("/alertmanager");
    let mut command = Command::new(program);
    command.arg(format!("--alertmanager.url={url}")).args(arguments);
    let ended = run(&mut command, b"", SOON);
    assert!(ended.status.success(), "amtool {arguments:?}: {} {}", ended.stdout, ended.stderr);
    ended.stdout
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_reads_alerts_and_makes_silences() {
    let pagerduty = PagerDuty::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), &to_pagerduty(&pagerduty)).await;
    let pump = Pump::start(&[&server]);
    pump.set("cart", 1.0);
    until_open(&pagerduty, &["cart is at fault".to_owned()], SOON).await;
    let alerts: Value = serde_json::from_str(&amtool(&server, &["alert", "query", "-o", "json"])).unwrap();
    assert_eq!(alerts[0]["labels"]["service"], "cart", "{alerts}");
    assert!(amtool(&server, &["alert", "query", "service=other"]).lines().count() <= 1);
    let id = amtool(&server, &["silence", "add", "service=cart", "-a", "me", "-c", "known", "-d", "1h"]);
    let listed = amtool(&server, &["silence", "query"]);
    assert!(listed.contains(id.trim()) && listed.contains("known"), "{listed}");
    let active: Value = serde_json::from_str(&amtool(&server, &["alert", "query", "-o", "json"])).unwrap();
    assert_eq!(active, serde_json::json!([]), "it is hidden");
    amtool(&server, &["silence", "expire", id.trim()]);
    assert!(!amtool(&server, &["silence", "query"]).contains(id.trim()));
    let shown = amtool(&server, &["config", "show"]);
    assert!(shown.contains("pagerduty_configs") && !shown.contains("0123456789abcdef"), "{shown}");
    amtool(&server, &["alert", "add", "alertname=ByHand", "service=hand", "--annotation=summary=by hand"]);
    until_open(&pagerduty, &["cart".to_owned(), "by hand".to_owned()], SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alertmanager_is_a_receiver() {
    let home = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = home.path().join("other.yml");
    std::fs::write(&config, "route: {receiver: none}\nreceivers: [{name: none}]\n").unwrap();
    let mut command = Command::new(installed("OCELLI_TEST_ALERTMANAGER"));
    command.arg(format!("--config.file={}", config.display()));
    command.arg(format!("--storage.path={}", home.path().join("data").display()));
    command.arg(format!("--web.listen-address={address}")).arg("--cluster.listen-address=");
    let _other = Process::start(command.current_dir(home.path()));
    let api = Api::new(address);
    until("Alertmanager is ready", SOON, async || {
        let ready = reqwest::get(api.url("/-/ready")).await.map_err(|error| error.to_string())?;
        ensure(ready.status().is_success(), || ready.status().to_string())
    })
    .await;
    let file = format!(
        "
route: {{receiver: other, group_by: [service], group_wait: 100ms, group_interval: 1s}}
receivers:
- name: other
  alertmanager_configs: [{{url: 'http://{address}'}}]
"
    );
    let server = serve(home.path(), &file).await;
    let pump = Pump::start(&[&server]);
    pump.set("cart", 1.0);
    until("the other Alertmanager has the alert", SOON, async || {
        let alerts: Value = api.get("/api/v2/alerts", &[]).await;
        let summary = &alerts[0]["annotations"]["summary"];
        ensure(summary == "cart is at fault" && alerts[0]["labels"]["severity"] == "page", || {
            alerts.to_string()
        })
    })
    .await;
    pump.set("cart", 0.0);
    until("it knows that the alert is over", SETTLED, async || {
        let alerts: Value = api.get("/api/v2/alerts", &[]).await;
        ensure(alerts == serde_json::json!([]), || alerts.to_string())
    })
    .await;
}
