//! Objectives and rules are made, changed and deleted in the browser: what is wrong is told at its field, and what
//! would have been is seen before it is saved.

use crate::axe;
use crate::browser::{self, Browser};
use crate::harness::now_ns;
use crate::harness::otlp::{self, MS, SECOND};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::services::ServicesResponse;
use ocelli_api::slos::SloPreviewResponse;
use serde_json::json;
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(30);
/// A slot of a minute must be over.
const COUNTED: Duration = Duration::from_secs(120);
/// Leaves the field.
const TAB: &str = "\u{e004}";

/// A tenth of the calls of `checkout` has failed, some minutes ago.
async fn burned() -> Server {
    let server = Settings::serve().config("red: {interval_s: 1}\n").start().await;
    let span = |n: u64| {
        let start = now_ns() - (900 - 4 * n) * SECOND;
        let span = otlp::span(u128::from(n), n, 0, "POST /order", start, 10 * MS);
        if n.is_multiple_of(10) { otlp::failed(span, "no") } else { span }
    };
    server.sender().send(&otlp::traces("checkout", (1..=100).map(span).collect())).await;
    let log = |n: u64| otlp::log(now_ns() - (900 - 4 * n) * SECOND, 9, "login failed");
    server.sender().send(&otlp::logs("login", (1..=100).map(log).collect())).await;
    until("the service is known", SHOWN, async || {
        let answer: ServicesResponse = server.api.try_get("/api/services", &[("from", "now-1h")]).await?;
        ensure(answer.services.len() == 1, || format!("{:?}", answer.services))
    })
    .await;
    // Where its slots lie hangs on its name.
    let yaml = "slos: [{name: availability, objective: 99, availability: {service: checkout}}]";
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    until("all calls can be counted", COUNTED, async || {
        let request = client.post(server.api.url("/api/slos/preview")).json(&json!({ "yaml": yaml }));
        let answer: SloPreviewResponse = request.send().await.unwrap().json().await.unwrap();
        let events = answer.slos[0].slo.events;
        ensure(events.good + events.bad == 100.0, || format!("{events:?}"))
    })
    .await;
    server
}

/// Puts a text in the place of what a field holds, and leaves it.
async fn fill(browser: &Browser, key: &str, text: &str) {
    let field = browser.see(&format!("#edit-{key}")).await;
    field.clear().await.unwrap();
    field.send_keys(format!("{text}{TAB}")).await.unwrap();
}

