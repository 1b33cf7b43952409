//! The page of logs: values of fields that narrow the query, patterns, figures, records around one and
//! as they come in, and files; each by its address too.

use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, attribute, int, text};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);
const ROW: &str = "[data-testid=log-row]";
const RECORDS: u64 = 300;

/// Every tenth record fails; half are of one route.
async fn shop() -> (Server, u64) {
    let server = Settings::serve().start().await;
    let start = now_ns() - 400 * SECOND;
    let records = (0..RECORDS).map(|n| {
        let (severity, body) = match n % 10 {
            0 => (17, format!("card of user u-{n} declined")),
            _ => (9, format!("order {n} placed in {} ms", n % 7)),
        };
        let mut record = otlp::log(start + n * SECOND, severity, &body);
        let route = if n % 2 == 0 { "/cart" } else { "/pay" };
        record.attributes = vec![attribute("http.route", text(route)), attribute("took_ms", int(n as i64))];
        record
    });
    server.sender().send(&otlp::logs("shop", records.collect())).await;
    (server, start)
}

async fn rows_are(browser: &Browser, what: &str, holds: impl Fn(&[String]) -> bool) {
    until(what, SHOWN, async || {
        let rows = browser.texts(ROW).await;
        ensure(holds(&rows), || format!("{rows:?}"))
    })
    .await;
}

/// Asks for newer records, and waits until that was answered so many times.
async fn newer(browser: &Browser, times: u64) {
    browser.click("[data-testid=log-newer]").await;
    let script = "return performance.getEntriesByType('resource')\
                  .filter(entry => entry.name.includes('direction=newer') && entry.responseEnd > 0).length";
    until("newer records are asked for", SHOWN, async || {
        let answers = browser.script(script, vec![]).await.as_u64().unwrap_or_default();
        ensure(answers == times, || format!("{answers} answers, not {times}"))
    })
    .await;
}

