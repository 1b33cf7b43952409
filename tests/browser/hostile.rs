//! Telemetry is what others send: markup in it is text, on every page.

use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, attribute, text, trace_hex};
use crate::harness::server::{Server, Settings};
use serde_json::json;

const SERVICE: &str = "<img src=x onerror=\"window.hacked=1\">/../?&#é";
const SPAN: &str = "<script>window.hacked=2</script> & <b>bold</b>";
const BODY: &str = "<svg onload=\"window.hacked=3\"></svg> \u{202e}turned\u{202c} <a href=\"javascript:window.hacked=4\">x</a>";
const KEY: &str = "<i>key</i>";
const TRACE: u128 = 0xbad_0001;

async fn seed(server: &Server) {
    let span = otlp::span(TRACE, 1, 0, SPAN, now_ns() - 5_000 * MS, 900 * MS);
    let span = otlp::failed(otlp::with(span, vec![attribute(KEY, text(BODY))]), BODY);
    let mut record = otlp::inside(otlp::log(now_ns() - 4_500 * MS, 17, BODY), &span);
    record.severity_text = "<u>ERROR</u>".into();
    record.attributes = vec![attribute(KEY, text("javascript:window.hacked=5"))];
    server.sender().send(&otlp::logs(SERVICE, vec![record])).await;
    server.sender().send(&otlp::traces(SERVICE, vec![span])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_is_shown_as_text() {
    let server = Settings::serve().config("red:\n  interval_s: 1\n").start().await;
    seed(&server).await;
    browser::with(&server, "hostile", async |browser| {
        browser.open("/services").await;
        browser.see_with("[data-testid=service-row]", SERVICE).await;
        check(browser).await;
        browser.click_with("[data-testid=service-row] a", SERVICE).await;
        browser.see_with("h1", SERVICE).await;
        browser.see_with("[data-testid=operation-row]", SPAN).await;
        check(browser).await;
        browser.click("[data-testid=service-traces]").await;
        browser.see_with("[data-testid=trace-row]", SPAN).await;
        check(browser).await;
        browser.click("[data-testid=trace-row] a").await;
        browser.at(&format!("/traces/{}", trace_hex(TRACE))).await;
        browser.click("[data-testid=span-row] .service").await;
        browser.see_with("[data-testid=span-panel] h2", SPAN).await;
        browser.see_with("[data-testid=span-panel]", KEY).await;
        browser.see_with("[data-testid=span-panel]", "<svg onload").await;
        check(browser).await;
        browser.click("[data-testid=trace-logs]").await;
        browser.click_with("[data-testid=log-row]", "<svg onload").await;
        browser.see_with("[data-testid=log-detail]", "javascript:window.hacked=5").await;
        check(browser).await;
    })
    .await;
}

async fn check(browser: &Browser) {
    assert_eq!(
        browser.script("return window.hacked ?? null", vec![]).await,
        json!(null),
        "sent markup was run"
    );
    let made = "return document.querySelectorAll(\
                'main img, main script, main i, main u, main svg[onload], a[href^=javascript]').length";
    assert_eq!(browser.script(made, vec![]).await, json!(0), "sent markup became elements");
}

/// As when another program answers at this address: what it says is no answer, and the page goes on.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_cannot_be_read_are_said_and_the_page_goes_on() {
    let server = Settings::serve().start().await;
    server.sender().send(&otlp::logs("shop", vec![otlp::log(now_ns() - 1_000 * MS, 9, "paid")])).await;
    browser::with(&server, "unreadable", async |browser| {
        browser.open("/logs").await;
        browser.see_with("[data-testid=log-row]", "paid").await;
        let answers = "window.asked = window.fetch;
            window.fetch = async () => new Response(arguments[0], {headers: {'content-type': 'application/json'}})";
        for (answer, why) in [
            ("<html>Please log in</html>", "at byte 0"),
            ("{\"records\": [", "at byte 13"),
            ("{\"range\": 5}", "'{' is missing at byte 10"),
            ("{}", "missing field"),
        ] {
            browser.script(answers, vec![json!(answer)]).await;
            browser.press_focused("r").await;
            browser.see_with("[data-testid=error]", "The answer cannot be read").await;
            browser.see_with("[data-testid=error]", why).await;
            browser.script("window.fetch = window.asked", vec![]).await;
            browser.press_focused("r").await;
            browser.gone("[data-testid=error]").await;
            browser.see_with("[data-testid=log-row]", "paid").await;
        }
    })
    .await;
}
