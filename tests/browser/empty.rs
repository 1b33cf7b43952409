//! An empty store: how to send the first signal, counters that live, and the way on when it comes.

use crate::browser;
use crate::harness::now_ns;
use crate::harness::otlp;
use crate::harness::server::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_is_waited_for() {
    let server = Settings::serve().config("red:\n  interval_s: 1\n").start().await;
    browser::with(&server, "empty", async |browser| {
        browser.open("/").await;
        browser.see_with("[data-testid=waiting]", "Waiting for the first signal").await;
        // What is to be pasted speaks of this server.
        browser.see_with("[data-testid=waiting] pre", &format!("{}/v1/logs", server.push_url())).await;
        for way in ["Python", "Node.js", "Standard output"] {
            browser.click_with("[data-testid=waiting] [role=tab]", way).await;
            browser.see("[data-testid=waiting] [role=tab][aria-selected=true]").await;
        }
        browser.screenshot("empty-light-1440").await;

        // A span that can't be kept is counted, and the page goes on waiting.
        let rejected = otlp::span(0, 1, 0, "no trace", now_ns(), 1000);
        let answer = server.sender().try_send(&otlp::traces("shop", vec![rejected])).await.unwrap();
        assert!(answer.partial_success.is_some());
        browser.see_with("[data-testid=waiting] tr", "1 invalid_trace_id").await;
        let refused = server.sender();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/v1/logs", server.push_url());
        assert_eq!(client.post(url).body("?").send().await.unwrap().status(), 415);
        browser.see_with("[data-testid=waiting] li", "unsupported_content_type").await;

        refused.send(&otlp::traces("shop", vec![otlp::span(1, 1, 0, "GET /", now_ns(), 1000)])).await;
        browser.gone("[data-testid=waiting]").await;
        browser.see_with("[data-testid=service-row]", "shop").await;
        // What was not taken stays in sight, with the way to all of it.
        let refused = browser.see_with("[data-testid=ingest-tile]", "invalid_trace_id").await;
        assert!(refused.text().await.unwrap().contains("unsupported_content_type"));
        browser.click("[data-testid=ingest-tile] a").await;
        browser.see("[data-testid=ledger-row]").await;
    })
    .await;
}
