//! The way of a person with a problem: services → a service → its slowest trace → the red span → its
//! logs; back by the browser's button; and every stop again by its address alone.

use crate::browser::{self, Browser, PHONE};
use crate::harness::otlp::{span_hex, trace_hex};
use crate::harness::wait::{ensure, until};
use crate::seed::{RED_SPAN, SERVICES, SLOW, seeded};
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);

/// A stop on the way: its address, and what is to be seen there.
struct Stop {
    address: String,
    css: &'static str,
    texts: Vec<String>,
}

impl Stop {
    async fn note(browser: &Browser, css: &'static str) -> Stop {
        let texts = browser.texts(css).await;
        Stop { address: browser.address().await, css, texts }
    }

    /// The same is shown as when the stop was noted.
    async fn is_shown(&self, browser: &Browser) {
        until(&format!("{} shows what it showed", self.address), SHOWN, async || {
            let address = browser.address().await;
            ensure(address == self.address, || format!("the address is {address}"))?;
            let texts = browser.texts(self.css).await;
            ensure(texts == self.texts, || format!("{:?} is now {texts:?}", self.texts))
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_service_to_the_logs_of_its_red_span_and_back() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "walk", async |browser| {
        let stops = walk(browser, &seeded.range).await;
        for stop in stops.iter().rev().skip(1) {
            browser.back().await;
            stop.is_shown(browser).await;
        }
        browser.assert_clean().await;
        for stop in &stops {
            browser.open(&stop.address).await;
            stop.is_shown(browser).await;
        }
    })
    .await;
}

async fn walk(browser: &Browser, range: &str) -> Vec<Stop> {
    browser.open(&format!("/services?{range}")).await;
    let mut stops = vec![Stop::note(browser, "[data-testid=service-row] a").await];
    assert_eq!(stops[0].texts, SERVICES);

    browser.click_with("[data-testid=service-row] a", "payment").await;
    browser.at("/services/payment?").await;
    browser.see("[data-testid=chart]").await;
    stops.push(Stop::note(browser, "[data-testid=operation-row]").await);

    browser.click("[data-testid=service-slowest]").await;
    browser.at("/traces?").await;
    stops.push(Stop::note(browser, "[data-testid=trace-row]").await);
    let first = &stops[2].texts[0];
    assert!(first.contains("POST /checkout") && first.contains("2.5"), "the slowest comes first: {first}");

    // The trace is opened at the span of `payment`, for which it was found.
    browser.click("[data-testid=trace-row] a").await;
    browser.at(&format!("/traces/{}", trace_hex(SLOW))).await;
    browser.see("[data-testid=span-panel]").await;
    stops.push(Stop::note(browser, "[data-testid=span-row]").await);
    let red = browser.texts("[data-testid=span-row].error").await;
    assert!(red.len() == 1 && red[0].contains("charge"), "one span is red: {red:?}");

    browser.click_with("[data-testid=span-row] .operation", "check token").await;
    browser.see_with("[data-testid=span-panel] h2", "check token").await;
    browser.gone("[data-testid=span-panel] .note.error").await;
    stops.push(Stop::note(browser, "[data-testid=span-panel] h2").await);

    browser.click("[data-testid=span-row].error .operation").await;
    browser.see_with("[data-testid=span-panel]", "card declined").await;
    browser.see_with("[data-testid=span-panel]", "5001").await;
    browser.see_with("[data-testid=span-log]", "card declined by the bank").await;
    assert!(browser.address().await.contains(&format!("span={}", span_hex(RED_SPAN))));
    stops.push(Stop::note(browser, "[data-testid=span-panel] h2, [data-testid=span-log]").await);

    browser.click("[data-testid=trace-logs]").await;
    browser.at("/logs?").await;
    browser.see("[data-testid=histogram]").await;
    stops.push(Stop::note(browser, "[data-testid=log-row]").await);
    let records = &stops[6].texts;
    assert_eq!(records.len(), 2, "{records:?}");

    browser.click_with("[data-testid=log-row]", "card declined").await;
    browser.see_with("[data-testid=log-detail]", &trace_hex(SLOW)).await;
    stops.push(Stop::note(browser, "[data-testid=log-detail] .body-text").await);
    stops
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_search_is_typed_mended_and_shared() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "search", async |browser| {
        browser.open(&format!("/logs?{}", seeded.range)).await;
        browser.see_with("[data-testid=log-row]", "payment made").await;
        let search = browser.see("[data-testid=log-query]").await;
        search.send_keys("level:error \"card declined\"\n").await.unwrap();
        browser.at("/logs?").await;
        until("only the error is left", SHOWN, async || {
            let rows = browser.texts("[data-testid=log-row]").await;
            ensure(rows.len() == 1 && rows[0].contains("card declined by the bank"), || format!("{rows:?}"))
        })
        .await;
        let shared = browser.address().await;
        assert!(shared.contains("q=level:error"), "{shared}");
        // A mistake is shown at its place, in the server's words. The refusal is in the browser's log too.
        browser.open(&format!("/logs?q=level:error%20%22card&{}", seeded.range)).await;
        browser.see_with("[data-testid=error]", "quote").await;
        browser.see_with("[data-testid=query-mistake]", "\"card").await;
        let faults = browser.faults().await;
        assert!(
            faults.iter().all(|fault| fault.contains("400") && fault.contains("/api/logs")),
            "{faults:?}"
        );
        browser.open(&shared).await;
        assert_eq!(browser.texts("[data-testid=log-row]").await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_range_is_typed_and_kept_from_page_to_page() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "range", async |browser| {
        browser.open("/services").await;
        browser.see_with("[data-testid=service-row]", "payment").await;
        browser.click("[data-testid=time-button]").await;
        for (field, value) in [("time-from", "now-1h"), ("time-to", "now")] {
            let field = browser.see(&format!("[data-testid={field}]")).await;
            field.clear().await.unwrap();
            field.send_keys(value).await.unwrap();
        }
        browser.press("\u{e007}").await;
        browser.click_with("button", "Apply").await;
        browser.at("/services?from=now-1h&to=now").await;
        for (page, path) in [("traces", "/traces"), ("logs", "/logs"), ("services", "/services")] {
            browser.click(&format!("[data-testid=nav-{page}]")).await;
            browser.at(&format!("{path}?from=now-1h&to=now")).await;
        }
        // A moment is on the clock that the page shows.
        browser.open("/traces?tz=utc").await;
        browser.click("[data-testid=time-button]").await;
        let field = browser.see("[data-testid=time-from]").await;
        field.clear().await.unwrap();
        field.send_keys("2026-01-02 03:04").await.unwrap();
        browser.click_with("button", "Apply").await;
        browser.at("/traces?tz=utc&from=2026-01-02T03:04:00Z").await;
        browser.assert_clean().await;
        // A mistyped path is told within the page, with the ways on.
        browser.open("/nowhere").await;
        browser.see_with("h1", "There is no page here").await;
        browser.click_with("main a", "Logs").await;
        browser.at("/logs").await;
        let faults = browser.faults().await;
        assert!(faults.iter().all(|fault| fault.contains("404")), "{faults:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_room_on_a_phone_is_in_its_menu() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "phone-menu", async |browser| {
        browser.resize(PHONE).await;
        for (label, css) in [("Go to…", "[data-testid=palette]"), ("Keyboard", "dialog[open]")] {
            browser.open(&format!("/services?{}", seeded.range)).await;
            browser.click("button.menu").await;
            browser.screenshot("phone-menu").await;
            browser.click_with("#pages button", label).await;
            browser.see(css).await;
        }
        browser.assert_clean().await;
    })
    .await;
}
