//! How a trace is looked at: its critical path, its times by operation, another trace beside it, and what
//! is told of one that is broken.

use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, span_hex, trace_hex};
use crate::harness::server::Settings;
use crate::harness::wait::{ensure, until};
use crate::seed::{SLOW, seeded};
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);
/// As WebDriver writes them.
const DOWN: &str = "\u{e015}";
const ENTER: &str = "\u{e007}";

#[tokio::test(flavor = "multi_thread")]
async fn where_the_time_of_a_trace_went() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "where-time", async |browser| {
        browser.open(&format!("/traces/{}?{}", trace_hex(SLOW), seeded.range)).await;
        browser.see("[data-testid=span-row]").await;
        browser.click("[data-testid=toggle-path]").await;
        browser.see("[data-testid=toggle-path][aria-pressed=true]").await;
        assert!(browser.address().await.contains("path=1"));
        let label = browser.see("[data-testid=span-row].error").await.attr("aria-label").await.unwrap();
        assert!(label.as_deref().is_some_and(|label| label.contains("of the critical path")), "{label:?}");
        browser.screenshot("critical-path").await;
        browser.click("[data-testid=look-times]").await;
        operations(browser).await;
        browser.reload().await;
        browser.see("[data-testid=toggle-path][aria-pressed=true]").await;
        operations(browser).await;
        browser.screenshot("by-operation").await;
        // An operation leads to its longest span.
        browser.click("[data-testid=operation-row] button").await;
        browser.see_with("[data-testid=span-panel] h2", "charge").await;
        browser.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flame_graph_the_logs_in_line_and_the_file() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "flame", async |browser| {
        let trace = format!("/traces/{}?{}", trace_hex(SLOW), seeded.range);
        browser.open(&trace).await;
        browser.click("[data-testid=look-flame]").await;
        // From the root to its widest child and into it, by keys.
        browser.see("[data-testid=flame]").await.focus().await.unwrap();
        for key in [DOWN, DOWN, DOWN] {
            browser.press_focused(key).await;
        }
        browser.see_with("[data-testid=flame-facts]", "payment: charge").await;
        browser.press_focused(ENTER).await;
        browser.see_with("button", "Show all").await;
        assert!(browser.address().await.contains("flame="), "{}", browser.address().await);
        browser.reload().await;
        browser.see_with("[data-testid=flame-facts]", "payment: charge").await;
        browser.screenshot("flame").await;

        browser.open(&format!("{trace}&logs=1&find=charge")).await;
        browser.see_with("[data-testid=span-row-log]", "card declined by the bank").await;
        let lines = browser.texts("[data-testid=span-row], [data-testid=span-row-log]").await;
        let charge = lines.iter().position(|line| line.contains("charge") && !line.contains("charging"));
        assert!(lines[charge.unwrap() + 1].contains("charging a card"), "{lines:?}");
        assert_eq!(browser.texts(".span-row.dim").await.len(), 4, "what is not looked for stays behind");
        browser.screenshot("logs-in-line").await;
        browser.click("[data-testid=look-logs]").await;
        browser.see_with("[data-testid=trace-log-table]", "charging a card").await;
        browser.click_with("[data-testid=trace-log-table] button", "charge").await;
        browser.see_with("[data-testid=span-panel] h2", "charge").await;
        browser.screenshot("trace-logs").await;

        let read = "const [done] = arguments; fetch(document.querySelector('[data-testid=trace-file]').href)\
                    .then(answer => answer.json()).then(file => done(JSON.stringify(file)))";
        let file = browser.script_async(read, vec![]).await;
        let file = file.as_str().unwrap();
        assert!(file.contains("\"resourceSpans\"") && file.contains("\"charge\""), "{file}");
    })
    .await;
}

/// The charge has nearly all of the time itself.
async fn operations(browser: &Browser) {
    browser.see("[data-testid=operation-row]").await;
    let first = browser.texts("[data-testid=operation-row] th").await;
    assert!(first.len() == 5 && first[0].contains("charge"), "{first:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_traces_are_picked_and_laid_over_each_other() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "diff", async |browser| {
        browser.open(&format!("/traces/{}?{}", trace_hex(SLOW), seeded.range)).await;
        browser.click("[data-testid=compare-with]").await;
        browser.at("/traces?service=gateway").await;
        browser.see_with("[role=status]", "Pick one more").await;
        browser.see_with("[data-testid=trace-row]", "40").await;
        // The first that is not picked yet.
        browser.click("[data-testid=trace-row]:nth-child(2) [data-testid=pick]").await;
        browser.click("[data-testid=compare]").await;
        let address = browser.at("/traces/diff?").await;
        assert!(address.contains(&format!("a={}", trace_hex(SLOW))), "{address}");
        compared(browser).await;
        browser.screenshot("diff").await;
        browser.reload().await;
        compared(browser).await;
        browser.click("[data-testid=diff-row]:nth-child(5) a").await;
        browser.see("[data-testid=span-panel]").await;
        browser.open("/traces/diff?a=nonsense").await;
        browser.see_with(".note", "give both ids").await;
        browser.assert_clean().await;
    })
    .await;
}

async fn compared(browser: &Browser) {
    browser.see_with("[data-testid=diff-row] th", "payment: charge").await;
    let rows = browser.texts("[data-testid=diff-row]").await;
    assert_eq!(rows.len(), 5, "{rows:?}");
    assert!(rows[0].contains("gateway: POST /checkout"), "{rows:?}");
}

const BROKEN: u128 = 0xb10;

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_trace_says_what_is_odd() {
    let server = Settings::serve().start().await;
    let start = now_ns() - 30 * SECOND;
    let span = |id, parent, name: &str, offset: u64, length| {
        otlp::span(BROKEN, id, parent, name, start + offset, length)
    };
    let mut backwards = span(6, 1, "clock set back", 60 * MS, 0);
    backwards.end_time_unix_nano = backwards.start_time_unix_nano - 20 * MS;
    let spans = vec![
        span(1, 0, "GET /", 10 * MS, 100 * MS),
        span(3, 99, "lost its parent", 40 * MS, 20 * MS),
        span(4, 3, "below the lost", 45 * MS, 10 * MS),
        backwards,
    ];
    let sender = server.sender();
    sender.send(&otlp::traces("shop", spans)).await;
    sender.send(&otlp::traces("stock", vec![span(2, 1, "before its parent", 0, 30 * MS)])).await;
    browser::with(&server, "broken", async |browser| {
        browser.open(&format!("/traces/{}?path=1", trace_hex(BROKEN))).await;
        browser.see("[data-testid=span-row]").await;
        let notes = browser.texts(".note.warn").await.join("\n");
        assert!(notes.contains("parent") && notes.contains("clock"), "{notes}");
        until("the lost one says so", SHOWN, async || {
            let rows = browser.texts("[data-testid=span-row]").await;
            let lost = rows.iter().find(|row| row.contains("lost its parent"));
            ensure(rows.len() == 5 && lost.is_some_and(|row| row.contains("parent missing")), || {
                format!("{rows:?}")
            })
        })
        .await;
        browser.screenshot("broken").await;
        browser.open(&format!("/traces/{}?path=1&span={}", trace_hex(BROKEN), span_hex(6))).await;
        browser.see_with("[data-testid=span-panel]", "clock set back").await;
        browser.screenshot("broken-span").await;
        browser.assert_clean().await;
    })
    .await;
}
