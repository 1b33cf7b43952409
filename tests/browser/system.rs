//! The system page: what was merged, and what retention removed.

use crate::browser::{self, DESKTOP, PHONE};
use crate::harness::now_ns;
use crate::harness::otlp::{self, SECOND};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
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

async fn send(server: &Server, service: &str, time: u64) {
    let records = (0..100).map(|n| otlp::log(time + n, 9, "a record of the system test"));
    server.sender().send(&otlp::logs(service, records.collect())).await;
}
