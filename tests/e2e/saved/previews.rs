//! Objectives over logs and spans, counted over the past before they are saved.

use super::*;
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND};
use ocelli_api::rules::GroupPreview;
use ocelli_api::slos::{SloEvents, SloPreviewResponse};
use serde_json::json;

const EVENTS: u64 = 200;
const BAD: u64 = 30;

const LOGINS: &str = r#"
slos:
- name: logins
  objective: 99
  ratio:
    language: logql
    bad: 'count_over_time({service_name="login"} |= "failed" [{{.window}}])'
    total: 'count_over_time({service_name="login"}[{{.window}}])'
"#;

const SPANS: &str = r#"
slos:
- name: spans
  objective: 99
  ratio:
    language: traceql
    bad: '{ resource.service.name = "login" && status = error } | count_over_time()'
    total: '{ resource.service.name = "login" } | count_over_time()'
"#;

async fn preview(server: &Server, yaml: &str) -> SloPreviewResponse {
    let url = server.api.url("/api/slos/preview");
    let answer = reqwest::Client::new().post(url).json(&json!({ "yaml": yaml })).send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn objectives_over_logs_and_spans_have_a_past() {
    let server = Settings::serve().start().await;
    // Over three hours up to a quarter of an hour ago; the bad ones together, at the end.
    let end = now_ns() - 900 * SECOND;
    let time = |n: u64| end - (EVENTS - n) * 54 * SECOND;
    let is_bad = |n: u64| n >= EVENTS - BAD;
    let log = |n| otlp::log(time(n), 9, if is_bad(n) { "login failed" } else { "login" });
    let span = |n: u64| {
        let span = otlp::span(u128::from(n) + 1, n + 1, 0, "POST /login", time(n), 10 * MS);
        if is_bad(n) { otlp::failed(span, "no") } else { span }
    };
    server.sender().send(&otlp::logs("login", (0..EVENTS).map(log).collect())).await;
    server.sender().send(&otlp::traces("login", (0..EVENTS).map(span).collect())).await;

    for yaml in [LOGINS, SPANS] {
        let answer = preview(&server, yaml).await;
        assert_eq!((answer.problems.len(), &answer.stats.partial), (0, &None));
        let shown = &answer.slos[0];
        let wanted = SloEvents { good: (EVENTS - BAD) as f64, bad: BAD as f64 };
        assert_eq!(shown.slo.events, wanted, "{yaml}");
        assert!(shown.verdict.starts_with("would have paged once"), "{}", shown.verdict);
        assert!(shown.slo.problem.is_none(), "{:?}", shown.slo.problem);
        assert!(shown.history.budget_left.iter().flatten().count() > 1, "there is a burn-down");
    }
    let saved: SloSaved = good(&server, Method::POST, "/api/slos", LOGINS).await;
    assert!(saved.preview.unwrap().verdict.starts_with("would have paged once"));
    let group = "name: logins\nlanguage: logql\nrules:\n- {alert: Failed, expr: 'sum(count_over_time({service_name=\"login\"} |= \"failed\" [5m])) > 3'}\n";
    let unsaved: GroupPreview = good(&server, Method::POST, "/api/rules/groups/preview", group).await;
    assert_eq!((unsaved.problems.len(), unsaved.previews[0].count), (0, 1), "{:?}", unsaved.previews);
    let wrong: GroupPreview =
        good(&server, Method::POST, "/api/rules/groups/preview", "name: a\nrule: []\n").await;
    assert_eq!(wrong.problems[0].field, "rule");
    let saved: GroupSaved = good(&server, Method::POST, "/api/rules/groups", group).await;
    assert_eq!(saved.previews[0].count, 1, "{:?}", saved.previews);
}
