//! Objectives of the running server: spans in, an exact budget out.

use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::slos::{SloPreviewResponse, SloResponse, SloSeverity, SlosResponse};
use serde_json::json;
use std::time::Duration;

/// Events are counted once a minute, and points of a minute have a quarter of one to come in.
const LATER: Duration = Duration::from_secs(180);
const CALLS: u64 = 100;
const ERRORS: u64 = 10;

const OBJECTIVE: &str =
    "slos:\n- {name: availability, objective: 99, availability: {service: checkout}, labels: {team: shop}}\n";

async fn preview(server: &Server, yaml: &str) -> SloPreviewResponse {
    let url = server.api.url("/api/slos/preview");
    let answer = reqwest::Client::new().post(url).json(&json!({ "yaml": yaml })).send().await.unwrap();
    answer.json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_burn_a_budget() {
    let server = Settings::serve().config(&format!("red:\n  interval_s: 1\n{OBJECTIVE}")).start().await;
    let start = now_ns() - SECOND;
    let span = |n: u64| {
        let span = otlp::span(u128::from(n) + 1, n + 1, 0, "POST /checkout", start, 10 * MS);
        if n < ERRORS { otlp::failed(span, "no") } else { span }
    };
    server.sender().send(&otlp::traces("checkout", (0..CALLS).map(span).collect())).await;

    let status = until("all calls are in the budget", LATER, async || {
        let answer: SlosResponse = server.api.try_get("/api/slos", &[]).await?;
        let slo = answer.slos.into_iter().next().ok_or("no objective")?;
        ensure(slo.events.good + slo.events.bad >= CALLS as f64, || format!("{slo:?}")).map(|()| slo)
    })
    .await;
    assert_eq!((status.id.as_str(), status.objective), ("checkout-availability", 0.99));
    assert_eq!((status.events.good, status.events.bad), ((CALLS - ERRORS) as f64, ERRORS as f64));
    assert_eq!(status.sli, Some(0.9));
    // A tenth failed, where a hundredth may: ten budgets are spent.
    assert!((status.budget_left.unwrap() + 9.0).abs() < 1e-9, "{status:?}");
    assert_eq!(status.labels["team"], "shop");

    let shown: SloResponse = server.api.get("/api/slos/checkout-availability", &[("from", "now-1h")]).await;
    let operation = shown.spend.iter().find(|spend| spend.dimension == "operation").unwrap();
    let worst = &operation.values[0];
    assert_eq!((worst.value.as_str(), worst.share), ("POST /checkout", 1.0));
    assert!((worst.budget - 10.0).abs() < 1e-9, "{worst:?}");
    assert_eq!(shown.history.bad.iter().flatten().sum::<f64>(), ERRORS as f64);
    assert_eq!(shown.bad_intervals.len(), 1, "{:?}", shown.bad_intervals);

    let strict = preview(&server, &OBJECTIVE.replace("objective: 99,", "objective: 99.9,")).await;
    assert_eq!(strict.problems, []);
    let strict = &strict.slos[0];
    assert_eq!(strict.slo.events, status.events, "as if it had been there all along");
    let pages = strict.episodes.iter().filter(|episode| episode.severity == SloSeverity::Page).count();
    assert_eq!(pages, 1, "{:?}", strict.episodes);
    assert!(strict.verdict.starts_with("would have paged once"), "{}", strict.verdict);
    assert!(strict.rules.contains("slo:sli_error:ratio_rate5m"));

    let wrong = preview(&server, "slos:\n- {name: a, objective: 120, availability: {}}\n").await;
    let told: Vec<(u64, u64)> = wrong.problems.iter().map(|problem| (problem.line, problem.column)).collect();
    assert_eq!((wrong.slos.len(), told), (0, vec![(2, 24), (2, 43)]), "{:?}", wrong.problems);
    let (status, _) = server.api.answer("/api/slos/absent", &[]).await;
    assert_eq!(status, 404);
}
