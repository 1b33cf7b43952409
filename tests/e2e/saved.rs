//! Objectives and rules that are written over the API: durable when answered, in force at once, told where wrong.

mod previews;
mod servers;
mod wrong;

use crate::harness::process::signal;
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::alerts::{AlertState, AlertsResponse};
use ocelli_api::rules::{ActiveAlert, GroupSaved, RuleGroupsResponse, RulesResponse, WrittenGroup};
use ocelli_api::slos::{SloResponse, SloSaved, SlosResponse};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);

const OBJECTIVE: &str = "slos:\n- {name: availability, objective: 99, availability: {service: checkout}}\n";

/// An alert that is pending for an hour, and one that fires.
const GROUP: &str = "name: always
interval: 1s
rules:
- {alert: Waits, expr: vector(1), for: 1h}
- {alert: Fires, expr: vector(2) > 1}
";

/// Status and body of a change whose body is YAML.
async fn send(server: &Server, method: Method, path: &str, body: &str) -> (u16, Value) {
    let request = reqwest::Client::new().request(method, server.api.url(path));
    let request = request.header("Content-Type", "application/yaml").body(body.to_owned());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn good<T: DeserializeOwned>(server: &Server, method: Method, path: &str, body: &str) -> T {
    let (status, answer) = send(server, method.clone(), path, body).await;
    assert_eq!(status, 200, "{method} {path}: {answer}");
    serde_json::from_value(answer).unwrap()
}

async fn group_names(server: &Server) -> Vec<String> {
    let rules: RulesResponse = server.api.get("/api/rules", &[]).await;
    rules.groups.into_iter().map(|group| group.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objective_is_in_force_at_once_and_survives_a_kill() {
    let server = Settings::serve().start().await;
    let saved: SloSaved = good(&server, Method::POST, "/api/slos", OBJECTIVE).await;
    assert_eq!((saved.id.as_str(), saved.revision), ("checkout-availability", 1));
    assert!(saved.preview.unwrap().verdict.starts_with("would have paged 0 times"));
    assert_eq!(group_names(&server).await, ["slo-checkout-availability", "slo-checkout-availability-slow"]);

    let server = server.kill().start().await;
    let all: SlosResponse = server.api.get("/api/slos", &[]).await;
    assert_eq!((all.slos[0].file.as_str(), all.slos[0].revision), ("saved", Some(1)));
    assert_eq!(group_names(&server).await.len(), 2, "its rules are there again");
    let path = "/api/slos/checkout-availability";
    let shown: SloResponse = server.api.get(path, &[]).await;
    assert_eq!(shown.document.as_deref(), Some(OBJECTIVE), "as it was written");

    let strict = OBJECTIVE.replace("objective: 99", "objective: 99.9");
    let saved: SloSaved = good(&server, Method::PUT, &format!("{path}?revision=1"), &strict).await;
    assert_eq!(saved.revision, 2);
    let (status, late) = send(&server, Method::PUT, &format!("{path}?revision=1"), OBJECTIVE).await;
    assert_eq!((status, &late["error"]["revision"]), (409, &2.into()), "{late}");
    let renamed = strict.replace("name: availability", "name: uptime");
    let saved: SloSaved = good(&server, Method::PUT, &format!("{path}?revision=2"), &renamed).await;
    assert_eq!((saved.id.as_str(), saved.revision), ("checkout-uptime", 3));

    let server = server.kill().start().await;
    let all: SlosResponse = server.api.get("/api/slos", &[]).await;
    let shown: Vec<(&str, f64)> = all.slos.iter().map(|slo| (slo.id.as_str(), slo.objective)).collect();
    assert_eq!(shown, [("checkout-uptime", 0.999)]);
    let gone: Value = good(&server, Method::DELETE, "/api/slos/checkout-uptime?revision=3", "").await;
    assert_eq!(gone, serde_json::json!({}));
    let server = server.kill().start().await;
    assert!(server.api.get::<SlosResponse>("/api/slos", &[]).await.slos.is_empty());
    assert!(group_names(&server).await.is_empty());
}

async fn active(server: &Server, alert: &str) -> Option<ActiveAlert> {
    let rules: RulesResponse = server.api.get("/api/rules", &[]).await;
    let mut rules = rules.groups.into_iter().flat_map(|group| group.rules);
    rules.find(|rule| rule.name == alert)?.alerting?.alerts.pop()
}

async fn until_active(server: &Server, alert: &str) -> ActiveAlert {
    until(alert, SOON, async || active(server, alert).await.ok_or_else(|| "not active".to_owned())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_go_on_over_a_save_and_end_with_their_rule() {
    let server = Settings::serve().start().await;
    let saved: GroupSaved = good(&server, Method::POST, "/api/rules/groups", GROUP).await;
    assert_eq!((saved.name.as_str(), saved.revision), ("always", 1));
    let verdicts: Vec<&str> = saved.previews.iter().map(|one| one.verdict.as_str()).collect();
    assert!(verdicts[0].starts_with("would have fired once in 1d: "), "{verdicts:?}");
    let (waits, fires) = (until_active(&server, "Waits").await, until_active(&server, "Fires").await);
    assert_eq!((waits.state.as_str(), fires.state.as_str()), ("pending", "firing"));

    // Another rule comes in, and the query of one that fires changes.
    let changed = GROUP.replace("vector(2) > 1", "vector(3) > 1") + "- {record: three, expr: vector(3)}\n";
    let path = "/api/rules/groups/always";
    let saved: GroupSaved = good(&server, Method::PUT, &format!("{path}?revision=1"), &changed).await;
    assert_eq!(saved.revision, 2);
    until("the new value is seen", SOON, async || {
        let fires = active(&server, "Fires").await;
        ensure(fires.as_ref().is_some_and(|alert| alert.value == "3"), || format!("{fires:?}"))
    })
    .await;
    assert_eq!(active(&server, "Waits").await.unwrap().active_at, waits.active_at);
    assert_eq!(active(&server, "Fires").await.unwrap().active_at, fires.active_at);
    let states = async || {
        let answer: AlertsResponse = server.api.get("/api/alerts", &[]).await;
        let mut all: Vec<(String, AlertState)> =
            answer.alerts.into_iter().map(|alert| (alert.name, alert.state)).collect();
        all.sort();
        all
    };
    let of = |name: &str, state| (name.to_owned(), state);
    assert_eq!(states().await, [of("Fires", AlertState::Firing), of("Waits", AlertState::Pending)]);

    let _: Value = good(&server, Method::DELETE, &format!("{path}?revision=2"), "").await;
    assert!(group_names(&server).await.is_empty());
    until("what fired is over", SOON, async || {
        let now = states().await;
        ensure(now.iter().all(|(_, state)| *state == AlertState::Resolved), || format!("{now:?}"))
    })
    .await;
    until("its series has ended", SOON, async || {
        let found = server.api.prometheus("three").await;
        ensure(found.is_empty(), || format!("{found:?}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_saved_ones_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.yml");
    std::fs::write(&rules, "groups: [{name: of-a-file, rules: [{alert: A, expr: vector(0) > 1}]}]\n")
        .unwrap();
    let settings = Settings::serve().with(&["--rules", rules.to_str().unwrap()]);
    let server = settings.start().await;
    let _: GroupSaved = good(&server, Method::POST, "/api/rules/groups", GROUP).await;
    let listed = async || server.api.get::<RuleGroupsResponse>("/api/rules/groups", &[]).await.groups;
    let shown: Vec<(String, Option<u64>, u64)> =
        listed().await.into_iter().map(|group| (group.name, group.revision, group.alerts)).collect();
    assert_eq!(shown, [("always".to_owned(), Some(1), 2), ("of-a-file".to_owned(), None, 1)]);
    let one: WrittenGroup = server.api.get("/api/rules/groups/always", &[]).await;
    assert_eq!(one.document.as_deref(), Some(GROUP));

    // A file that comes later wins, and says so; without it the saved one is in force again.
    std::fs::write(&rules, "groups: [{name: always, rules: [{alert: B, expr: vector(0) > 1}]}]\n").unwrap();
    let reload = || signal("HUP", server.pid());
    reload();
    until("the file is in force", SOON, async || {
        let groups = listed().await;
        let why = groups.iter().find_map(|group| group.left_out.clone()).unwrap_or_default();
        ensure(groups.len() == 2 && why.contains("rules.yml already"), || format!("{groups:?}"))
    })
    .await;
    std::fs::write(&rules, "groups: []\n").unwrap();
    reload();
    until("the saved one is in force", SOON, async || {
        let groups = listed().await;
        ensure(groups.len() == 1 && groups[0].left_out.is_none(), || format!("{groups:?}"))
    })
    .await;
    assert_eq!(group_names(&server).await, ["always"]);
}
