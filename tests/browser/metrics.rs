//! The metrics page: a query from a metric to a chart, a tree, traces, an alert and a dashboard; from what is dear
//! to the label that makes it so; and the same again by its address.

use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::SECOND;
use crate::harness::wait::{ensure, until};
use crate::seed::seeded;
use serde_json::json;
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);

/// A range with times to come: points lie on multiples of a step, the next of which is after what was sent just now.
pub fn until_soon() -> String {
    let now = now_ns();
    format!("from={}&to={}", now - 600 * SECOND, now + 60 * SECOND)
}

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

#[tokio::test(flavor = "multi_thread")]
async fn from_a_metric_to_a_query_and_what_it_leads_to() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "metric-query", async |browser| {
        browser.open(&format!("/metrics?{}", until_soon())).await;
        browser.click_with("[data-testid=metric-row] a", "traces.span.metrics.duration").await;
        let chart = "[data-testid=metric-chart] canvas";
        browser.see(chart).await;
        let input = "return document.querySelector('[data-testid=metric-query]').value";
        let begun =
            "histogram_quantile(0.95, sum(rate(traces_span_metrics_duration_seconds[$__rate_interval])))";
        assert_eq!(browser.script(input, vec![]).await, begun);
        browser.click("[data-testid=query-tree] summary").await;
        browser.see_with("[data-testid=query-node]", "rate( )").await;
        let parts = browser.texts("[data-testid=query-node]").await;
        assert_eq!(parts[..4], ["histogram_quantile( )", "0.95", "sum", "rate( )"], "{parts:?}");
        browser.see("[data-testid=metric-exemplar]").await;
        browser.screenshot("metric-query").await;

        // By the keyboard: what is typed is proposed, asked for by Enter, and in the address.
        let focus =
            "const box = document.querySelector('[data-testid=metric-query]'); box.focus(); box.select()";
        browser.script(focus, vec![]).await;
        browser.press_focused("sum by (service_name) (traces_span_metrics_ca").await;
        proposed(browser, "sum by (service_name) (traces_span_metrics_calls_total").await;
        browser.press_focused("lls_total{service_n").await;
        let labels = "sum by (service_name) (traces_span_metrics_calls_total{service_name=\"";
        proposed(browser, labels).await;
        browser.press_focused("ame=\"pay").await;
        proposed(browser, &format!("{labels}payment\"")).await;
        browser.script(focus, vec![]).await;
        browser.press_focused("sum by (service_name) (traces_span_metrics_calls_total)\u{e007}").await;
        browser.see_with(".dash-legend", "payment").await;
        browser.click("[data-testid=metric-values] summary").await;
        browser.see_with("[data-testid=dash-row]", "payment").await;
        let address = browser.address().await;
        assert!(address.contains("query=sum%20by"), "{address}");
        browser.reload().await;
        browser.see_with(".dash-legend", "payment").await;

        browser.click("[data-testid=metric-dashboard]").await;
        browser.see("[data-testid=new-title]").await.send_keys("Calls\u{e007}").await.unwrap();
        browser.see_with("[data-testid=dash-panel] h2", "sum by (service_name)").await;
        browser.open(&address).await;
        browser.click("[data-testid=metric-alert]").await;
        browser.see("#edit-expr").await;
        let expr = browser.script("return document.querySelector('#edit-expr').value", vec![]).await;
        assert_eq!(expr, "sum by (service_name) (traces_span_metrics_calls_total)");
        browser.open(&address).await;
        browser.click("[data-testid=metric-slo]").await;
        browser.see("#edit-total").await;
        let total = browser.script("return document.querySelector('#edit-total').value", vec![]).await;
        assert_eq!(total, "sum by (service_name) (traces_span_metrics_calls_total)");
        browser.assert_clean().await;
    })
    .await;
}

async fn proposed(browser: &Browser, query: &str) {
    let options = "return [...document.querySelectorAll('[id=metric-names] option')].map(of => of.value)";
    until("it is proposed", SHOWN, async || {
        let found = browser.script(options, vec![]).await;
        ensure(found.as_array().is_some_and(|all| all.contains(&json!(query))), || {
            format!("{query}: {found}")
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_query_is_told_and_the_page_stays() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "metric-mistake", async |browser| {
        browser.open(&format!("/metrics?{}&query=rate(up)", seeded.range)).await;
        browser.see_with("[data-testid=error]", "expected type range vector").await;
        browser.see("[data-testid=metric-row]").await;
        let faults = browser.faults().await;
        assert!(faults.iter().all(|fault| fault.contains("400")), "{faults:?}");
    })
    .await;
}
