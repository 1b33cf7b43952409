//! Recording and alerting rules of the running server: on time, over the past, across crashes.

use crate::harness::now_ns;
use crate::harness::otlp::{self, NumberDataPoint, SECOND, attribute, number_data_point, text};
use crate::harness::postgres::Postgres;
use crate::harness::process::{ocelli, run, signal};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::metrics::MetricPointsResponse;
use ocelli_api::rules::{RuleGroup, RuleHealth, RulesResponse};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(30);
const LATER: Duration = Duration::from_secs(120);

/// A gauge `queue.length` of the shop, one point every `step_s` in the time before now, for each shard.
async fn send_queue(server: &Server, shards: usize, seconds: u64, step_s: u64) {
    let now = now_ns();
    for shard in 0..shards {
        let point = |at: u64| NumberDataPoint {
            attributes: vec![
                attribute("shard", text(&shard.to_string())),
                attribute("zone", text(if shard % 2 == 0 { "even" } else { "odd" })),
            ],
            value: Some(number_data_point::Value::AsDouble((at + shard as u64) as f64)),
            ..otlp::int_point(now - (seconds - at) * SECOND, 0)
        };
        let points = (0..=seconds).step_by(step_s as usize).map(point).collect();
        server.sender().send(&otlp::gauge("shop", "queue.length", points)).await;
    }
}

