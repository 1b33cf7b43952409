//! How long the pages take and what they download, measured in the browser: a trace of 100,000 spans, a
//! thousand log records.

use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, trace_hex};
use crate::harness::server::Settings;
use crate::seed::seeded;
use serde_json::json;
use std::time::{Duration, Instant};

const TRACE: u128 = 0xb16;
const SPANS: u64 = 100_000;
const SPANS_A_REQUEST: u64 = 5_000;
const RECORDS: u64 = 1_000;

/// From the end of the answer to the first frame with rows in it.
const TRACE_PAINT_MS: f64 = 400.0;
const LOGS_PAINT_MS: f64 = 100.0;
/// From the click to the next frame.
const FOLD_ALL_MS: f64 = 30.0;
/// From the click to the frame with the flame graph or the statistics of all spans.
const LOOK_MS: f64 = 200.0;
/// From the click on a link of the bar to the first frame of the other page.
const ROUTE_MS: f64 = 100.0;
/// Of one core, while a thousand records a second come in.
const LIVE_SHARE: f64 = 0.25;
const LIVE_SECONDS: u64 = 6;
const LIVE_A_SECOND: u64 = 1_000;
/// Program and scripts of a page that is often the first, and everything there is, as compressed.
const FIRST_VISIT_BYTES: u64 = 300_000;
const ALL_BYTES: u64 = 500_000;
/// The tests run in parallel on few cores: they find what is slow by its nature, benches find the rest.
const BUSY: f64 = 4.0;

/// Answers with the time since the answer to a request whose URL holds `arguments[0]`, at the first frame
/// in which `arguments[1]` is there.
const PAINTED: &str = "
    const [url, css, done] = arguments;
    const look = () => {
        const answers = performance.getEntriesByType('resource').filter(entry => entry.name.includes(url));
        const end = answers.at(-1)?.responseEnd;
        if (end > 0 && document.querySelector(css)) done(performance.now() - end);
        else requestAnimationFrame(look);
    };
    look();";
