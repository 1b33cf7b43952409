//! Two servers on one catalog: one of them evaluates and tells, the other answers and takes requests as that one
//! would, and goes on when it is gone.

use super::acknowledged::{acknowledge, acknowledgement, send};
use super::pump::Pump;
use super::*;
use crate::harness::now_ns;
use crate::harness::postgres::{PASSWORD, Postgres};
use ocelli_api::alerts::{SilenceState, SilencesResponse};
use ocelli_api::rules::RulesResponse;
use reqwest::Method;
use serde_json::{Value, json};

fn on(postgres: &Postgres, dir: &Path, node: &str, pagerduty: &PagerDuty) -> Settings {
    settings(dir, &to_pagerduty(pagerduty))
        .with(&["--catalog", &postgres.url(), "--node", node])
        .environment(&[("PGPASSWORD", PASSWORD)])
}

/// For an hour.
fn silence(service: &str) -> Value {
    let matcher = json!({ "name": "service", "value": service, "is_regex": false, "is_equal": true });
    let ends_at = (now_ns() + 3_600_000_000_000).to_string();
    json!({ "matchers": [matcher], "ends_at": ends_at, "created_by": "Ada", "comment": "planned work" })
}

async fn silences(server: &Server) -> Vec<(String, SilenceState)> {
    let answer: SilencesResponse = server.api.get("/api/silences", &[]).await;
    answer.silences.into_iter().map(|one| (one.id, one.state)).collect()
}

/// Waits until both tell the same, and it is as wanted.
async fn both<T: PartialEq + std::fmt::Debug>(
    servers: [&Server; 2],
    ask: impl AsyncFn(&Server) -> T,
    wanted: impl Fn(&T) -> bool,
) {
    until("both servers tell the same", SOON, async || {
        let (one, two) = (ask(servers[0]).await, ask(servers[1]).await);
        ensure(one == two && wanted(&one), || format!("{one:?} and {two:?}"))
    })
    .await;
}

/// Alerts of the rules as `/api/rules` tells them.
async fn of_rules(server: &Server) -> Vec<(String, usize)> {
    let answer: RulesResponse = server.api.get("/api/rules", &[]).await;
    let rules = answer.groups.into_iter().flat_map(|group| group.rules);
    rules.map(|rule| (rule.name, rule.alerting.map_or(0, |alerting| alerting.alerts.len()))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_servers_tells_and_the_other_takes_over() {
    let (postgres, pagerduty) = (Postgres::start().await, PagerDuty::start());
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = on(&postgres, dirs[0].path(), "one", &pagerduty).start().await;
    let second = on(&postgres, dirs[1].path(), "two", &pagerduty).start().await;
    let servers = [&first, &second];
    let pump = Pump::start(&servers);
    pump.set("cart", 1.0);
    let mut words = vec!["cart is at fault".to_owned()];
    until_open(&pagerduty, &words, SOON).await;
    both(servers, states, |states| states == &[("cart".to_owned(), AlertState::Firing)]).await;
    both(servers, of_rules, |rules| rules.iter().any(|(name, alerts)| name == "Fault" && *alerts == 1)).await;

    // What the one that stands by is asked, the other does.
    acknowledge(&second, "cart").await;
    both(servers, async |server| acknowledgement(server, "cart").await, Option::is_some).await;
    let (status, made) = send(&second, Method::POST, "/api/silences", silence("mail")).await;
    assert_eq!(status, 200, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    both(servers, silences, |all| all == &[(id.clone(), SilenceState::Active)]).await;
    let posted = json!([{ "labels": { "alertname": "Outside", "service": "sent from outside" } }]);
    let alerts = second.api.url("/alertmanager/api/v2/alerts");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.post(alerts).json(&posted).send().await.unwrap().status(), 200);
    words.push("Outside".to_owned());
    until_open(&pagerduty, &words, SOON).await;
    let (status, told) = send(&second, Method::DELETE, "/api/silences/nobody", Value::Null).await;
    assert_eq!((status, told["error"]["code"].as_str()), (404, Some("not_found")), "{told}");
    let (status, ended) = send(&second, Method::DELETE, &format!("/api/silences/{id}"), Value::Null).await;
    assert_eq!(status, 200, "{ended}");
    both(servers, silences, |all| all == &[(id.clone(), SilenceState::Expired)]).await;
    assert_eq!(postgres.value("SELECT count(*) FROM storage_records WHERE space = 'alert_request'"), "0");

    drop(first.kill());
    pump.to(&[&second]);
    pump.set("mail", 1.0);
    words.push("mail is at fault".to_owned());
    until_open(&pagerduty, &words, SOON).await;
    none_was_resolved(&pagerduty);
    assert_eq!(acknowledgement(&second, "cart").await.unwrap().by, "Ada");
    assert_eq!(pagerduty.duplicate_triggers(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_kept_is_not_acknowledged_and_is_kept_when_that_can_be() {
    let (mut postgres, pagerduty) = (Postgres::start().await, PagerDuty::start());
    let dir = tempfile::tempdir().unwrap();
    let server = on(&postgres, dir.path(), "one", &pagerduty).start().await;
    postgres.stop();
    let (status, told) = send(&server, Method::POST, "/api/silences", silence("mail")).await;
    assert_eq!((status, told["error"]["code"].as_str()), (503, Some("not_kept")), "{told}");
    postgres.go_on().await;
    until("the silence is kept", SOON, async || {
        let kept = postgres.value("SELECT count(*) FROM storage_records WHERE space = 'silence'");
        ensure(kept == "1", || kept.clone())
    })
    .await;
    let server = server.kill().start().await;
    assert_eq!(silences(&server).await.len(), 1);
}