/// By its address alone, the same is seen again.
async fn again(browser: &Browser, css: &str, text: &str) {
    let address = browser.address().await;
    browser.open(&address).await;
    browser.see_with(css, text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_narrow_the_query_and_patterns_and_figures_are_shown() {
    let (server, start) = shop().await;
    browser::with(&server, "logs", async |browser| {
        let range = format!("from={start}&to={}", start + RECORDS * SECOND);
        browser.open(&format!("/logs?{range}")).await;
        let facets = "[data-testid=log-facets]";
        browser.see_with(facets, "http.route").await;
        browser.click(&format!("{facets} a[aria-label='Only level error']")).await;
        browser.at("/logs?").await;
        rows_are(browser, "only errors are left", |rows| rows.iter().all(|row| row.contains("declined")))
            .await;
        browser.click(&format!("{facets} a[aria-label='Not service shop']")).await;
        browser.see_with("[data-testid=empty]", "level:error -service:shop").await;
        browser.back().await;
        again(browser, ROW, "declined").await;

        browser.click("[data-testid=toggle-facets]").await;
        browser.gone(facets).await;
        browser.click("[data-testid=tab-patterns]").await;
        browser.see_with("[data-testid=log-patterns]", "card of user <*> declined").await;
        again(browser, "[data-testid=log-patterns]", "30").await;
        browser.click_with("[data-testid=log-patterns] a", "declined").await;
        rows_are(browser, "the pattern's records", |rows| rows.iter().all(|row| row.contains("declined")))
            .await;

        let query = "placed%20%7C%20stats%20count()%2C%20max(took_ms)%20by%20(http.route)";
        browser.open(&format!("/logs?q={query}&{range}")).await;
        until("the figures", SHOWN, async || {
            let rows = browser.texts("[data-testid=log-figures] tbody tr").await;
            let rows: Vec<String> =
                rows.iter().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
            ensure(rows == ["/pay 150 299", "/cart 120 298"], || format!("{rows:?}"))
        })
        .await;
        browser.open(&format!("/logs?q=took_mss:5&{range}")).await;
        browser.see_with("[data-testid=log-hints]", "took_ms").await;
        // A link to a record that is not among the newest leads to it all the same.
        let id = server.api.all_logs("service:shop", 100).await.last().unwrap().id.clone();
        browser.open(&format!("/logs?{range}&record={id}")).await;
        browser.click("[data-testid=log-elsewhere] a").await;
        browser.see("[data-testid=log-detail]").await;
        browser.open("/logs?from=2020-01-01&to=2020-01-02").await;
        browser.click("[data-testid=log-hints] a").await;
        browser.see_with(ROW, "order").await;
        browser.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_around_one_as_they_come_in_and_as_files() {
    let (server, start) = shop().await;
    browser::with(&server, "live", async |browser| {
        let range = format!("from={start}&to={}", start + RECORDS * SECOND);
        browser.open(&format!("/logs?q=level:error&{range}")).await;
        browser.click_with(ROW, "u-290 ").await;
        browser.click("[data-testid=log-around]").await;
        browser.see_with("[data-testid=log-context]", "same resource").await;
        rows_are(browser, "neighbours", |rows| {
            rows.windows(2).any(|pair| pair[0].contains("order 291 ") && pair[1].contains("u-290 "))
        })
        .await;
        again(browser, ROW, "order 289 ").await;

        browser.click("[data-testid=tab-live]").await;
        browser.see_with("[data-testid=log-live]", "Watching").await;
        let record = |n: u64, body: &str| otlp::log(now_ns() + n * MS, 17, body);
        server
            .sender()
            .send(&otlp::logs("shop", vec![record(0, "first live"), record(1, "second live")]))
            .await;
        rows_are(browser, "the newest is first", |rows| {
            rows.len() == 2 && rows[0].contains("second live") && rows[1].contains("first live")
        })
        .await;
        browser.click_with(ROW, "first live").await;
        browser.see_with("[data-testid=log-detail]", "first live").await;

        // What lies behind the end of the range is found from the first page on.
        browser.open(&format!("/logs?q=level:error&{range}")).await;
        browser.see_with(ROW, "u-290 ").await;
        newer(browser, 1).await;
        browser.see_with(ROW, "second live").await;
        // Nothing is newer now; what comes after that is found by the same question.
        newer(browser, 2).await;
        server.sender().send(&otlp::logs("shop", vec![record(2, "third live")])).await;
        newer(browser, 3).await;
        browser.see_with(ROW, "third live").await;
        let file = browser.see("[data-testid=export-csv]").await.attr("href").await.unwrap().unwrap();
        let file = reqwest::get(server.api.url(&file)).await.unwrap().text().await.unwrap();
        assert_eq!(file.lines().count(), 31, "a head and thirty errors: {file}");
        browser.assert_clean().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_wrapped_lines_colours_and_trees() {
    let server = Settings::serve().start().await;
    let start = now_ns() - 60 * SECOND;
    let mut routed = otlp::log(start, 9, "\u{1b}[31mred\u{1b}[0m and plain");
    routed.attributes = vec![attribute("http.route", text("/cart"))];
    let json = otlp::log(start + SECOND, 9, r#"{"order": {"id": 77, "items": ["a", "b"]}, "paid": true}"#);
    let long = otlp::log(start + 2 * SECOND, 9, &"long ".repeat(40_000));
    server.sender().send(&otlp::logs("shop", vec![routed, json, long])).await;
    browser::with(&server, "log-looks", async |browser| {
        browser.open("/logs?cols=http.route").await;
        browser.see_with("[data-testid=log-columns]", "http.route").await;
        rows_are(browser, "the column has its value, colours are no text", |rows| {
            rows.len() == 3 && rows[2].contains("/cart") && rows[2].contains("red and plain")
        })
        .await;
        assert_eq!(browser.texts(".ansi-red").await, ["red"]);
        // Two hundred kilobytes are one row like the others.
        let clipped = browser.texts(ROW).await[0].len();
        assert!((1_000..8_000).contains(&clipped), "{clipped} bytes of the long line are shown");
        browser.click("[data-testid=toggle-wrap]").await;
        browser.see(".log-list.wrap").await;
        again(browser, ".log-list.wrap", "plain").await;
        browser.screenshot("logs-wrapped").await;

        browser.click_with(ROW, "order").await;
        browser.see_with("[data-testid=log-detail] .tree-json", "77").await;
        browser.click("[data-testid=log-tree]").await;
        browser.see_with("[data-testid=log-detail] .body-text .value", "\"order\"").await;
        browser.click_with(ROW, "plain").await;
        browser.click("[data-testid=log-detail] a[aria-label='Column http.route']").await;
        browser.gone("[data-testid=log-columns]").await;

        browser.open("/logs?live=1").await;
        browser.see_with("[data-testid=log-live]", "Watching").await;
        browser.click("[data-testid=log-pause]").await;
        browser.see_with("[data-testid=log-live]", "Paused").await;
        server.sender().send(&otlp::logs("shop", vec![otlp::log(now_ns(), 9, "while paused")])).await;
        browser.see_with("[data-testid=log-live]", "waiting").await;
        assert_eq!(
            browser
                .script("return document.querySelectorAll('[data-testid=log-row] .body').length", vec![])
                .await,
            0
        );
        browser.click("[data-testid=log-pause]").await;
        browser.see_with(ROW, "while paused").await;
    })
    .await;
}
