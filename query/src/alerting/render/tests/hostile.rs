//! Whatever labels and annotations hold: the limits of receivers, and JSON that can be read.

use super::super::text::units;
use super::*;
use crate::promql::labels::Labels;
use proptest::prelude::*;

/// What others like to send.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just("<!channel> <https://evil.example|click> &amp; </td><script>alert(1)</script>".to_owned()),
        Just("\u{202e}gpj\u{2066}\u{0}\u{1b}[31m\r\n\r\nBcc: x".to_owned()),
        Just("{{ .Labels }} {{ template \"x\" }} }}".to_owned()),
        Just("\"}], \\ \u{fffd}😀😀".to_owned()),
        Just("https://ocelli.example/a?b=c".to_owned()),
        Just("javascript:alert(1)".to_owned()),
        (1usize..40_000, "[<&😀a\"]").prop_map(|(count, piece)| piece.repeat(count)),
    ]
}

fn pairs() -> impl Strategy<Value = Labels> {
    let known = prop::sample::select(vec![
        "alertname",
        "service",
        "job",
        "instance",
        "severity",
        "summary",
        "description",
        "threshold",
        "budget_left",
        "top_offender",
        "runbook_url",
        "traces_url",
        "sparkline",
        "x",
    ]);
    let name = prop_oneof![known.prop_map(str::to_owned), any::<String>()];
    prop::collection::vec((name, piece()), 0..9).prop_map(Labels::new)
}

fn alerts() -> impl Strategy<Value = Vec<Alert>> {
    let one = (pairs(), pairs(), any::<i64>(), prop::option::of(any::<i64>()), piece(), any::<f64>());
    let one = one.prop_map(|(labels, annotations, starts_at_ms, ends_at_ms, generator_url, value)| Alert {
        labels,
        annotations,
        starts_at_ms,
        ends_at_ms,
        updated_at_ms: 0,
        generator_url,
        unknown_since_ms: ends_at_ms,
        value: Some(value),
    });
    prop::collection::vec(one, 0..14)
}

/// Of Slack: blocks and the lengths of their texts.
#[track_caller]
fn check_slack(body: &Value) {
    let blocks = body["blocks"].as_array().unwrap();
    assert!(!blocks.is_empty() && blocks.len() <= 50, "{} blocks", blocks.len());
    assert!(!body["text"].as_str().unwrap().is_empty());
    for block in blocks {
        let most = if block["type"] == "header" { 150 } else { 3_000 };
        let texts = block["elements"].as_array().into_iter().flatten().chain([block]);
        for text in texts.filter_map(|one| one["text"].as_str().or(one["text"]["text"].as_str())) {
            assert!(!text.is_empty() && units(text) <= most, "{} of {}", units(text), block["type"]);
            let is_markup = block["type"] != "header";
            assert!(!is_markup || !text.contains(['<', '>']), "{text}");
        }
        for url in block["elements"].as_array().into_iter().flatten().filter_map(|one| one["url"].as_str()) {
            assert!(url.starts_with("http") && url.len() <= 3_000, "{url}");
        }
    }
}

#[track_caller]
fn check_pagerduty(body: &str) {
    assert!(body.len() <= 512_000, "{} bytes", body.len());
    let event: Value = serde_json::from_str(body).unwrap();
    let payload = &event["payload"];
    let summary = payload["summary"].as_str().unwrap();
    assert!(!summary.is_empty() && summary.chars().count() <= 1_024);
    assert!(!payload["source"].as_str().unwrap().is_empty());
    assert!(["critical", "error", "warning", "info"].contains(&payload["severity"].as_str().unwrap()));
    assert!(event["dedup_key"].as_str().unwrap().len() <= 255);
}

#[track_caller]
fn check_mail(mail: &Mail) {
    assert!(!mail.subject.is_empty() && units(&mail.subject) <= 200, "{:?}", mail.subject);
    assert!(!mail.subject.chars().any(char::is_control));
    let html = mail.html.as_ref().unwrap();
    assert!(html.len() < 2_000_000 && mail.text.len() < 2_000_000);
    let tag = |tag: &str| html.contains(tag);
    assert!(!tag("<script") && !tag("href=\"javascript") && !tag("<!channel"));
}

#[track_caller]
fn check_all(flush: &Flush) {
    check_slack(&shown(&rendered(flush, Kind::Slack(Slack::default()))));
    check_pagerduty(&rendered(flush, Kind::PagerDuty(PagerDuty::default())).body);
    check_mail(&rendered(flush, Kind::Email(Email::default())).mail.unwrap());
    let webhook = rendered(flush, Kind::Webhook(Webhook::default())).body;
    let read: Value = serde_json::from_str(&webhook).unwrap();
    let told = read["alerts"].as_array().unwrap().len() as u64 + read["truncatedAlerts"].as_u64().unwrap();
    assert_eq!(told, flush.alerts.len() as u64);
    let forwarded = shown(&rendered(flush, Kind::Alertmanager(Alertmanager::default())));
    assert_eq!(forwarded.as_array().unwrap().len(), flush.alerts.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn limits_hold(alerts in alerts(), group_labels in pairs(), receiver in piece()) {
        check_all(&Flush { group_labels, receiver, ..flush(&[], alerts) });
    }
}

#[test]
fn a_megabyte_in_every_place() {
    let long = "<&😀".repeat(170_000);
    let labels = [("alertname", &*long), ("service", &long), ("severity", &long), ("a", &long)];
    let annotations =
        [("summary", &*long), ("description", &long), ("budget_left", &long), ("runbook_url", &long)];
    let flush = flush(&[("service", &long)], vec![alert(&labels, &annotations, 1); 2]);
    check_all(&flush);
    // No alert fits, and that is told.
    let body = rendered(&flush, Kind::Webhook(Webhook::default())).body;
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["truncatedAlerts"], 2);
}

#[test]
fn ten_thousand_alerts() {
    let one =
        |n: usize| alert(&[("alertname", "Down"), ("instance", &n.to_string())], &[("summary", "down")], 1);
    let flush = flush(&[("alertname", "Down")], (0..10_000).map(one).collect());
    check_all(&flush);
    let slack = rendered(&flush, Kind::Slack(Slack::default())).body;
    assert!(slack.contains("and 9990 more"), "{slack}");
}

#[test]
fn no_alert_at_all() {
    check_all(&flush(&[], Vec::new()));
}