async fn groups(server: &Server) -> Vec<RuleGroup> {
    server.api.get::<RulesResponse>("/api/rules", &[]).await.groups
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const RULES: &str = r#"
groups:
- name: queues
  interval: 1s
  labels: {team: "shop floor"}
  rules:
  - record: zone:queue__length:max
    expr: max by (zone) (queue_length)
    labels: {job: own, _private: "x"}
  # Sees what the rule before it gave at the same time.
  - record: queue:max
    expr: max(zone:queue__length:max)
  - record: broken
    expr: queue_length + on (zone) queue_length
  - alert: LongQueue
    expr: queue:max > 5
    for: 1s
    labels: {severity: page}
    annotations: {summary: "{{ $value | humanize }} wait"}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_evaluated_on_time() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "queues.yml", RULES);
    let pattern = dir.path().join("*.yml");
    let server = Settings::serve().with(&["--rules", pattern.to_str().unwrap()]).start().await;
    send_queue(&server, 4, 10, 1).await;

    let recorded = until("both rules have a result", SOON, async || {
        let zones = server.api.prometheus("zone:queue__length:max").await;
        let max = server.api.prometheus("queue:max").await;
        ensure(zones.len() == 2 && max.len() == 1, || format!("{zones:?} {max:?}")).map(|()| (zones, max))
    })
    .await;
    let (zones, max) = recorded;
    let labels = |zone: &str| json!({"__name__": "zone:queue__length:max", "_private": "x", "job": "own", "team": "shop floor", "zone": zone});
    assert_eq!([&zones[0]["metric"], &zones[1]["metric"]], [&labels("even"), &labels("odd")]);
    assert_eq!((&zones[0]["value"][1], &zones[1]["value"][1]), (&json!("12"), &json!("13")));
    assert_eq!(max[0]["metric"], json!({"__name__": "queue:max", "team": "shop floor"}));
    assert_eq!(max[0]["value"][1], "13");

    let firing = until("the alert fires", SOON, async || {
        let answer: Value = server.api.get("/prometheus/api/v1/alerts", &[]).await;
        let alert = answer["data"]["alerts"][0].clone();
        ensure(alert["state"] == "firing", || answer.to_string()).map(|()| alert)
    })
    .await;
    assert_eq!(firing["labels"], json!({"alertname": "LongQueue", "severity": "page", "team": "shop floor"}));
    assert_eq!((&firing["annotations"]["summary"], &firing["value"]), (&json!("13 wait"), &json!("1.3e+01")));
    assert_eq!(server.api.prometheus(r#"ALERTS{alertstate="firing"}"#).await.len(), 1);

    let answer: Value = server.api.get("/prometheus/api/v1/rules", &[("type", "record")]).await;
    let group = &answer["data"]["groups"][0];
    assert_eq!((&group["name"], &group["interval"]), (&json!("queues"), &json!(1.0)));
    assert_eq!(group["rules"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&group["rules"][0]["health"], &group["rules"][0]["type"]),
        (&json!("ok"), &json!("recording"))
    );
    let broken = &group["rules"][2];
    assert!(broken["lastError"].as_str().unwrap().contains("many-to-many"), "{broken}");
    assert_eq!(broken["health"], "err");

    let (_, metrics) = server.api.answer("/metrics", &[]).await;
    let metrics = metrics.as_str().unwrap().to_owned();
    let value = |name: &str| -> f64 {
        let line = metrics
            .lines()
            .find(|line| line.starts_with(&format!("{name}{{")))
            .unwrap_or_else(|| panic!("{name}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(
        value("ocelli_rule_group_evaluations_total") >= 2.0 && value("ocelli_rule_failures_total") >= 1.0
    );
    assert!(value("ocelli_rule_group_last_evaluation_timestamp_seconds") > 1e9);
}

/// Every sample of a recorded metric as it is stored: (labels, time in ms, value); stale markers have none.
async fn stored(server: &Server, name: &str) -> Vec<(String, i64, Option<f64>)> {
    let answer: MetricPointsResponse =
        server.api.get("/api/metrics/points", &[("name", name), ("from", "now-1d"), ("to", "now+1h")]).await;
    let of_series = answer.series.into_iter().flat_map(|series| {
        let labels = serde_json::to_string(&series.attributes).unwrap();
        series.points.into_iter().map(move |point| {
            let value = point.value["asDouble"].as_f64();
            (labels.clone(), point.time.0 / 1_000_000, value)
        })
    });
    of_series.collect()
}

/// Each slot once, each series without a gap from its first to its last; gives the samples of a series.
fn check_whole(samples: &[(String, i64, Option<f64>)], interval_ms: i64) -> usize {
    let times: BTreeSet<(&str, i64)> = samples.iter().map(|(labels, at, _)| (labels.as_str(), *at)).collect();
    assert_eq!(times.len(), samples.len(), "a slot was written twice");
    let names: BTreeSet<&str> = times.iter().map(|(labels, _)| *labels).collect();
    let mut slots = 0;
    for name in &names {
        let of_series: Vec<i64> =
            times.iter().filter(|(labels, _)| labels == name).map(|(_, at)| *at).collect();
        for pair in of_series.windows(2) {
            assert_eq!(pair[1] - pair[0], interval_ms, "a gap in {name}");
        }
        slots = slots.max(of_series.len());
    }
    slots
}

const PAST: &str = "groups:\n- name: past\n  interval: 1s\n  rules:\n  - record: zone:queue:sum\n    expr: sum by (zone) (max_over_time(queue_length[30s]))\n  - record: queue:sum\n    expr: sum(zone:queue:sum)\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_rule_is_computed_over_what_was_kept() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "past.yml", PAST);
    let server = Settings::serve().start().await;
    send_queue(&server, 4, 3_600, 10).await;
    let stopped = server.stop().with(Settings::serve().with(&["--rules", &file]));
    let server = stopped.start().await;
    let group = until("the past is computed", LATER, async || {
        let group = groups(&server).await.remove(0);
        let done =
            group.rules.iter().all(|rule| rule.backfill.as_ref().is_some_and(|past| past.fraction == 1.0));
        ensure(done && group.evaluations > 1, || format!("{group:?}")).map(|()| group)
    })
    .await;
    for rule in &group.rules {
        let past = rule.backfill.as_ref().unwrap();
        assert!(past.to.0 - past.from.0 > 3_590 * 1_000_000_000 && past.failures == 0, "{past:?}");
        assert_eq!(rule.health, RuleHealth::Ok);
    }
    // The same as the expression itself, at every slot.
    let recorded = stored(&server, "queue:sum").await;
    assert!(check_whole(&recorded, 1_000) > 3_590);
    let (first, last) = (recorded[0].1 as f64 / 1e3, recorded[0].1 as f64 / 1e3 + 3_500.0);
    let range = |query: &'static str| {
        let (first, last) = (first.to_string(), last.to_string());
        let api = &server.api;
        async move {
            let parameters = [("query", query), ("start", &first), ("end", &last), ("step", "1")];
            let answer: Value = api.get("/prometheus/api/v1/query_range", &parameters).await;
            answer["data"]["result"][0]["values"].clone()
        }
    };
    let (ours, direct) = (range("queue:sum").await, range("sum(max_over_time(queue_length[30s]))").await);
    assert!(ours.as_array().is_some_and(|values| values.len() == 3_501), "{ours}");
    assert_eq!(ours, direct);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_middle_leaves_no_gap_and_writes_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "past.yml", PAST);
    let server = Settings::serve().start().await;
    send_queue(&server, 6, 2 * 3_600, 10).await;
    let mut stopped = server.stop().with(Settings::serve().with(&["--rules", &file]));
    let mut in_the_middle = 0;
    let progress = |group: &RuleGroup| group.rules[1].backfill.as_ref().map_or(0.0, |past| past.fraction);
    for round in 0..6 {
        let server = stopped.start().await;
        let begun = progress(&groups(&server).await[0]);
        let now = until("it goes on", LATER, async || {
            let now = progress(&groups(&server).await[0]);
            ensure(now == 1.0 || now > begun, || format!("{now} after {begun}")).map(|()| now)
        })
        .await;
        in_the_middle += usize::from(now < 1.0);
        stopped = server.kill();
        if now == 1.0 && round > 0 {
            break;
        }
    }
    assert!(in_the_middle > 0, "every round was done before the kill");
    let server = stopped.start().await;
    until("the past is computed, and the last seconds with it", LATER, async || {
        let group = groups(&server).await.remove(0);
        ensure(progress(&group) == 1.0 && group.evaluations > 1, || format!("{group:?}"))
    })
    .await;
    for name in ["zone:queue:sum", "queue:sum"] {
        let slots = check_whole(&stored(&server, name).await, 1_000);
        assert!(slots > 2 * 3_600 - 10, "{name}: {slots}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_file_refuses_the_start_and_leaves_a_running_server_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "r.yml", "groups:\n- name: a\n  rules:\n  - {record: x, expr: 'sum('}\n");
    let ended = run(ocelli().current_dir(dir.path()).args(["serve", "--rules", "r.yml"]), b"", SOON);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(ended.stderr.contains("r.yml:4:23: group \"a\", rule 1, \"x\": could not parse"), "{ended:?}");

    write(
        dir.path(),
        "r.yml",
        "groups:\n- name: a\n  interval: 1s\n  rules: [{record: x, expr: '1'}, {record: y, expr: '2'}]\n",
    );
    let server = Settings::serve().config(&format!("rule_files: [{file}]\n")).start().await;
    until("it is evaluated", SOON, async || {
        let found = server.api.prometheus("{__name__=~\"x|y\"}").await;
        let on_time = groups(&server).await[0].evaluations > 0;
        ensure(found.len() == 2 && on_time, || format!("{found:?}"))
    })
    .await;
    write(dir.path(), "r.yml", "groups:\n- name: a\n  rule: []\n");
    signal("HUP", server.pid());
    until("the error is told", SOON, async || {
        let lines = server.log();
        let told = lines
            .iter()
            .any(|line| line["error"].as_str().is_some_and(|text| text.contains("unknown field `rule`")));
        ensure(told, || format!("{lines:?}"))
    })
    .await;
    assert_eq!(groups(&server).await[0].rules.len(), 2);

    write(
        dir.path(),
        "r.yml",
        "groups:\n- name: a\n  interval: 1s\n  rules: [{record: x, expr: '1'}, {record: z, expr: '3'}]\n",
    );
    signal("HUP", server.pid());
    until("y has ended and z is there", SOON, async || {
        let found = server.api.prometheus("{__name__=~\"x|y|z\"}").await;
        let names: BTreeSet<&str> =
            found.iter().filter_map(|one| one["metric"]["__name__"].as_str()).collect();
        ensure(names == BTreeSet::from(["x", "z"]), || format!("{names:?}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_takes_alerts_up_where_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let rules = "groups:\n- name: a\n  interval: 1s\n  rules:\n  - {alert: Long, expr: queue_length > 0, for: 1s}\n  - {alert: Patient, expr: queue_length > 0, for: 1h}\n";
    let file = write(dir.path(), "r.yml", rules);
    let server = Settings::serve().with(&["--rules", &file]).start().await;
    send_queue(&server, 1, 10, 1).await;
    let alerts = async |server: &Server| -> Vec<(String, i64)> {
        let group = groups(server).await.remove(0);
        let alerting = group.rules.iter().filter_map(|rule| rule.alerting.as_ref());
        alerting
            .flat_map(|one| {
                one.alerts.iter().map(|alert| (alert.state.clone(), alert.active_at.0 / 1_000_000_000))
            })
            .collect()
    };
    let before = until("one fires and one waits", SOON, async || {
        let found = alerts(&server).await;
        let states: Vec<&str> = found.iter().map(|(state, _)| state.as_str()).collect();
        ensure(states == ["firing", "pending"], || format!("{states:?}")).map(|()| found.clone())
    })
    .await;
    let server = server.kill().start().await;
    let after = until("both are there again", SOON, async || {
        let found = alerts(&server).await;
        ensure(found.len() == 2, || format!("{found:?}")).map(|()| found)
    })
    .await;
    assert_eq!(after[0], before[0], "it fires on, since when it did");
    // The time of the restart is no time in which it was seen.
    let moved = after[1].1 - before[1].1;
    assert!(after[1].0 == "pending" && (0..30).contains(&moved), "{before:?} {after:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_rule_is_stands_in_postgres_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "past.yml", PAST);
    let postgres = Postgres::start().await;
    let server = postgres.settings().start().await;
    send_queue(&server, 2, 600, 10).await;
    let mut stopped = server.stop().with(postgres.settings().with(&["--rules", &file]));
    for _ in 0..2 {
        let server = stopped.start().await;
        until("the past is computed", LATER, async || {
            let group = groups(&server).await.remove(0);
            let done = group
                .rules
                .iter()
                .all(|rule| rule.backfill.as_ref().is_some_and(|past| past.fraction == 1.0));
            ensure(done && group.evaluations > 1, || format!("{group:?}"))
        })
        .await;
        assert!(check_whole(&stored(&server, "queue:sum").await, 1_000) > 590);
        assert_eq!(postgres.value("SELECT count(*) FROM storage_notes WHERE name LIKE 'rule/%'"), "2");
        stopped = server.kill();
    }
}
