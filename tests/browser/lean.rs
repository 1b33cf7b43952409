//! What the pages cost the browser: that going from page to page for long leaves nothing behind.

use crate::browser::{self, Browser};
use crate::dashboards::{create, every_kind};
use crate::harness::wait::{ensure, until};
use crate::seed::seeded;
use serde_json::json;
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);

/// Pages of the bar and one dashboard, and what shows that a page is there.
const ROUND: [(&str, &str); 7] = [
    ("nav-services", "[data-testid=service-row]"),
    ("nav-traces", "[data-testid=trace-row]"),
    ("nav-map", "[data-testid=edges]"),
    ("nav-logs", "[data-testid=log-row]"),
    ("nav-dashboards", "[data-testid=dashboard-row]"),
    ("dashboard-link", "[data-testid=dash-panel] canvas"),
    ("nav-metrics", "[data-testid=label-row]"),
];
/// Until caches and pools have their size.
const WARM_UP: usize = 4;
const ROUNDS: usize = 10;
/// The least of so many rounds is without what waits to be collected.
const LOOKS: usize = 4;
const MOST_GROWTH: f64 = 0.10;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_pages_leave_nothing_behind() {
    let seeded = seeded().await;
    create(&seeded.server, every_kind()).await;
    browser::with(&seeded.server, "lean", async |browser| {
        browser.open(&format!("/services?{}", seeded.range)).await;
        browser.see("[data-testid=service-row]").await;
        for _ in 0..WARM_UP {
            go_round(browser).await;
        }
        let before = least(browser).await;
        for _ in 0..ROUNDS {
            go_round(browser).await;
        }
        let after = least(browser).await;
        for (what, before, after) in [("bytes", before.0, after.0), ("nodes", before.1, after.1)] {
            let growth = after / before - 1.0;
            let pages = ROUNDS * ROUND.len();
            println!("{before:.0} {what} before, {after:.0} after {pages} pages: {:.1} %", growth * 100.0);
            assert!(growth < MOST_GROWTH, "{before:.0} {what} became {after:.0}");
        }
    })
    .await;
}

async fn least(browser: &Browser) -> (f64, f64) {
    let mut least = (f64::INFINITY, f64::INFINITY);
    for _ in 0..LOOKS {
        go_round(browser).await;
        let (bytes, nodes) = browser.held().await;
        least = (least.0.min(bytes), least.1.min(nodes));
    }
    least
}

/// By scripts alone: each element that WebDriver has once named is kept by the browser for it.
async fn go_round(browser: &Browser) {
    for (link, shown) in ROUND {
        let click = "document.querySelector(arguments[0]).click()";
        browser.script(click, vec![json!(format!("[data-testid={link}]"))]).await;
        until(&format!("{shown} is there"), SHOWN, async || {
            let found =
                browser.script("return !!document.querySelector(arguments[0])", vec![json!(shown)]).await;
            ensure(found == true, || "not yet".to_owned())
        })
        .await;
    }
}
