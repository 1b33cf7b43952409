//! From the list of traces to what sets slow spans apart: a box over the durations by mouse and by
//! keyboard, TraceQL with its mistakes, and the explanation; each again by its address.

use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, attribute, int, text};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);
const ROW: &str = "[data-testid=trace-row]";
const AREA: &str = "[data-testid=heatmap] .area";
const CARTS: u64 = 200;
/// Every fifth cart is shown by the new code, which asks the database for too much.
const SLOW_OF: u64 = 5;

/// A server with carts, and the range around them.
pub async fn carts() -> (Server, String) {
    let server = Settings::serve().start().await;
    let now = now_ns() / SECOND * SECOND;
    let (mut carts, mut queries) = (Vec::new(), Vec::new());
    for n in 0..CARTS {
        let start = now - (CARTS - n) * 2 * SECOND;
        let (trace, first) = (u128::from(n) + 1, n * 10 + 1);
        let slow = n % SLOW_OF == 0;
        let duration = if slow { 1_200 * MS + n * MS } else { 20 * MS + n % 7 * MS };
        let cart = otlp::span(trace, first, 0, "GET /cart", start, duration);
        let code = if slow { "new-cart" } else { "cart" };
        let attributes = vec![
            attribute("code.namespace", text(code)),
            attribute("cart.items", int((n * 7 % 23) as i64)),
            attribute("retried", text(if n % 3 == 0 { "yes" } else { "no" })),
        ];
        carts.push(otlp::with(cart, attributes));
        let asked = if slow { duration - 20 * MS } else { 5 * MS };
        queries.push(otlp::span(trace, first + 1, first, "SELECT items", start + 10 * MS, asked));
    }
    let sender = server.sender();
    sender.send(&otlp::traces("shop", carts)).await;
    sender.send(&otlp::traces("items", queries)).await;
    let range = format!("from={}&to={}", now - (CARTS * 2 + 60) * SECOND, now);
    (server, range)
}

