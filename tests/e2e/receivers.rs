//! The receivers that judge what Ocelli sends, judged themselves: from outside, with a client of its own.

use super::harness::receivers::pagerduty::{IncidentState, PagerDuty};
use super::harness::receivers::slack::Slack;
use super::harness::receivers::webhook::{Mood, Webhook};
use super::harness::wait::{ensure, until};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(10);

fn client() -> Client {
    let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.timeout(WITHIN).build().unwrap()
}

async fn post(url: &str, body: &Value) -> Response {
    client().post(url).header("x-ocelli-delivery", "7").json(body).send().await.unwrap()
}

#[tokio::test]
async fn slack_says_ok_once_a_second() {
    let slack = Slack::start();
    let first = post(&slack.webhook("ops"), &json!({"text": "one"})).await;
    assert_eq!((first.status().as_u16(), first.text().await.unwrap().as_str()), (200, "ok"));
    let second = post(&slack.webhook("ops"), &json!({"text": "two"})).await;
    assert_eq!(second.status(), 429);
    assert_eq!(second.headers()["retry-after"], "1");
    let other = post(&slack.webhook("dev"), &json!({"text": "one"})).await;
    assert_eq!(other.status(), 200, "each webhook has a second of its own");
    let wrong = post(&slack.webhook("ops"), &json!({"blocks": [{"type": "section"}]})).await;
    assert_eq!((wrong.status().as_u16(), wrong.text().await.unwrap().as_str()), (400, "invalid_blocks"));
    let form = client().post(slack.webhook("ops")).body("payload").send().await.unwrap();
    assert_eq!(form.text().await.unwrap(), "invalid_payload");
    let messages = slack.messages("ops");
    assert_eq!((messages.len(), slack.book.refused().len()), (1, 3));
    assert_eq!(messages[0].json["text"], "one");
    assert_eq!(slack.book.wait_for_text("one", WITHIN).await.delivery.as_deref(), Some("7"));
    assert_eq!(slack.book.duplicates()["7"], 2);
    // A second after the first that was taken, the next is.
    until("it takes another", WITHIN, async || {
        let answer = post(&slack.webhook("ops"), &json!({"text": "three"})).await;
        ensure(answer.status() == 200, || answer.status().to_string())
    })
    .await;
    let messages = slack.messages("ops");
    assert!(messages[1].at - messages[0].at >= Duration::from_secs(1));
}

#[tokio::test]
async fn pagerduty_keeps_incidents_while_it_is_gone() {
    let mut pagerduty = PagerDuty::start();
    let event = |action: &str| {
        json!({
            "routing_key": "0123456789abcdef0123456789abcdef", "event_action": action, "dedup_key": "k",
            "payload": {"summary": "checkout is slow", "source": "ocelli", "severity": "critical"},
        })
    };
    for _ in 0..2 {
        let answer = post(&pagerduty.url(), &event("trigger")).await;
        assert_eq!(answer.status(), 202);
        assert_eq!(answer.json::<Value>().await.unwrap()["dedup_key"], "k");
    }
    assert_eq!((pagerduty.open().len(), pagerduty.duplicate_triggers()), (1, 1));
    let invalid = post(&pagerduty.url(), &json!({"event_action": "trigger"})).await;
    assert_eq!(invalid.status(), 400);
    assert_eq!(invalid.json::<Value>().await.unwrap()["message"], "Event object is invalid");
    pagerduty.site.stop().await;
    let gone = client().post(pagerduty.url()).json(&event("resolve")).send().await;
    assert!(gone.unwrap_err().is_connect());
    pagerduty.site.start_again().await;
    assert_eq!(post(&pagerduty.url(), &event("resolve")).await.status(), 202);
    assert_eq!(pagerduty.open().len(), 0);
    assert_eq!(pagerduty.incidents()[0].state, IncidentState::Resolved);
    assert_eq!(pagerduty.book.posts().len(), 4);
}

#[tokio::test]
async fn a_webhook_is_as_it_was_told() {
    let mut webhook = Webhook::start();
    let url = webhook.url("/hook");
    let status = async |mood: Mood| {
        webhook.set(mood);
        post(&url, &json!({"n": 1})).await
    };
    assert_eq!(status(Mood::Takes).await.status(), 200);
    assert_eq!(status(Mood::Answers(500)).await.status(), 500);
    let limited = status(Mood::Limits(30)).await;
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"30".parse().unwrap()));
    let redirect = status(Mood::RedirectsTo("http://10.0.0.1/".into())).await;
    assert_eq!(
        (redirect.status().as_u16(), &redirect.headers()["location"]),
        (302, &"http://10.0.0.1/".parse().unwrap())
    );
    assert_eq!(status(Mood::IsLoud(200)).await.bytes().await.unwrap().len(), 10 << 20);
    webhook.set(Mood::Hangs);
    let patient = client().post(&url).timeout(Duration::from_millis(300)).json(&json!({"n": 2})).send();
    assert!(patient.await.unwrap_err().is_timeout());
    let statuses: Vec<u16> = webhook.book.posts().iter().map(|post| post.status).collect();
    assert_eq!(statuses, [200, 500, 429, 302, 200, 0]);
    // Those who hang are cut off when it stops.
    let hanging = tokio::spawn(client().post(&url).json(&json!({"n": 3})).send());
    let hangs = async || ensure(webhook.book.posts().len() == 7, || "not yet".to_owned());
    until("it hangs", WITHIN, hangs).await;
    webhook.site.stop().await;
    let cut = hanging.await.unwrap().unwrap_err();
    assert!(!cut.is_timeout(), "{cut:?}");
    webhook.set(Mood::Takes);
    webhook.site.start_again().await;
    assert_eq!(post(&url, &json!({"n": 4})).await.status(), 200);
}
