//! The page of a service: when its versions came.

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
