//! The map of services: drawn and as a table, by mouse and by keyboard, to services and to traces.

use crate::browser::{self, Browser, DESKTOP, PHONE};
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND, SpanKind, attribute, text};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use serde_json::{Value, json};
use std::time::Duration;

const FIGURES: Duration = Duration::from_secs(30);
/// What is drawn of a service.
const NODE: &str = "[data-testid=map-node] .node";
const ROUNDS: u64 = 20;
/// Who calls whom; a database has `:` before its name.
const CALLS: [(&str, &str); 14] = [
    ("web", "gateway"),
    ("mobile", "gateway"),
    ("gateway", "auth"),
    ("gateway", "cart"),
    ("gateway", "checkout"),
    ("cart", ":carts"),
    ("checkout", "cart"),
    ("checkout", "payment"),
    ("checkout", "shipping"),
    ("payment", ":ledger"),
    ("auth", ":users"),
    ("shipping", "checkout"),
    ("cart", "cart"),
    ("web", "auth"),
];

/// A server that has seen the calls, some of them failed, and the range around them.
async fn shop() -> (Server, String) {
    let server = Settings::serve().config("red:\n  interval_s: 1\n").start().await;
    let now = now_ns() / SECOND * SECOND;
    for (number, (client, callee)) in CALLS.iter().enumerate() {
        let (mut calls, mut answers) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS * (1 + number as u64 % 3) {
            let id = (number as u64 + 1) * 10_000 + round * 10;
            let start = now - 100 * SECOND + round * SECOND;
            let call = otlp::span(u128::from(id), id + 1, 0, "call", start, 20 * MS + number as u64 * MS);
            let call = otlp::of_kind(call, SpanKind::Client);
            match callee.strip_prefix(':') {
                Some(database) => {
                    calls.push(otlp::with(call, vec![attribute("db.namespace", text(database))]))
                }
                None => {
                    let answer = otlp::span(u128::from(id), id + 2, id + 1, "answer", start + MS, 10 * MS);
                    let fails = *callee == "payment" && round % 7 == 0;
                    answers.push(if fails { otlp::failed(answer, "declined") } else { answer });
                    calls.push(call);
                }
            }
        }
        server.sender().send(&otlp::traces(client, calls)).await;
        if !answers.is_empty() {
            server.sender().send(&otlp::traces(callee, answers)).await;
        }
    }
    until("all edges are counted", FIGURES, async || {
        let range = [("from", "now-5m"), ("to", "now")];
        let graph: Value = server.api.try_get("/api/service_graph", &range).await?;
        let edges = graph["edges"].as_array().map_or(0, Vec::len);
        ensure(edges == CALLS.len(), || graph.to_string())
    })
    .await;
    let range = format!("from={}&to={}", now - 300 * SECOND, now_ns());
    (server, range)
}

#[tokio::test(flavor = "multi_thread")]
async fn services_and_calls_are_drawn_and_lead_on() {
    let (server, range) = shop().await;
    browser::with(&server, "map", async |browser| {
        browser.open(&format!("/map?{range}")).await;
        browser.see_with("[data-testid=edge-row] th", "gateway → checkout").await;
        browser.see(NODE).await;
        assert_eq!(count(browser, "[data-testid=map-edge] .edge").await, CALLS.len());
        assert_eq!(count(browser, NODE).await, 11);
        let payment = row(browser, "checkout → payment").await;
        assert!(payment.contains(" 40 ") && payment.contains("✖ 6 "), "counts are whole: {payment}");
        look(browser, &range).await;
        find(browser, &range).await;
        keyboard(browser, &range).await;
        for (call, traces) in [("checkout → payment", 40), ("auth → users", 40), ("cart → cart", 20)] {
            browser.open(&format!("/map?{range}")).await;
            browser
                .click(&format!(
                    "[data-testid=edge-row] a[aria-label='Traces of {}']",
                    call.replace('→', "to")
                ))
                .await;
            browser.at("/traces?").await;
            until(&format!("the traces of {call}"), FIGURES, async || {
                let rows = browser.texts("[data-testid=trace-row]").await.len();
                ensure(rows == traces, || format!("{rows}, not {traces}"))
            })
            .await;
        }
        browser.assert_clean().await;
    })
    .await;
}

async fn count(browser: &Browser, css: &str) -> usize {
    let script = "return document.querySelectorAll(arguments[0]).length";
    browser.script(script, vec![json!(css)]).await.as_u64().unwrap() as usize
}

async fn row(browser: &Browser, call: &str) -> String {
    let rows = browser.texts("[data-testid=edge-row]").await;
    let row = rows.iter().find(|row| row.contains(call)).unwrap_or_else(|| panic!("{call} in {rows:?}"));
    row.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn find(browser: &Browser, range: &str) {
    browser.open(&format!("/map?{range}&find=payment")).await;
    browser.see_with("[data-testid=edge-row] th", "payment → ledger").await;
    assert_eq!(count(browser, NODE).await, 3);
    // One is hidden, and shown again; by its name alone its neighbours are left.
    browser.open(&format!("/map?{range}")).await;
    browser.see("[data-testid=edge-row]").await;
    let all = count(browser, NODE).await;
    browser.click("[data-testid=map-names] a[aria-label='Hide payment']").await;
    browser.gone("[data-testid=map-names] a[aria-label='Hide payment']").await;
    assert!(count(browser, NODE).await < all);
    let address = browser.address().await;
    assert!(address.contains("hide=payment"), "{address}");
    browser.reload().await;
    browser.click("[data-testid=show-all]").await;
    browser.see("[data-testid=map-names] a[aria-label='Hide payment']").await;
    assert_eq!(count(browser, NODE).await, all);
    browser.click("[data-testid=map-names] a[aria-label='Only calls of payment']").await;
    browser.at("/map?").await;
    browser.gone("[data-testid=show-all]").await;
    until("its neighbours are left", FIGURES, async || {
        let nodes = count(browser, NODE).await;
        ensure(nodes == 3, || format!("{nodes} nodes"))
    })
    .await;
    browser.open(&format!("/map?{range}&find=nobody")).await;
    browser.see_with("[data-testid=empty]", "nobody").await;
    browser.gone("[data-testid=edge-row]").await;
}

/// `g p` leads here, `j` to the calls and services, Enter to what they stand for.
async fn keyboard(browser: &Browser, range: &str) {
    browser.open(&format!("/services?{range}")).await;
    browser.see("[data-testid=service-row]").await;
    browser.press("gp").await;
    browser.at("/map?").await;
    browser.see(NODE).await;
    browser.press("j").await;
    browser.see("[data-testid=map-edge]:focus .edge").await;
    // The last is `web`; a link of SVG takes keys as the element that has the focus.
    let script = "[...document.querySelectorAll('[data-testid=map-node]')].at(-1).focus()";
    browser.script(script, vec![]).await;
    browser.see("[data-testid=map-node]:focus .node").await;
    browser.press_focused("\u{e007}").await;
    browser.at("/services/web").await;
}

async fn look(browser: &Browser, range: &str) {
    for scheme in ["dark", "light"] {
        browser.prefer(scheme).await;
        for size in [PHONE, DESKTOP] {
            browser.resize(size).await;
            browser.open(&format!("/map?{range}")).await;
            browser.see(NODE).await;
            browser.screenshot(&format!("shop-map-{scheme}-{}", size.0)).await;
        }
    }
}
