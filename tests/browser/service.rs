//! The page of a service: when its versions came, how they differ, what fails, and what it logs.

use crate::browser;
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, attribute, text};
use crate::harness::server::Settings;

#[tokio::test(flavor = "multi_thread")]
async fn new_versions_are_marked_and_lead_to_their_traces() {
    let server = Settings::serve().config("red:\n  interval_s: 1\n").start().await;
    let start = now_ns() - 300 * SECOND;
    for n in 0..20u64 {
        let version = if n < 12 { "1.4.0" } else { "1.5.0" };
        let id = n + 1;
        let span = otlp::span(u128::from(id), id, 0, "POST /order", start + n * 10 * SECOND, 10 * MS);
        let mut request = otlp::traces("order", vec![span]);
        for of in &mut request.resource_spans {
            let resource = of.resource.get_or_insert_default();
            resource.attributes.push(attribute("service.version", text(version)));
        }
        server.sender().send(&request).await;
    }
    browser::with(&server, "versions", async |browser| {
        browser.open("/services/order").await;
        browser.see_with("[data-testid=deploys]", "1.5.0").await;
        let all = browser.texts("[data-testid=deploys] li").await;
        assert_eq!(all.len(), 1, "what was there from the beginning is not new: {all:?}");
        browser.screenshot("versions").await;
        browser.click("[data-testid=deploys] a").await;
        browser.at("/traces?").await;
        browser.see("[data-testid=trace-row]").await;
        assert_eq!(browser.texts("[data-testid=trace-row]").await.len(), 8);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_errors_and_patterns_tell_why() {
    let server = Settings::serve().config("red:\n  interval_s: 1\n").start().await;
    let start = now_ns() - 300 * SECOND;
    for n in 0..20u64 {
        let is_new = n >= 12;
        let id = n + 1;
        let took = if is_new { 400 * MS } else { 10 * MS };
        let mut span = otlp::span(u128::from(id), id, 0, "POST /order", start + n * 10 * SECOND, took);
        if is_new && n % 2 == 0 {
            span = otlp::failed(span, "card <b>declined</b> \"hard\"");
        }
        let mut request = otlp::traces("order", vec![span]);
        for of in &mut request.resource_spans {
            let resource = of.resource.get_or_insert_default();
            let version = if is_new { "1.5.0" } else { "1.4.0" };
            resource.attributes.push(attribute("service.version", text(version)));
        }
        server.sender().send(&request).await;
        let record = otlp::log(start + n * 10 * SECOND, 9, &format!("order {n} took {took} ns"));
        server.sender().send(&otlp::logs("order", vec![record])).await;
    }
    browser::with(&server, "service-why", async |browser| {
        browser.open("/services/order").await;
        browser.see_with("[data-testid=versions]", "1.5.0").await;
        let versions = browser.texts("[data-testid=versions] tbody tr").await;
        assert!(versions[0].contains("1.4.0") && versions[0].contains("\t0%"), "{versions:?}");
        assert!(versions[1].contains("1.5.0") && versions[1].contains("50%"), "{versions:?}");
        let errors = browser.texts("[data-testid=error-kind]").await;
        assert_eq!(errors.len(), 1);
        assert!(errors[0].contains("card <b>declined</b> \"hard\""), "{errors:?}");
        browser.click("[data-testid=service-patterns] summary").await;
        browser.see_with("[data-testid=log-patterns]", "order <").await;
        browser.screenshot("service-why").await;
        browser.click("[data-testid=error-kind] a").await;
        browser.at("/traces?").await;
        browser.see("[data-testid=trace-row]").await;
        assert_eq!(browser.texts("[data-testid=trace-row]").await.len(), 4);
        browser.back().await;
        browser.see("[data-testid=versions] a").await;
        browser.click("[data-testid=versions] tbody tr:nth-child(2) a").await;
        browser.at("/traces?").await;
        browser.see("[data-testid=trace-row]").await;
        assert_eq!(browser.texts("[data-testid=trace-row]").await.len(), 8);
    })
    .await;
}
