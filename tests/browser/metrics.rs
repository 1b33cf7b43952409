//! The metrics page: from what is dear to the label that makes it so, and the same again by its address.

use crate::browser;
use crate::seed::seeded;

#[tokio::test(flavor = "multi_thread")]
async fn from_a_metric_to_the_labels_that_cost() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "metrics", async |browser| {
        browser.open(&format!("/metrics?{}", seeded.range)).await;
        browser.see("[data-testid=pair-row]").await;
        let of_all = browser.texts("[data-testid=cost-total]").await;
        browser.click_with("[data-testid=metric-row] a", "traces.span.metrics.duration").await;
        browser.see("[data-testid=metric-row][aria-current=true]").await;
        browser.see_with("[data-testid=label-row] th", "span_name").await;
        assert_ne!(browser.texts("[data-testid=cost-total]").await, of_all);
        let address = browser.address().await;
        assert!(address.contains("metric=traces.span.metrics.duration"), "{address}");
        browser.screenshot("metrics-chosen").await;
        let labels = browser.texts("[data-testid=label-row] th").await;
        browser.reload().await;
        browser.see_with("[data-testid=label-row] th", "span_name").await;
        assert_eq!(browser.texts("[data-testid=label-row] th").await, labels);
        browser.assert_clean().await;
    })
    .await;
}
