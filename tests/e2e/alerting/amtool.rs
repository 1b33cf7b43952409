//! A program that nobody here wrote: Alertmanager's amtool.

use super::pump::Pump;
use super::*;
use crate::harness::installed;
use crate::harness::process::run;
use serde_json::Value;
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