async fn rows_are(browser: &Browser, what: &str, count: u64) {
    until(what, SHOWN, async || {
        let rows = browser.texts(ROW).await.len() as u64;
        let address = browser.address().await;
        ensure(rows == count, || format!("{rows} rows at {address}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_over_slow_spans_leads_to_what_sets_them_apart() {
    let (server, range) = carts().await;
    browser::with(&server, "heatmap", async |browser| {
        browser.open(&format!("/traces?{range}&service=shop&operation=GET%20%2Fcart")).await;
        rows_are(browser, "all carts", CARTS).await;
        browser.see_with("[data-testid=heatmap]", "200").await;
        browser.see("[data-testid=found-rates] canvas").await;
        browser.screenshot("heatmap").await;
        // The slow ones are in the upper half.
        browser.drag(AREA, (0.02, 0.02), (0.995, 0.3)).await;
        browser.see("[data-testid=explain]").await;
        rows_are(browser, "only the slow ones", CARTS / SLOW_OF).await;
        let address = browser.address().await;
        assert!(address.contains("min_duration=") && address.contains("max_duration="), "{address}");
        browser.screenshot("heatmap-box").await;
        browser.reload().await;
        rows_are(browser, "the same by its address", CARTS / SLOW_OF).await;
        browser.click("[data-testid=explain]").await;
        explained(browser).await;
        browser.screenshot("explain").await;
        browser.reload().await;
        explained(browser).await;
        browser.assert_clean().await;
        narrowed(browser).await;
        browser.assert_clean().await;
    })
    .await;
}

/// The new code is in all of the selected and in none of the others; the items' query has the time.
async fn explained(browser: &Browser) {
    browser.see_with("[data-testid=sides] tr", "Selected").await;
    let rows = browser.texts("[data-testid=explained-row]").await;
    let plain: Vec<String> =
        rows.iter().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(
        plain[0].starts_with("span.code.namespace")
            && plain[0].contains("new-cart")
            && plain[0].contains("100% · 40 0% · 0"),
        "{plain:?}"
    );
    assert!(!plain.iter().any(|row| row.contains("retried")), "chance sets nothing apart: {plain:?}");
    let path = browser.texts("[data-testid=explained-path] tbody tr").await;
    assert!(path[0].starts_with("items: SELECT items"), "{path:?}");
}

/// A value leads to its traces, and to what is explained without it.
async fn narrowed(browser: &Browser) {
    browser.click("[data-testid=explained-row] a.plus").await;
    browser.see_with("[data-testid=selected]", "span.code.namespace = ").await;
    browser.see_with("[data-testid=sides] tr", "40").await;
    browser.back().await;
    browser.click("[data-testid=explained-row] a.minus").await;
    browser.see_with("[data-testid=selected]", "!(span.code.namespace = ").await;
    browser.back().await;
    browser.click("[data-testid=explained-row] a[data-nav]").await;
    browser.at("/traces?").await;
    rows_are(browser, "the traces with the value", CARTS / SLOW_OF).await;
    // From a query the box goes into the query.
    browser.see(AREA).await;
    browser.drag(AREA, (0.02, 0.02), (0.5, 0.98)).await;
    until("a shorter range", SHOWN, async || {
        let rows = browser.texts(ROW).await.len() as u64;
        ensure(rows > 5 && rows < CARTS / SLOW_OF, || format!("{rows} rows"))
    })
    .await;
    let query = browser.see("#filter-query").await.prop("value").await.unwrap().unwrap();
    assert!(query.contains("code.namespace") && query.contains("duration >= "), "{query}");
}

#[tokio::test(flavor = "multi_thread")]
async fn durations_are_chosen_by_keyboard() {
    let (server, range) = carts().await;
    browser::with(&server, "heatmap-keys", async |browser| {
        browser.open(&format!("/traces?{range}&service=shop")).await;
        let area = browser.see(AREA).await;
        browser.script("arguments[0].focus()", vec![area.to_json().unwrap()]).await;
        // The first arrow shows the fullest cell; the box grows from there to the left end and upwards.
        area.send_keys("\u{e014}").await.unwrap();
        browser.see_with("[data-testid=heatmap] [role=status]", "spans").await;
        area.send_keys(format!("\u{e008}{}", "\u{e013}".repeat(12))).await.unwrap();
        area.send_keys(format!("\u{e008}{}", "\u{e012}".repeat(100))).await.unwrap();
        let told = browser.see("[data-testid=heatmap] [role=status]").await.text().await.unwrap();
        browser.screenshot("heatmap-keys").await;
        area.send_keys("\u{e007}").await.unwrap();
        until("the box is the page's", SHOWN, async || {
            let address = browser.address().await;
            ensure(address.contains("max_duration="), || format!("{address} after {told}"))
        })
        .await;
        browser.see(ROW).await;
        browser.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_is_made_of_the_fields_mistyped_and_mended() {
    let (server, range) = carts().await;
    browser::with(&server, "traceql", async |browser| {
        browser.open(&format!("/traces?{range}&service=shop&min_duration=1s")).await;
        rows_are(browser, "the slow carts", CARTS / SLOW_OF).await;
        browser.click("[data-testid=as-traceql]").await;
        let query = "{ resource.service.name = \"shop\" && duration >= 1s }";
        let field = browser.see("#filter-query").await;
        until("the fields as a query", SHOWN, async || {
            let value = field.prop("value").await.unwrap().unwrap_or_default();
            ensure(value == query, || value)
        })
        .await;
        rows_are(browser, "the same carts", CARTS / SLOW_OF).await;
        browser.assert_clean().await;

        field.clear().await.unwrap();
        field.send_keys("{ duratoin > 1s }\u{e007}").await.unwrap();
        browser.see_with("[role=alert]", "did you mean duration?").await;
        browser.see_with("[data-testid=query-mistake] mark", "d").await;
        browser.screenshot("traceql-mistake").await;
        // The browser itself reports the refusal, too.
        assert!(!browser.faults().await.is_empty());
        let field = browser.see("#filter-query").await;
        field.clear().await.unwrap();
        field.send_keys("{ name = \"GET /cart\" } > { duration > 1s } | count() > 0\u{e007}").await.unwrap();
        rows_are(browser, "carts above slow queries", CARTS / SLOW_OF).await;
        browser.gone("[data-testid=query-mistake]").await;
        browser.see_with(ROW, "SELECT items").await;
        browser.see_with("[data-testid=heatmap]", "40").await;
        let sort = browser.see("#filter-sort").await;
        sort.send_keys("slowest").await.unwrap();
        browser.see_with(ROW, "1.4").await;
        let rows = browser.texts(ROW).await;
        assert!(rows[0].contains("1.4"), "the slowest is first: {}", rows[0]);
        browser.reload().await;
        rows_are(browser, "the same by its address", CARTS / SLOW_OF).await;
        browser.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_range_leads_to_the_nearest_traces() {
    let (server, _) = carts().await;
    browser::with(&server, "nearest", async |browser| {
        let hour = 3_600 * SECOND;
        let now = now_ns();
        for (from, what) in [(now - 3 * hour, "The last after"), (now + hour, "The last before")] {
            browser
                .open(&format!("/traces?service=shop&min_duration=1s&from={from}&to={}", from + hour))
                .await;
            browser.see_with("[data-testid=nearest] li", what).await;
            browser.screenshot("nearest").await;
            browser.click("[data-testid=nearest] a").await;
            rows_are(browser, "the slow carts", CARTS / SLOW_OF).await;
        }
        browser.open(&format!("/traces?service=none&from={}&to={now}", now - hour)).await;
        browser.see_with("[data-testid=empty]", "service=none").await;
        browser.gone("[data-testid=nearest] li").await;
        browser.assert_clean().await;
    })
    .await;
}