/// Clicks `arguments[0]` and answers with the time to the frame in which `arguments[1]` is there.
const ROUTED: &str = "
    const [link, css, done] = arguments;
    const start = performance.now();
    document.querySelector(link).click();
    const look = () => {
        if (document.querySelector(css)) requestAnimationFrame(() => done(performance.now() - start));
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";
const FOLDED: &str = "
    const done = arguments[0];
    const button = [...document.querySelectorAll('button')].find(button => button.title === 'Fold all');
    const start = performance.now();
    button.click();
    requestAnimationFrame(() => done(performance.now() - start));";

/// The names of the UI's files and their sizes as they came, when the part that comes last is there.
const DOWNLOADED: &str = "
    const done = arguments[0];
    const look = () => {
        const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
        const files = all.filter(entry => !entry.name.includes('/api/'));
        const late = files.find(entry => entry.name.includes('split_'));
        if (late?.encodedBodySize > 0) done(files.map(entry => [entry.name, entry.encodedBodySize]));
        else setTimeout(look, 20);
    };
    look();";

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_downloads_little() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "downloads", async |browser| {
        browser.open("/logs").await;
        browser.see("[data-testid=log-query]").await;
        let files: Vec<(String, u64)> =
            serde_json::from_value(browser.script_async(DOWNLOADED, Vec::new()).await).unwrap();
        let of = |is: fn(&str) -> bool| -> u64 {
            files.iter().filter(|(name, _)| is(name)).map(|(_, bytes)| bytes).sum()
        };
        let first = of(|name| (name.ends_with(".js") || name.ends_with(".wasm")) && !name.contains("split_"));
        let all = of(|_| true);
        println!("first visit: {first} bytes, the budget is {FIRST_VISIT_BYTES}; all: {all}, {ALL_BYTES}");
        assert!(files.iter().any(|(name, bytes)| name.ends_with("_bg.wasm") && *bytes > 0), "{files:?}");
        assert!(first < FIRST_VISIT_BYTES && all < ALL_BYTES, "{files:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_answers_are_shown_quickly() {
    let server = Settings::serve().start().await;
    let start = now_ns() - 60 * SECOND;
    for first in (0..SPANS).step_by(SPANS_A_REQUEST as usize) {
        let spans = (first..first + SPANS_A_REQUEST).map(|n| nested(n, start)).collect();
        server.sender().send(&otlp::traces("big", spans)).await;
    }
    let records = (0..RECORDS).map(|n| otlp::log(start + n * MS, 9, &format!("record {n}"))).collect();
    server.sender().send(&otlp::logs("big", records)).await;
    browser::with(&server, "budget", async |browser| {
        let trace = trace_hex(TRACE);
        browser.open(&format!("/traces/{trace}")).await;
        let row = "[data-testid=span-row]";
        within(
            "100k spans: first paint",
            TRACE_PAINT_MS,
            browser,
            PAINTED,
            &[&format!("/api/traces/{trace}"), row],
        )
        .await;
        within("100k spans: fold all", FOLD_ALL_MS, browser, FOLDED, &[]).await;
        assert!(browser.texts(row).await.len() < 200, "only what is seen is in the page");
        for (look, css) in [("flame", "[data-testid=flame]"), ("times", "[data-testid=operation-row]")] {
            let link = format!("[data-testid=look-{look}]");
            within(&format!("100k spans: {look}"), LOOK_MS, browser, ROUTED, &[&link, css]).await;
        }
        browser.open("/logs").await;
        let row = "[data-testid=log-row]";
        within("1000 log records: first paint", LOGS_PAINT_MS, browser, PAINTED, &["/api/logs?", row]).await;
        assert!(browser.texts(row).await.len() < 200, "only what is seen is in the page");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_change_at_once() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "routes", async |browser| {
        browser.open(&format!("/services?{}", seeded.range)).await;
        browser.see("[data-testid=service-row]").await;
        for (page, css) in [
            ("traces", ".filters-form"),
            ("logs", "[data-testid=log-query]"),
            ("metrics", "input[aria-label='Find a metric']"),
            ("map", "input[aria-label^='Find']"),
            ("services", "[data-testid=service-row], .late"),
        ] {
            let link = format!("[data-testid=nav-{page}]");
            within(&format!("to {page}"), ROUTE_MS, browser, ROUTED, &[&link, css]).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_records_a_second_are_watched_with_little() {
    let server = Settings::serve().start().await;
    browser::with(&server, "live-budget", async |browser| {
        browser.open("/logs?live=1").await;
        browser.see_with("[data-testid=log-live]", "Watching").await;
        let sender = server.sender();
        let before = browser.cpu_seconds().await;
        let started = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        for batch in 0..LIVE_SECONDS * 10 {
            tick.tick().await;
            let records = (0..LIVE_A_SECOND / 10)
                .map(|n| otlp::log(now_ns() + n, 9, &format!("request {batch}-{n} of somebody took {n} ms")));
            sender.send(&otlp::logs("busy", records.collect())).await;
        }
        let all = format!("{}", LIVE_SECONDS * LIVE_A_SECOND / 1000);
        browser.see_with("[data-testid=log-live]", &format!("{all}\u{202f}000")).await;
        let share = (browser.cpu_seconds().await - before) / started.elapsed().as_secs_f64();
        println!("{LIVE_A_SECOND} records a second: {share:.3} of a core, the budget is {LIVE_SHARE}");
        assert!(share < LIVE_SHARE, "{share:.3} of a core, the budget is {LIVE_SHARE}");
    })
    .await;
}

/// A tree in which every span has eight children.
fn nested(n: u64, start: u64) -> otlp::Span {
    let parent = if n == 0 { 0 } else { (n - 1) / 8 + 1 };
    otlp::span(TRACE, n + 1, parent, &format!("step {}", n % 50), start + n * 1000, 100 * MS)
}

async fn within(what: &str, budget_ms: f64, browser: &Browser, script: &str, arguments: &[&str]) {
    let arguments = arguments.iter().map(|argument| json!(argument)).collect();
    let took_ms = browser.script_async(script, arguments).await.as_f64().unwrap();
    println!("{what}: {took_ms:.1} ms, the budget is {budget_ms} ms");
    assert!(took_ms < BUSY * budget_ms, "{what} took {took_ms:.1} ms, the budget is {budget_ms} ms");
}