async fn choose(browser: &Browser, key: &str, option: &str) {
    browser.click(&format!("#edit-{key} option[value={option}]")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objective_from_its_form_to_its_end() {
    let server = burned().await;
    browser::with(&server, "slo-editor", async |browser| {
        make(browser).await;
        change(browser, &server).await;
        as_text(browser).await;
        browser.click_with("button", "Delete").await;
        browser.accept().await;
        browser.at("/slos").await;
        browser.see_with("[data-testid=empty]", "There is no objective yet").await;
    })
    .await;
}

async fn make(browser: &Browser) {
    browser.open("/slos?from=now-1h&to=now").await;
    browser.see("[data-testid=empty]").await;
    browser.click("[data-testid=new-slo]").await;
    browser.at("/slos?").await;
    // The service that was seen is suggested, and then its operations.
    let suggested = async |list: &str, name: &str| {
        let script = "return [...document.getElementById(arguments[0]).options].map(option => option.value)";
        until("it is suggested", SHOWN, async || {
            let found = browser.script(script, vec![json!(list)]).await;
            ensure(found == json!([name]), || format!("{found}"))
        })
        .await;
    };
    suggested("edit-service-list", "checkout").await;
    fill(browser, "service", "checkout").await;
    suggested("edit-operation-list", "POST /order").await;
    fill(browser, "objective", "120").await;
    browser.see_with("#edit-objective-wrong", "above 0 and below 100").await;
    browser.see_with("#edit-name-wrong", "needs a name").await;
    fill(browser, "objective", "99").await;
    browser.gone("#edit-objective-wrong").await;
    fill(browser, "name", "availability").await;
    browser.see_with("[data-testid=verdict]", "would have paged once").await;
    browser.see_with("[data-testid=slo-figures]", "10 bad of 100").await;
    browser.see("[data-testid=editor] [data-testid=chart]").await;
    browser.click("[data-testid=save]").await;
    browser.at("/slos/checkout-availability").await;
    browser.see_with("[data-testid=slo-figures]", "of 99%").await;
}

async fn change(browser: &Browser, server: &Server) {
    browser.click("[data-testid=edit]").await;
    fill(browser, "objective", "95").await;
    browser.see("[data-testid=verdict]").await;
    // Somebody else is faster.
    let text = "slos: [{name: availability, objective: 90, availability: {service: checkout}}]";
    let url = server.api.url("/api/slos/checkout-availability?revision=1");
    let request = reqwest::Client::new().put(url).header("Content-Type", "application/yaml").body(text);
    assert_eq!(request.send().await.unwrap().status(), 200);
    browser.click("[data-testid=save]").await;
    browser.see_with("[data-testid=error]", "is at revision 2, not 1").await;
    only_faults_of(browser, "/api/slos/checkout-availability").await;
    browser.click("[data-testid=save-over]").await;
    browser.see_with("[data-testid=slo-figures]", "of 95%").await;
    browser.gone("[data-testid=editor]").await;
}

async fn as_text(browser: &Browser) {
    browser.click("[data-testid=edit]").await;
    browser.click("[data-testid=as-text]").await;
    let text = browser.see("[data-testid=document]").await;
    assert!(text.value().await.unwrap().unwrap().contains("objective: 95"));
    // There and back: what the text says now is in the form.
    text.clear().await.unwrap();
    let changed = "slos:\n- {name: availability, objective: 96, availability: {service: checkout}}";
    text.send_keys(format!("{changed}{TAB}")).await.unwrap();
    browser.click_with("[data-testid=as-text]", "As a form").await;
    let objective = browser.see("#edit-objective").await;
    assert_eq!(objective.value().await.unwrap().as_deref(), Some("96"));
    browser.click_with("[data-testid=as-text]", "As text").await;
    let text = browser.see("[data-testid=document]").await;
    text.clear().await.unwrap();
    text.send_keys(format!("slos:\n- {{name: availability, objectiv: 9}}{TAB}")).await.unwrap();
    browser.see_with("[data-testid=problems]", "2:24: slos[0]: unknown field `objectiv`").await;
    let text = browser.see("[data-testid=document]").await;
    text.clear().await.unwrap();
    // A form has no place for the labels.
    let labelled = "slos:\n- {name: availability, objective: 98, labels: {team: shop}, availability: {service: checkout}}";
    text.send_keys(format!("{labelled}{TAB}")).await.unwrap();
    browser.see("[data-testid=verdict]").await;
    let display = "return getComputedStyle(document.querySelector('[data-testid=as-text]')).display";
    assert_eq!(browser.script(display, vec![]).await, "none");
    browser.click("[data-testid=save]").await;
    browser.see_with("[data-testid=slo-figures]", "of 98%").await;
    browser.click("[data-testid=edit]").await;
    browser.see("[data-testid=document]").await;
    browser.open("/slos/checkout-availability").await;
    browser.see("[data-testid=slo-figures]").await;
}

/// What was refused on purpose, and nothing else.
async fn only_faults_of(browser: &Browser, path: &str) {
    let faults = browser.faults().await;
    assert!(!faults.is_empty() && faults.iter().all(|fault| fault.contains(path)), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_from_its_form_to_its_end() {
    let server = burned().await;
    browser::with(&server, "rule-editor", async |browser| {
        browser.open("/alerts").await;
        browser.click_with(".tabs-nav a", "Rules").await;
        browser.see("[data-testid=empty]").await;
        browser.click("[data-testid=new-rule]").await;
        fill(browser, "name", "logins").await;
        fill(browser, "alert", "FailedLogins").await;
        choose(browser, "language", "logql").await;
        fill(browser, "expr", "sum(count_over_time({service_name=\"login\"}[5m]").await;
        browser.see_with("#edit-expr-wrong", "could not parse expression").await;
        fill(browser, "expr", "sum(count_over_time({service_name=\"login\"}[5m])) > 10").await;
        browser.gone("#edit-expr-wrong").await;
        browser.see_with("[data-testid=verdict]", "FailedLogins would have fired once in 1d").await;
        browser.see("[data-testid=episode]").await;
        browser.see("[data-testid=editor] [data-testid=chart]").await;
        browser.click("[data-testid=save]").await;
        browser.see_with("[data-testid=saved]", "FailedLogins would have fired once in 1d").await;
        browser.see_with("[data-testid=group-row]", "FailedLogins").await;
        browser.click_with("[data-testid=group-row] a", "Edit").await;
        fill(browser, "for", "5x").await;
        browser.see_with("#edit-for-wrong", "a duration such as 30s").await;
        fill(browser, "for", "1h").await;
        browser.see_with("[data-testid=verdict]", "FailedLogins would never have fired in 1d").await;
        browser.click("[data-testid=save]").await;
        browser.see_with("[data-testid=saved]", "would never have fired in 1d").await;
        browser.click_with("[data-testid=group-row] button", "Delete").await;
        browser.accept().await;
        browser.see("[data-testid=empty]").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn editors_fit_every_screen() {
    let server = burned().await;
    browser::with(&server, "editors-look", async |browser| {
        axe::everywhere(browser, async |judge| {
            for name in ["slo-editor", "slo-ratio", "slo-text", "rule-editor"] {
                open(browser, name).await;
                judge.page(name).await;
            }
        })
        .await;
    })
    .await;
}

async fn open(browser: &Browser, name: &str) {
    if name == "rule-editor" {
        browser.open("/alerts?view=rules&new=1").await;
        for (key, text) in [
            ("name", "logins"),
            ("alert", "FailedLogins"),
            ("expr", "sum(count_over_time({service_name=\"login\"}[5m])) > 10"),
        ] {
            fill(browser, key, text).await;
        }
        choose(browser, "language", "logql").await;
        browser.see("[data-testid=episode]").await;
        browser.see("[data-testid=chart]").await;
        return;
    }
    browser.open("/slos?new=1").await;
    if name == "slo-ratio" {
        choose(browser, "kind", "ratio").await;
        fill(browser, "good", "sum(rate(x[5m])").await;
        browser.see_with("#edit-total-wrong", "a ratio needs `total`").await;
        return;
    }
    fill(browser, "service", "checkout").await;
    fill(browser, "name", "availability").await;
    browser.see("[data-testid=verdict]").await;
    browser.see("[data-testid=chart]").await;
    if name == "slo-text" {
        browser.click("[data-testid=as-text]").await;
        browser.see("[data-testid=document]").await;
    }
}
