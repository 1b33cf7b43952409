//! Who is told what.

use super::pump::Pump;
use super::*;
use crate::harness::now_ns;
use crate::harness::otlp::{self, SECOND};
use crate::harness::receivers::slack::Slack;
use crate::harness::receivers::webhook::{Mood, Webhook};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_told_to_all_and_is_over_when_it_is() {
    let (slack, pagerduty, webhook) = (Slack::start(), PagerDuty::start(), Webhook::start());
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "
route: {{receiver: all, group_by: [alertname], group_wait: 1s, group_interval: 1s}}
receivers:
- name: all
  slack_configs: [{{api_url: '{}', send_resolved: true}}]
  pagerduty_configs: [{{url: '{}', routing_key: 0123456789abcdef0123456789abcdef}}]
  webhook_configs: [{{url: '{}'}}]
",
        slack.webhook("ops"),
        pagerduty.url(),
        webhook.url("/hook")
    );
    let server = serve(dir.path(), &config).await;
    let pump = Pump::start(&[&server]);
    pump.set("cart", 1.0);
    let message = slack.book.wait_for_text("cart is at fault", SOON).await;
    assert!(message.body.contains("/alerts/"), "it leads to the alert: {}", message.body);
    until_open(&pagerduty, &["cart is at fault".to_owned()], SOON).await;
    let hook = webhook.book.wait_for_text("cart is at fault", SOON).await.json;
    assert_eq!((&hook["version"], &hook["status"]), (&"4".into(), &"firing".into()), "{hook}");
    assert_eq!(hook["alerts"][0]["labels"]["service"], "cart");

    let answer: AlertsResponse = server.api.get("/api/alerts", &[]).await;
    let alert = &answer.alerts[0];
    assert_eq!((alert.state, alert.receivers.as_slice()), (AlertState::Firing, &["all".to_owned()][..]));
    let detail: Value = server.api.get(&format!("/api/alerts/{}", alert.fingerprint), &[]).await;
    assert_eq!(detail["notifications"].as_array().unwrap().len(), 3, "{detail}");

    pump.set("cart", 0.0);
    until_resolved(&pagerduty, SETTLED).await;
    slack
        .book
        .wait(SOON_TOLD, SOON, |posts| {
            let told = posts.iter().filter(|post| post.body.to_lowercase().contains("resolved")).count();
            ensure(told == 1, || format!("{posts:?}"))
        })
        .await;
    assert!(slack.book.duplicates().is_empty() && slack.book.refused().iter().all(|post| post.status == 429));
}

const SOON_TOLD: &str = "Slack is told that it is over";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_not_over() {
    let pagerduty = PagerDuty::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), &to_pagerduty(&pagerduty)).await;
    let pump = Pump::start(&[&server]);
    pump.set("cart", 1.0);
    until_open(&pagerduty, &["cart is at fault".to_owned()], SOON).await;
    pump.mute("cart");
    // The last point counts for five minutes as in Prometheus; an own range is shorter than waiting for that.
    let expr = "last_over_time(fault[3s]) > 0";
    std::fs::write(dir.path().join("rules.yml"), RULES.replace("fault > 0", expr)).unwrap();
    crate::harness::process::signal("HUP", server.pid());
    until("the alert is unknown", SETTLED, async || {
        let states = states(&server).await;
        ensure(states.contains(&("cart".into(), AlertState::Unknown)), || format!("{states:?}"))
    })
    .await;
    none_was_resolved(&pagerduty);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_failed_logins_from_one_address_are_told() {
    let pagerduty = PagerDuty::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), &to_pagerduty(&pagerduty)).await;
    let record = |n: u64, address: &str| {
        otlp::log(now_ns() - n * SECOND / 10, 9, &format!("login failed address={address} user=u{n}"))
    };
    let mut records: Vec<_> = (0..12).map(|n| record(n, "10.1.2.3")).collect();
    records.extend((0..8).map(|n| record(n, "10.9.9.9")));
    server.sender().send(&otlp::logs("auth", records)).await;
    until_open(&pagerduty, &["12 failed logins from 10.1.2.3".to_owned()], SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_receiver_that_fails_keeps_no_other_from_being_told() {
    let (pagerduty, hook) = (PagerDuty::start(), Webhook::start());
    hook.set(Mood::Hangs);
    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        "
route: {{receiver: all, group_by: [service], group_wait: 100ms, group_interval: 1s}}
receivers:
- name: all
  webhook_configs: [{{url: '{}'}}, {{url: 'http://127.0.0.1:1/refused'}}, {{url: 'http://10.255.0.1/private'}}]
  pagerduty_configs: [{{url: '{}', routing_key: 0123456789abcdef0123456789abcdef}}]
",
        hook.url("/hang"),
        pagerduty.url()
    );
    let server = serve(dir.path(), &config).await;
    let pump = Pump::start(&[&server]);
    for n in 0..5 {
        pump.set(&format!("s{n}"), 1.0);
    }
    let words: Vec<String> = (0..5).map(|n| format!("s{n} is at fault")).collect();
    until_open(&pagerduty, &words, SOON).await;
    let outbox = until("what can't be sent is shown", SOON, async || {
        let outbox: Value = server.api.get("/api/outbox", &[]).await;
        let text = outbox.to_string();
        ensure(text.matches("\"dead\"").count() >= 2, || text).map(|()| outbox)
    })
    .await;
    let dead = outbox["messages"].as_array().unwrap().iter().filter(|one| one["status"] == "dead");
    let private = dead.clone().find(|one| one["target"] == "http://10.255.0.1").unwrap();
    assert!(private["last_error"].as_str().unwrap().contains("10.255.0.1"), "{private}");
    hook.set(Mood::Takes);
    hook.book.wait_for_text("s4 is at fault", SETTLED).await;
}
