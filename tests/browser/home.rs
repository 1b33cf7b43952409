//! What `/` says at first sight: the services that do worse than yesterday, and whether all is taken in.

use crate::axe;
use crate::browser;
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::services::ServicesResponse;
use std::time::Duration;

const DAY: u64 = 86_400 * SECOND;
const COUNTED: Duration = Duration::from_secs(30);
const CALLS: u64 = 60;

fn settings() -> Settings {
    Settings::serve().config("red: {interval_s: 1}")
}

/// Calls that ended a moment before `now`, of which every fourth failed or none.
async fn calls(server: &Server, service: &str, now: u64, first: u64, some_failed: bool) {
    let spans = (first..first + CALLS).map(|n| {
        let span = otlp::span(u128::from(n), n, 0, "POST /order", now - SECOND, 10 * MS);
        if some_failed && n % 4 == 0 { otlp::failed(span, "no") } else { span }
    });
    server.sender().send(&otlp::traces(service, spans.collect())).await;
}

async fn counted(server: &Server, now: u64, services: usize) {
    let (from, to) = ((now - 600 * SECOND).to_string(), (now + 600 * SECOND).to_string());
    until("the calls are counted", COUNTED, async || {
        let answer: ServicesResponse =
            server.api.try_get("/api/services", &[("from", &from), ("to", &to)]).await?;
        let counted = answer.services.iter().filter(|service| service.red.calls >= CALLS as f64).count();
        ensure(counted == services, || format!("{answer:?}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_worse_than_yesterday_comes_first() {
    let dir = tempfile::tempdir().unwrap();
    let offset = dir.path().join("offset");
    std::fs::write(&offset, "-1d\n").unwrap();
    let server = settings().clock(&offset).start().await;
    let yesterday = now_ns() - DAY;
    for (at, service) in ["checkout", "cart", "steady"].into_iter().enumerate() {
        calls(&server, service, yesterday, 1_000 * at as u64 + 1, false).await;
    }
    counted(&server, yesterday, 3).await;
    let server = server.stop().with(settings()).start().await;
    let now = now_ns();
    calls(&server, "checkout", now, 10_001, true).await;
    calls(&server, "steady", now, 20_001, false).await;
    counted(&server, now, 2).await;
    browser::with(&server, "home", async |browser| {
        browser.open("/").await;
        browser.see_with("[data-testid=worse-tile] h2", "2 services worse than yesterday").await;
        let lines = browser.texts("[data-testid=worse-tile] li").await;
        assert!(
            lines[0].starts_with("cart no calls") && lines[1].starts_with("checkout 25% errors"),
            "{lines:?}"
        );
        browser.see_with("[data-testid=ingest-tile]", "All stored").await;
        let pages = [("home-worse", "/", "[data-testid=worse-tile]")];
        axe::everywhere(browser, async |judge| judge.pages(&pages).await).await;
        browser.open("/").await;
        browser.click_with("[data-testid=worse-tile] a", "checkout").await;
        browser.at("/services/checkout").await;
        browser.assert_clean().await;
    })
    .await;
}
