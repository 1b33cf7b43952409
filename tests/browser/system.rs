//! The system page: what was merged, and what retention removed.

use crate::axe;
use crate::browser::{self, DESKTOP, PHONE};
use crate::harness::now_ns;
use crate::harness::otlp::{self, SECOND};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::queries::QueriesResponse;
use std::time::Duration;

const DONE: Duration = Duration::from_secs(30);
const CONFIG: &str = "
storage: {flush_bytes: 20000, flush_age_s: 1}
retention: {services: [{service: short-lived, keep: 1h}]}
";

#[tokio::test(flavor = "multi_thread")]
async fn merges_and_removals_are_shown() {
    let server = Settings::serve().config(CONFIG).start().await;
    send(&server, "short-lived", now_ns() - 50 * 3_600 * SECOND).await;
    until("flushes are merged", DONE, async || {
        send(&server, "kept", now_ns()).await;
        let compaction = server.api.system().await.storage.compaction;
        let is_merged = compaction.levels.iter().any(|level| level.level > 0);
        ensure(is_merged, || format!("{compaction:?}"))
    })
    .await;
    // A start looks for what has expired.
    let server = server.stop().start().await;
    until("what has expired is removed", DONE, async || {
        let removed = server.api.system().await.storage.retention.removed;
        ensure(removed.iter().any(|removed| removed.rows == 100), || format!("{removed:?}"))
    })
    .await;
    browser::with(&server, "system", async |browser| {
        for size in [DESKTOP, PHONE] {
            browser.resize(size).await;
            browser.open("/system").await;
            browser.see("[data-testid=removal-row]").await;
            let removal = browser.texts("[data-testid=removal-row]").await.concat();
            assert!(removal.contains("Expired") && removal.contains("100"), "{removal}");
            let levels = browser.texts("[data-testid=level-row]").await;
            assert!(levels.iter().any(|level| level.contains("once")), "{levels:?}");
            let page = browser.script("return document.documentElement.scrollWidth", vec![]).await;
            assert!(page.as_u64() <= Some(size.0.into()), "{page} px on a screen of {} px", size.0);
            let show =
                "document.querySelector('[data-testid=removal-row]').scrollIntoView({block: 'center'})";
            browser.script(show, vec![]).await;
            browser.screenshot(&format!("system-figures-{}", size.0)).await;
            browser.assert_clean().await;
        }
    })
    .await;
}

/// It would go on for a year.
const ENDLESS: &str = "SELECT sum(value) FROM generate_series(1, 1000000000000)";

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_hurts_is_ended() {
    let server = Settings::serve().config("query: {timeout_s: 300}").start().await;
    send(&server, "shop", now_ns()).await;
    browser::with(&server, "queries", async |browser| {
        let api = server.api.clone();
        let asked = tokio::spawn(async move { api.answer("/api/sql", &[("query", ENDLESS)]).await });
        until("it takes long", DONE, async || {
            let all: QueriesResponse = server.api.get("/api/queries", &[]).await;
            let long = all.running.iter().any(|query| query.elapsed_ms > all.slow_ms as f64);
            ensure(long, || format!("{all:?}"))
        })
        .await;
        browser.open("/system").await;
        browser.see_with("[data-testid=query-row]", "generate_series").await;
        browser.screenshot("queries-running").await;
        browser.click("[data-testid=query-row] button").await;
        let (status, body) = asked.await.unwrap();
        assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &"cancelled".into()), "{body}");
        browser.press("r").await;
        browser.see_with("[data-testid=query-row]", "cancelled").await;
        browser.assert_clean().await;
        let pages = [("queries", "/system", "[data-testid=query-row]")];
        axe::everywhere(browser, async |judge| judge.pages(&pages).await).await;
    })
    .await;
}

async fn send(server: &Server, service: &str, time: u64) {
    let records = (0..100).map(|n| otlp::log(time + n, 9, "a record of the system test"));
    server.sender().send(&otlp::logs(service, records.collect())).await;
}
