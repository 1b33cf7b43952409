//! What the pages cost the browser: that going from page to page for long leaves nothing behind.

use crate::browser::{self, Browser};
use crate::harness::wait::{ensure, until};
use crate::seed::seeded;
use serde_json::json;
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);

/// Pages of the bar, and what shows that a page is there.
const ROUND: [(&str, &str); 5] = [
    ("nav-services", "[data-testid=service-row]"),
    ("nav-traces", "[data-testid=trace-row]"),
    ("nav-map", "[data-testid=edges]"),
    ("nav-logs", "[data-testid=log-row]"),
    ("nav-metrics", "[data-testid=label-row]"),
];
/// Until caches and pools have their size.
const WARM_UP: usize = 4;
const ROUNDS: usize = 10;
/// The browser itself keeps the pixels of a page that is gone, now and then; the least of so many rounds is
/// without them.
const LOOKS: usize = 4;
const MOST_GROWTH: f64 = 0.10;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_pages_leave_nothing_behind() {
    let seeded = seeded().await;
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
        let growth = after / before - 1.0;
        println!(
            "{before:.0} bytes before, {after:.0} after {} pages: {:.1} %",
            ROUNDS * ROUND.len(),
            growth * 100.0
        );
        assert!(growth < MOST_GROWTH, "{before:.0} bytes became {after:.0}");
    })
    .await;
}

async fn least(browser: &Browser) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..LOOKS {
        go_round(browser).await;
        least = least.min(browser.used_bytes().await);
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
