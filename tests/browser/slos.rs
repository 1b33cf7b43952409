//! The pages of objectives: from the most at risk to what burned its budget, and to the traces of that.

use crate::axe;
use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, span_hex, trace_hex};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::slos::SlosResponse;
use std::time::Duration;

/// Points of a minute have a quarter of one to come in.
const COUNTED: Duration = Duration::from_secs(180);
const CONFIG: &str = "
red: {interval_s: 1}
slos:
- {name: availability, objective: 99, window: 30d, availability: {service: checkout}}
- {name: availability, objective: 99, window: 30d, availability: {service: cart}}
";

/// A tenth of the calls of `checkout` has failed, and none of `cart`.
async fn burned() -> Server {
    let server = Settings::serve().config(CONFIG).start().await;
    let start = now_ns() - SECOND;
    for (number, service) in ["checkout", "cart"].into_iter().enumerate() {
        let spans = (1..=100).map(|n| {
            let id = number as u64 * 1_000 + n;
            let span = otlp::span(u128::from(id), id, 0, "POST /order", start, 10 * MS);
            if service == "checkout" && n % 10 == 0 { otlp::failed(span, "no") } else { span }
        });
        server.sender().send(&otlp::traces(service, spans.collect())).await;
    }
    until("the budgets are known", COUNTED, async || {
        let answer: SlosResponse = server.api.try_get("/api/slos", &[]).await?;
        let left: Vec<_> = answer.slos.iter().filter_map(|slo| slo.budget_left).collect();
        ensure(left.len() == 2, || format!("{left:?}"))
    })
    .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_most_at_risk_to_what_burned_it() {
    let server = burned().await;
    browser::with(&server, "slos", async |browser| {
        browser.open("/services").await;
        browser.see_with("[data-testid=risk-tile]", "checkout-availability").await;
        browser.press("go").await;
        browser.at("/slos").await;
        let rows = browser.texts("[data-testid=slo-row]").await;
        assert!(rows.len() == 2 && rows[0].contains("checkout") && rows[0].contains('−'), "{rows:?}");
        browser.press("j").await;
        browser.press_focused("\u{e007}").await;
        browser.at("/slos/checkout-availability").await;
        detail(browser).await;
        browser.open("/slos?find=cart").await;
        browser.see_with("[data-testid=slo-row]", "100%").await;
        assert_eq!(browser.texts("[data-testid=slo-row]").await.len(), 1);
        // A span names the objectives that it counted for.
        browser.open(&format!("/traces/{}?span={}", trace_hex(10), span_hex(10))).await;
        browser.see_with("[data-testid=span-slos]", "checkout-availability counted as bad").await;
        assert_eq!(browser.texts("[data-testid=span-slos] li").await.len(), 1);
        browser.open(&format!("/traces/{}?span={}", trace_hex(9), span_hex(9))).await;
        browser.see_with("[data-testid=span-slos]", "checkout-availability counted as good").await;
        browser.open("/services/cart").await;
        browser.see_with("[data-testid=service-slos]", "cart-availability").await;
        look(browser).await;
    })
    .await;
}

async fn detail(browser: &Browser) {
    browser.see_with("[data-testid=slo-figures]", "90%").await;
    assert_eq!(browser.texts("[data-testid=burn-row]").await.len(), 4);
    browser.see("[data-testid=chart]").await;
    browser.see_with("[data-testid=spend-row]", "POST /order").await;
    browser.see("[data-testid=bad-interval]").await;
    let address = browser.address().await;
    browser.click_with("[data-testid=bad-interval] a", "Traces").await;
    browser.at("/traces?").await;
    browser.see("[data-testid=trace-row]").await;
    browser.back().await;
    browser.see_with("[data-testid=slo-figures]", "90%").await;
    assert_eq!(browser.address().await, address);
}

async fn look(browser: &Browser) {
    let pages = [
        ("slos", "/slos", "[data-testid=slo-row]"),
        ("slo", "/slos/checkout-availability", "[data-testid=bad-interval]"),
    ];
    axe::everywhere(browser, async |judge| judge.pages(&pages).await).await;
}
