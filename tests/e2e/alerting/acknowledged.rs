//! Alerts that somebody has taken on: PagerDuty is told, nobody is told twice, whatever happens to the server.

use super::pump::Pump;
use super::*;
use ocelli_api::alerts::{Acknowledgement, AlertResponse, AlertSummary};
use reqwest::Method;
use serde_json::{Value, json};

/// Repeats come at every look at a group.
fn repeating(pagerduty: &PagerDuty) -> String {
    to_pagerduty(pagerduty).replace("group_interval: 1s", "group_interval: 1s, repeat_interval: 1s")
}

async fn fingerprint(server: &Server, service: &str) -> String {
    until("the alert is known again", SETTLED, async || {
        let answer: AlertsResponse = server.api.try_get("/api/alerts", &[]).await?;
        let of = |alert: &&AlertSummary| alert.labels.get("service").is_some_and(|one| one == service);
        let found = answer.alerts.iter().find(of).map(|alert| alert.fingerprint.clone());
        found.ok_or_else(|| format!("{answer:?}"))
    })
    .await
}

pub async fn send(server: &Server, method: Method, path: &str, body: Value) -> (u16, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.request(method, server.api.url(path)).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Returns the path of the acknowledgement.
pub async fn acknowledge(server: &Server, service: &str) -> String {
    let path = format!("/api/alerts/{}/acknowledgement", fingerprint(server, service).await);
    let (status, answer) = send(server, Method::POST, &path, json!({ "by": "Ada", "note": "on it" })).await;
    assert_eq!((status, answer["alerts"].as_array().map(Vec::len)), (200, Some(1)), "{answer}");
    path
}

pub async fn acknowledgement(server: &Server, service: &str) -> Option<Acknowledgement> {
    let path = format!("/api/alerts/{}", fingerprint(server, service).await);
    server.api.get::<AlertResponse>(&path, &[]).await.alert.acknowledged
}

async fn until_acknowledged(pagerduty: &PagerDuty, count: usize) {
    until("PagerDuty knows who is at it", SETTLED, async || {
        let open = pagerduty.open();
        let taken = open.iter().filter(|one| one.state == IncidentState::Acknowledged).count();
        ensure(taken == count, || format!("{open:?}"))
    })
    .await;
}

/// Triggers of an incident, counted by PagerDuty.
fn triggers(pagerduty: &PagerDuty, word: &str) -> usize {
    of(&pagerduty.incidents(), word).iter().map(|incident| incident.triggers).sum()
}

/// Waits until an alert that nobody has taken on was repeated so often: the others would have been, too.
async fn until_repeated(pagerduty: &PagerDuty, word: &str, times: usize) {
    let before = triggers(pagerduty, word);
    until("the other alert is repeated", SETTLED, async || {
        let now = triggers(pagerduty, word);
        ensure(now >= before + times, || format!("{before} before, {now} now"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_is_told_to_pagerduty_and_not_repeated_across_kills() {
    let mut pagerduty = PagerDuty::start();
    let dir = tempfile::tempdir().unwrap();
    let mut server = serve(dir.path(), &repeating(&pagerduty)).await;
    let pump = Pump::start(&[&server]);
    pump.set("cart", 1.0);
    pump.set("mail", 1.0);
    let words = ["cart is at fault".to_owned(), "mail is at fault".to_owned()];
    until_open(&pagerduty, &words, SOON).await;
    until_repeated(&pagerduty, "cart", 2).await;

    // Nobody hears of it before the server is killed: what is written is sent by the next process.
    pagerduty.site.stop().await;
    acknowledge(&server, "cart").await;
    server = server.kill().start().await;
    pump.to(&[&server]);
    pagerduty.site.start_again().await;
    until_acknowledged(&pagerduty, 1).await;
    let given = acknowledgement(&server, "cart").await.unwrap();
    assert_eq!((given.by.as_str(), given.note.as_str()), ("Ada", "on it"));

    // A repeat that was in the outbox before may still come; after one of the other alert none is left.
    until_repeated(&pagerduty, "mail", 2).await;
    let before = triggers(&pagerduty, "cart");
    for _ in 0..3 {
        server = server.kill().start().await;
        pump.to(&[&server]);
        until_repeated(&pagerduty, "mail", 2).await;
    }
    assert_eq!(triggers(&pagerduty, "cart"), before, "it is taken on");

    pump.set("cart", 0.0);
    until_open(&pagerduty, &words[1..], SETTLED).await;
    pump.set("cart", 1.0);
    until_open(&pagerduty, &words, SETTLED).await;
    assert_eq!(acknowledgement(&server, "cart").await, None, "it fires anew");
    assert_eq!(of(&pagerduty.incidents(), "cart").len(), 2);
    until_repeated(&pagerduty, "cart", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_is_repeated() {
    let pagerduty = PagerDuty::start();
    let dir = tempfile::tempdir().unwrap();
    let server = serve(dir.path(), &repeating(&pagerduty)).await;
    let pump = Pump::start(&[&server]);
    pump.set("cart", 1.0);
    until_open(&pagerduty, &["cart is at fault".to_owned()], SOON).await;
    let path = acknowledge(&server, "cart").await;
    until_acknowledged(&pagerduty, 1).await;
    assert_eq!(send(&server, Method::DELETE, &path, Value::Null).await.0, 200);
    until_repeated(&pagerduty, "cart", 2).await;
    let (status, answer) = send(&server, Method::DELETE, &path, Value::Null).await;
    assert_eq!(status, 404, "{answer}");
    for (wrong, field) in [(json!({ "by": "Ada", "until": "1" }), "until"), (json!({ "by": " " }), "by")] {
        let (status, answer) = send(&server, Method::POST, &path, wrong).await;
        assert_eq!((status, &answer["error"]["parameter"]), (400, &json!(field)), "{answer}");
    }
}
