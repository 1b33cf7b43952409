//! How the pages look: light and dark, wide and as narrow as a phone. The pictures are kept for people;
//! what a program can tell is held here.

use crate::axe;
use crate::browser::{self, Browser};
use crate::harness::otlp::{span_hex, trace_hex};
use crate::metrics::until_soon;
use crate::seed::{RED_SPAN, SLOW, seeded};
use serde_json::{Value, json};

/// Elements of a page: more make each change slow.
const MOST_NODES: u64 = 3_000;

/// Name, path, and what shows that the page is there.
fn pages(range: &str) -> Vec<(&'static str, String, &'static str)> {
    let trace = format!("/traces/{}?{range}", trace_hex(SLOW));
    vec![
        ("services", format!("/services?{range}"), "[data-testid=service-row]"),
        ("service", format!("/services/payment?{range}"), "[data-testid=chart]"),
        ("traces", format!("/traces?{range}"), "[data-testid=heatmap]"),
        ("trace", trace.clone(), "[data-testid=span-row]"),
        ("span", format!("{trace}&span={}", span_hex(RED_SPAN)), "[data-testid=span-panel]"),
        ("flame", format!("{trace}&view=flame"), "[data-testid=flame]"),
        ("logs-in-line", format!("{trace}&logs=1"), "[data-testid=span-row-log]"),
        ("trace-logs", format!("{trace}&view=logs"), "[data-testid=trace-log-table]"),
        ("times", format!("{trace}&view=times&path=1"), "[data-testid=operation-row]"),
        ("explain", format!("/traces/explain?{range}&min_duration=1s"), "[data-testid=explained-path]"),
        (
            "diff",
            format!("/traces/diff?a={}&b={}", trace_hex(0x1001), trace_hex(SLOW)),
            "[data-testid=diff-row]",
        ),
        ("map", format!("/map?{range}"), "[data-testid=edges]"),
        ("logs", format!("/logs?{range}"), "[data-testid=log-row]"),
        ("metrics", format!("/metrics?{range}"), "[data-testid=label-row]"),
        (
            "metric-query",
            format!(
                "/metrics?{}&query=sum by (service_name) (traces_span_metrics_calls_total)",
                until_soon()
            ),
            "[data-testid=metric-chart] canvas",
        ),
        ("alerts", "/alerts".to_owned(), "h1"),
        ("slos", "/slos".to_owned(), "h1"),
        ("no-dashboards", "/dashboards".to_owned(), "[data-testid=empty]"),
        ("import-dashboard", "/dashboards?import=1".to_owned(), "[data-testid=import-text]"),
        ("system", "/system".to_owned(), "[data-testid=ledger-row]"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_light_and_dark_wide_and_narrow() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "look", async |browser| {
        axe::everywhere(browser, async |judge| {
            for (name, path, css) in pages(&seeded.range) {
                browser.open(&path).await;
                browser.see(css).await;
                check(browser, name, judge.scheme, judge.width_px).await;
                judge.page(name).await;
            }
        })
        .await;
    })
    .await;
}

async fn check(browser: &Browser, name: &str, scheme: &str, width: u32) {
    assert_eq!(theme(browser).await, scheme, "{name} follows the system");
    let page = browser.script("return document.documentElement.scrollWidth", vec![]).await;
    assert!(page.as_u64() <= Some(width.into()), "{name} is {page} px wide on a screen of {width} px");
    let nodes = browser.script("return document.querySelectorAll('*').length", vec![]).await;
    assert!(nodes.as_u64() <= Some(MOST_NODES), "{name} has {nodes} elements");
    // Relative luminance of the background, 0 to 255.
    let background = "const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);\
                      return 0.2126 * r + 0.7152 * g + 0.0722 * b";
    let background = browser.script(background, vec![]).await.as_f64().unwrap();
    assert_eq!(background > 128.0, scheme == "light", "{name}: a background of {background} is not {scheme}");
}

async fn theme(browser: &Browser) -> Value {
    browser.script("return document.documentElement.dataset.theme", vec![]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_theme_is_switched_and_remembered() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "theme", async |browser| {
        browser.prefer("light").await;
        browser.open("/services").await;
        browser.click("[data-testid=theme-toggle]").await;
        assert_eq!(theme(browser).await, json!("dark"));
        browser.reload().await;
        browser.see("[data-testid=service-row]").await;
        assert_eq!(theme(browser).await, json!("dark"), "the choice outlives a reload");
        browser.open("/logs?theme=light").await;
        browser.see("[data-testid=log-row]").await;
        assert_eq!(theme(browser).await, json!("light"), "the address wins");
    })
    .await;
}
