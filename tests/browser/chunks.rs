//! Pages that are downloaded on their own: before they are wanted, and what is said when that fails.

use crate::browser::{self, Browser};
use crate::harness::server::Settings;
use crate::harness::wait::{ensure, until};
use serde_json::json;
use std::time::Duration;

const FETCHED: Duration = Duration::from_secs(20);
const LINK: &str = "[data-testid=nav-metrics]";
const PAGE: &str = "input[aria-label='Find a metric']";

/// Of the files of other pages, those that have come.
const CAME: &str = "return performance.getEntriesByType('resource')
    .filter(entry => entry.name.includes('/assets/split_') && entry.responseEnd > 0).length";

async fn other_pages_have_come(browser: &Browser) {
    until("the browser has fetched other pages", FETCHED, async || {
        let came = browser.script(CAME, vec![]).await.as_u64().unwrap_or_default();
        ensure(came > 0, || "none has come".to_owned())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_pages_are_there_when_the_server_is_not() {
    let server = Settings::serve().start().await;
    browser::with(&server, "offline", async |browser| {
        browser.open("/logs").await;
        other_pages_have_come(browser).await;
        browser.assert_clean().await;
        browser.offline(true).await;
        browser.click(LINK).await;
        browser.see(PAGE).await;
        browser.see_with("[data-testid=error]", "The server cannot be reached").await;
        browser.offline(false).await;
        let faults = browser.faults().await;
        assert!(faults.iter().all(|fault| fault.contains("/api/")), "{faults:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_downloaded_says_so_and_comes_when_it_can() {
    let server = Settings::serve().start().await;
    browser::with(&server, "missing", async |browser| {
        browser.block(&["*/assets/split_*"]).await;
        browser.open("/logs").await;
        browser.click(LINK).await;
        browser.see_with("[data-testid=page-missing]", "could not be downloaded").await;
        assert!(browser.address().await.starts_with("/metrics"), "the address is that of the page");
        // The others go on, and it is not said on them.
        browser.click("[data-testid=nav-logs]").await;
        browser.see("[data-testid=log-query]").await;
        browser.gone("[data-testid=page-missing]").await;
        browser.back().await;
        browser.click_with("[data-testid=page-missing] button", "Try again").await;
        browser.see("[data-testid=page-missing]").await;
        browser.block(&[]).await;
        browser.click_with("[data-testid=page-missing] button", "Try again").await;
        browser.see(PAGE).await;
        let faults = browser.faults().await;
        let told = |fault: &String| fault.contains("/assets/split_") || fault.contains("Failed to fetch");
        assert!(!faults.is_empty() && faults.iter().all(told), "{faults:?}");
        // By its address alone, with nothing in the way.
        let address = browser.address().await;
        browser.open(&address).await;
        browser.see(PAGE).await;
    })
    .await;
}

/// As when the binary was updated while a page was open: the file of the page's own program is no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_another_program_is_never_loaded() {
    let server = Settings::serve().start().await;
    browser::with(&server, "updated", async |browser| {
        browser.open("/logs").await;
        other_pages_have_come(browser).await;
        let script = "const [done] = arguments;
            const part = performance.getEntriesByType('resource').find(entry => entry.name.includes('/assets/split_'));
            const [known, other] = [part.name, part.name.replace(/-[0-9a-f]{16}/, '-0000000000000000')];
            Promise.all([known, other].map(url => fetch(url).then(answer =>
                [answer.status, (answer.headers.get('cache-control') ?? '').includes('immutable')]))).then(done);";
        let answers = browser.script_async(script, vec![]).await;
        assert_eq!(answers, json!([[200, true], [404, false]]));
        let faults = browser.faults().await;
        assert!(faults.iter().all(|fault| fault.contains("0000000000000000")), "{faults:?}");
    })
    .await;
}
