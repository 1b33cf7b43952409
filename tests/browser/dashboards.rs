//! Dashboards in the browser: from a service to one of one's own, one of Grafana taken over, and the same page again
//! from its address.

use crate::axe;
use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::SECOND;
use crate::harness::server::Server;
use crate::harness::wait::{ensure, until};
use crate::seed::{Seeded, seeded};
use ocelli_api::dashboards::Dashboard;
use serde_json::{Value, json};
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);
/// As WebDriver writes it.
const ENTER: &str = "\u{e007}";
const MARKUP: &str = "<img src=x onerror=\"window.hacked=1\"><b>bold</b>";

pub async fn create(server: &Server, body: Value) -> Dashboard {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(server.api.url("/api/dashboards")).json(&body).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// A panel of every kind, with a variable, and one whose query fails only when it is asked.
pub fn every_kind() -> Value {
    let calls = "sum by (service_name) (traces_span_metrics_calls_total{service_name=~\"$service\"})";
    let panel = |title: &str, kind: &str, x: u32, y: u32, query: Value| json!({ "title": title, "kind": kind, "grid": { "x": x, "y": y, "w": 8, "h": 7 }, "queries": [query] });
    json!({
        "title": "Every kind", "description": "One of each", "tags": ["test", "shop"],
        "variables": [
            { "name": "service", "title": "Service", "kind": "services", "multi": true, "include_all": true, "default": ["$__all"] },
            { "name": "one", "kind": "label_values", "label": "service_name", "selector": "traces_span_metrics_calls_total" },
        ],
        "panels": [
            panel("Rate", "time_series", 0, 0, json!({ "expr": calls })),
            panel("Number", "stat", 8, 0, json!({ "language": "red", "expr": "payment", "measure": "p95" })),
            panel("Bars", "bar", 16, 0, json!({ "language": "logs", "expr": "* | stats count() by (service)" })),
            panel("Rows", "table", 0, 7, json!({ "expr": calls, "instant": true })),
            panel("Heat", "heatmap", 8, 7, json!({ "language": "traceql", "expr": "{ } | histogram_over_time(duration)" })),
            panel("Records of $one", "logs", 16, 7, json!({ "language": "logs", "expr": "service:$service \"card declined\"" })),
            panel("Slow", "traces", 0, 14, json!({ "language": "traceql", "expr": "{ duration > 2s }" })),
            panel("Wrong", "time_series", 8, 14, json!({ "expr": "rate(traces_span_metrics_calls_total{service_name=\"$service\"}[5m])" })),
            { "kind": "text", "title": "Words", "grid": { "x": 16, "y": 14, "w": 8, "h": 7 }, "text": "# Head\n- an **item** of $one\nsee https://example.org/x." },
        ],
    })
}

/// A range that ends after the last point of the figures.
fn address(seeded: &Seeded) -> String {
    let from = seeded.range.split('&').next().unwrap();
    format!("/dashboards/every-kind?{from}&to={}", now_ns() + 30 * SECOND)
}

async fn panel(browser: &Browser, title: &str, css: &str, text: &str) {
    browser.see_with(&format!("[data-testid=dash-panel][aria-label^=\"{title}\"] {css}"), text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_of_every_kind_and_the_same_from_its_address() {
    let seeded = seeded().await;
    create(&seeded.server, every_kind()).await;
    browser::with(&seeded.server, "dashboard", async |browser| {
        browser.open(&address(&seeded)).await;
        look_at_all(browser).await;
        only_the_wrong_one_failed(browser).await;
        // A variable is chosen, and stands in the address.
        browser.click("[data-testid=dash-variables] summary").await;
        browser.click_with("[data-testid=dash-variables] li label", "gateway").await;
        let before = browser.at("/dashboards/every-kind?").await;
        panel(browser, "Rate", ".dash-legend", "gateway").await;
        until("the others are gone", SHOWN, async || {
            let legend = browser.texts("[data-testid=dash-panel][aria-label=Rate] .dash-legend li").await;
            ensure(legend.len() == 1, || format!("{legend:?}"))
        })
        .await;
        // One value can stand where several could not.
        browser.gone("[data-testid=dash-panel][aria-label=Wrong] [data-testid=error]").await;
        let shared = browser.address().await;
        assert!(shared.contains("var-service=gateway"), "{before} became {shared}");
        browser.open(&shared).await;
        panel(browser, "Rate", ".dash-legend", "gateway").await;
        assert_eq!(browser.texts("[data-testid=dash-panel][aria-label=Rate] .dash-legend li").await.len(), 1);
        // From a panel to the page of its signal, and from a row to its trace.
        browser.click("[data-testid=dash-panel][aria-label=Slow] [data-testid=dash-menu]").await;
        browser.click_with(".dash-menu a", "Open in traces").await;
        browser.at("/traces?").await;
        browser.see("[data-testid=trace-row]").await;
        browser.back().await;
        browser.click("[data-testid=dash-trace] a").await;
        browser.at("/traces/").await;
        browser.see("[data-testid=span-row]").await;
    })
    .await;
}

async fn look_at_all(browser: &Browser) {
    panel(browser, "Rate", ".dash-legend", "payment").await;
    panel(browser, "Number", "[data-testid=dash-stat]", "s").await;
    panel(browser, "Bars", "[data-testid=dash-bar]", "payment").await;
    panel(browser, "Rows", "[data-testid=dash-row]", "gateway").await;
    panel(browser, "Heat", "canvas", "").await;
    // The variable without a default has the first that is offered.
    panel(browser, "Records of auth", "[data-testid=dash-log]", "card declined by the bank").await;
    let script = "document.querySelector('[data-testid=dash-panel][aria-label=Words]').scrollIntoView()";
    browser.script(script, vec![]).await;
    panel(browser, "Slow", "[data-testid=dash-trace]", "POST /checkout").await;
    panel(browser, "Words", "strong", "item").await;
    panel(browser, "Words", ".dash-text", "an item of auth").await;
    panel(browser, "Wrong", "[data-testid=error]", "$service: several values are chosen").await;
}

async fn only_the_wrong_one_failed(browser: &Browser) {
    assert_eq!(browser.texts("[data-testid=error]").await.len(), 1);
    browser.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_makes_a_dashboard_of_itself() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "service-dashboard", async |browser| {
        browser.open(&format!("/services/payment?{}", seeded.range)).await;
        browser.see("[data-testid=operation-row]").await;
        browser.click("[data-testid=make-dashboard]").await;
        browser.see("[data-testid=new-title]").await.send_keys(ENTER).await.unwrap();
        browser.at("/dashboards/payment").await;
        // Two points are needed for a rate, and the second may be after the page was opened.
        until("the operations have rates", SHOWN, async || {
            browser.press("r").await;
            let legend = browser.texts("[data-testid=dash-panel][aria-label=\"Rate by operation\"]").await;
            ensure(legend[0].contains("charge"), || format!("{legend:?}"))
        })
        .await;
        panel(browser, "Duration", ".dash-legend", "p99").await;
        // The keyboard alone: to the list, to the row, and away with it.
        browser.press("gd").await;
        browser.at("/dashboards").await;
        browser.see_with("[data-testid=dashboard-row]", "payment").await;
        browser.press("j").await;
        browser.press_focused(ENTER).await;
        browser.at("/dashboards/payment").await;
        browser.see("[data-testid=dash-panel]").await;
        browser.press("gd").await;
        browser.click_with("[data-testid=dashboard-row] button", "Delete").await;
        browser.accept().await;
        browser.see_with("[data-testid=empty]", "There is no dashboard yet").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_of_grafanas_is_seen_before_it_is_saved() {
    let seeded = seeded().await;
    let grafana = json!({
        "title": "From elsewhere", "schemaVersion": 39, "annotations": { "list": [] },
        "panels": [
            { "type": "timeseries", "title": "Up", "gridPos": { "x": 0, "y": 0, "w": 12, "h": 8 },
              "datasource": { "type": "prometheus" }, "targets": [{ "refId": "A", "expr": "up" }] },
            { "type": "nodeGraph", "title": MARKUP, "gridPos": { "x": 12, "y": 0, "w": 12, "h": 8 }, "targets": [] },
        ],
    });
    browser::with(&seeded.server, "import", async |browser| {
        browser.open("/dashboards").await;
        browser.click("[data-testid=import-dashboard]").await;
        let text = browser.see("[data-testid=import-text]").await;
        text.send_keys("{\"title\": 1}").await.unwrap();
        browser.click("[data-testid=import-look]").await;
        browser.see_with("[data-testid=error]", "It is no dashboard").await;
        text.clear().await.unwrap();
        text.send_keys(grafana.to_string()).await.unwrap();
        browser.click("[data-testid=import-look]").await;
        browser.see_with("[data-testid=import-found]", "panel").await;
        browser.see_with("[data-testid=left-out]", MARKUP).await;
        assert_eq!(axe::violations(browser).await, Vec::<String>::new());
        let kept: Value = seeded.server.api.get("/api/dashboards", &[]).await;
        assert_eq!(kept["dashboards"], json!([]), "nothing is saved by looking");
        browser.click("[data-testid=import-save]").await;
        browser.at("/dashboards/from-elsewhere").await;
        browser.see_with("[data-testid=dash-panel]", "Up").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_others_are_text() {
    let seeded = seeded().await;
    create(&seeded.server, json!({
        "id": "hostile", "title": MARKUP, "description": MARKUP, "tags": [MARKUP],
        "variables": [{ "name": "v", "title": MARKUP, "kind": "custom", "options": [MARKUP], "multi": true }],
        "panels": [
            { "title": MARKUP, "description": MARKUP, "kind": "text", "text": format!("# {MARKUP}\njavascript:window.hacked=2 $v") },
            { "title": "$v", "grid": { "x": 12 }, "queries": [{ "expr": "vector(1)", "legend": MARKUP }] },
        ],
    }))
    .await;
    browser::with(&seeded.server, "hostile-dashboard", async |browser| {
        browser.open("/dashboards").await;
        browser.see_with("[data-testid=dashboard-row]", MARKUP).await;
        browser.see_with("[data-testid=tags]", MARKUP).await;
        browser.click("[data-testid=dashboard-row] a").await;
        browser.see_with("h1", MARKUP).await;
        browser.see_with("[data-testid=dash-variables] summary", MARKUP).await;
        browser.see_with(".dash-text", MARKUP).await;
        browser.see_with(".dash-legend", MARKUP).await;
        let made = "return [window.hacked ?? null, document.querySelectorAll('main img, main b, a[href^=javascript]').length]";
        assert_eq!(browser.script(made, vec![]).await, json!([null, 0]), "markup became elements");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn light_and_dark_wide_and_narrow() {
    let seeded = seeded().await;
    create(&seeded.server, every_kind()).await;
    browser::with(&seeded.server, "look-dashboards", async |browser| {
        axe::everywhere(browser, async |judge| {
            judge.pages(&[("dashboards", "/dashboards", "[data-testid=dashboard-row]")]).await;
            browser.open(&address(&seeded)).await;
            panel(browser, "Rate", ".dash-legend", "payment").await;
            judge.page("dashboard").await;
        })
        .await;
    })
    .await;
}
