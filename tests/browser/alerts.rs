//! The alerts page: from what fires to its expression and a silence of it that is seen before it is saved; by
//! mouse, by keyboard, and again by address alone.

use crate::axe;
use crate::browser::{self, Browser, DESKTOP};
use crate::harness::now_ns;
use crate::harness::otlp::{self, NumberDataPoint, SECOND};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::alerts::{AlertState, AlertsResponse};
use serde_json::json;
use std::time::Duration;
use tempfile::TempDir;

const FIRES: Duration = Duration::from_secs(60);
const SHOWN: Duration = Duration::from_secs(20);

const RULES: &str = r#"
groups:
- name: shop
  interval: 1s
  rules:
  - alert: QueueIsLong
    expr: queue_length > 10
    labels: {severity: page}
    annotations: {summary: "{{ $labels.queue }} has {{ $value }} waiting"}
  - alert: QueueGrows
    expr: queue_length > 5
    for: 1h
    labels: {severity: ticket}
"#;

const ROUTES: &str = "
route: {receiver: team, group_by: [alertname]}
receivers: [{name: team}]
";

/// Names of queues, and how many wait in each.
const QUEUES: [(&str, i64); 3] = [("mail", 40), ("print", 12), ("scan", 7)];

fn waiting((queue, length): (&str, i64)) -> NumberDataPoint {
    let point = otlp::int_point(now_ns() - SECOND, length);
    NumberDataPoint { attributes: vec![otlp::attribute("queue", otlp::text(queue))], ..point }
}

/// A server with two alerts that fire, of the queues `mail` and `print`, and three that are pending.
async fn alarmed() -> (Server, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (rules, routes) = (file("rules.yml", RULES), file("routes.yml", ROUTES));
    let config = format!("rule_files: ['{rules}']\nalerting: {{config_file: '{routes}'}}\n");
    let server = Settings::serve().config(&config).start().await;
    until("two alerts fire and three are pending", FIRES, async || {
        server.sender().send(&otlp::gauge("shop", "queue_length", QUEUES.map(waiting).to_vec())).await;
        let answer: AlertsResponse = server.api.try_get("/api/alerts", &[]).await?;
        let count = |state| answer.alerts.iter().filter(|alert| alert.state == state).count();
        let counts = (count(AlertState::Firing), count(AlertState::Pending));
        ensure(counts == (2, 3), || format!("{counts:?}"))
    })
    .await;
    (server, dir)
}

#[tokio::test(flavor = "multi_thread")]
async fn from_an_alert_to_its_silence_and_back() {
    let (server, _dir) = alarmed().await;
    browser::with(&server, "alerts", async |browser| {
        filter(browser).await;
        one_alert(browser).await;
        acknowledge(browser).await;
        silence(browser).await;
        receivers(browser).await;
        keyboard(browser).await;
    })
    .await;
}

async fn filter(browser: &Browser) {
    browser.open("/alerts?from=now-30m&to=now").await;
    rows(browser, 5).await;
    browser.see_with("[data-testid=firing-count]", "2").await;
    browser.click("[data-testid=state-firing]").await;
    rows(browser, 2).await;
    assert!(browser.address().await.contains("state=firing"));
    let find = browser.see("[data-find]").await;
    find.send_keys("queue=~\"ma.*|x\"").await.unwrap();
    rows(browser, 1).await;
    let shared = browser.address().await;
    browser.open(&shared).await;
    browser.see_with("[data-testid=alert-row]", "mail has 40 waiting").await;
    rows(browser, 1).await;
}

async fn one_alert(browser: &Browser) {
    browser.click("[data-testid=alert-row] th a").await;
    browser.at("/alerts/").await;
    browser.see_with("[data-testid=expression]", "queue_length > 10").await;
    browser.see("[data-testid=chart]").await;
    browser.see_with("[data-testid=change-row]", "Firing").await;
    assert!(browser.address().await.contains("from=now-30m"), "the range is kept");
    let address = browser.address().await;
    browser.reload().await;
    browser.see_with("[data-testid=alert-facts]", "40").await;
    assert_eq!(browser.address().await, address);
}

/// Both queues are told of together; the checkbox takes the other one on too.
async fn acknowledge(browser: &Browser) {
    let button = browser.see("[data-testid=acknowledge]").await;
    assert!(!button.is_enabled().await.unwrap(), "by nobody");
    browser.see_with("[data-testid=acknowledge-form]", "1 other that is").await;
    for (field, text) in [("acknowledge-author", "Ada"), ("acknowledge-note", "paper is on its way")] {
        browser.see(&format!("#{field}")).await.send_keys(text).await.unwrap();
    }
    let mut wrong = axe::judge(browser, "acknowledge", "light", DESKTOP.0).await;
    browser.click("[data-testid=acknowledge]").await;
    browser.see_with("[data-testid=acknowledged]", "Acknowledged by Ada").await;
    browser.see_with("[data-testid=acknowledged]", "paper is on its way").await;
    wrong.extend(axe::judge(browser, "acknowledged", "light", DESKTOP.0).await);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let here = browser.address().await;
    browser.open("/alerts").await;
    until("both are taken on", SHOWN, async || {
        let marks = browser.texts("[data-testid=acknowledged-by]").await;
        ensure(marks == ["taken on by Ada"; 2], || format!("{marks:?}"))
    })
    .await;
    browser.open(&here).await;
    browser.click_with("[data-testid=acknowledged] button", "Take back").await;
    browser.see("[data-testid=acknowledge-form]").await;
    let author = browser.see("#acknowledge-author").await.value().await.unwrap();
    assert_eq!(author.as_deref(), Some("Ada"), "the browser remembers");
}

async fn silence(browser: &Browser) {
    browser.click("[data-testid=silence-this]").await;
    browser.at("/alerts?").await;
    browser.see_with("[data-testid=silence-preview]", "It would hide 1 of").await;
    let save = browser.see("[data-testid=silence-save]").await;
    assert!(!save.is_enabled().await.unwrap(), "nobody hides anything for no reason");
    for (field, text) in [("silence-author", "Ada"), ("silence-why", "the printer is being moved")] {
        browser.see(&format!("#{field}")).await.send_keys(text).await.unwrap();
    }
    browser.click("[data-testid=silence-save]").await;
    browser.see_with("[data-testid=silence-row]", "the printer is being moved").await;
    browser.click("[data-testid=edit-silence]").await;
    browser.see_with("[data-testid=silence-save]", "Change").await;
    let why = browser.see("#silence-why").await;
    assert_eq!(why.value().await.unwrap().as_deref(), Some("the printer is being moved"));
    why.send_keys(" again").await.unwrap();
    browser.click("[data-testid=silence-save]").await;
    browser.see_with("[data-testid=silence-row]", "the printer is being moved again").await;
    browser.open("/alerts?view=silences").await;
    browser.see("[data-testid=silence-row]").await;
    assert_eq!(browser.texts("[data-testid=silence-row]").await.len(), 1, "it is the same silence");
    browser.open("/alerts").await;
    until("the alert is suppressed", SHOWN, async || {
        browser.click("[data-testid=refresh]").await;
        let rows = browser.texts("[data-testid=alert-row]").await;
        let suppressed = rows.iter().filter(|row| row.contains("Suppressed")).count();
        ensure(suppressed == 1, || format!("{rows:?}"))
    })
    .await;
    browser.click(".suppressed a").await;
    browser.click_with("[data-testid=silence-row] button", "Expire").await;
    browser.see_with("[data-testid=silence-row]", "Expired").await;
}

async fn receivers(browser: &Browser) {
    browser.open("/alerts?view=receivers").await;
    browser.see_with("[data-testid=receiver]", "team").await;
    browser.open("/alerts?view=history&from=now-30m&to=now").await;
    browser.see_with("[data-testid=change-row]", "QueueIsLong").await;
    browser.see("[data-testid=chart]").await;
}

/// `g a` leads here, `/` to the field, `j` and Enter to an alert.
async fn keyboard(browser: &Browser) {
    browser.open("/logs").await;
    browser.see("[data-testid=nav-alerts]").await;
    browser.press("ga").await;
    browser.at("/alerts").await;
    rows(browser, 5).await;
    browser.press("/").await;
    browser.see("[data-find]:focus").await;
    browser.press_focused("print\u{e00c}").await;
    rows(browser, 2).await;
    browser.press("j").await;
    browser.see("[data-testid=alert-row] a:focus").await;
    browser.press_focused("\u{e007}").await;
    browser.at("/alerts/").await;
    browser.see_with("[data-testid=expression]", "queue_length").await;
}

async fn rows(browser: &Browser, count: usize) {
    until(&format!("{count} alerts are listed"), SHOWN, async || {
        let script = "return document.querySelectorAll('[data-testid=alert-row]').length";
        let found = browser.script(script, vec![]).await;
        ensure(found == json!(count), || format!("{found} are"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_fit_every_screen() {
    let (server, _dir) = alarmed().await;
    browser::with(&server, "alerts-look", async |browser| {
        let pages = [
            ("alerts", "/alerts", "[data-testid=alert-row]"),
            (
                "silences",
                "/alerts?view=silences&matchers=queue%3D%22mail%22",
                "[data-testid=silence-preview]",
            ),
            ("receivers", "/alerts?view=receivers", "[data-testid=receiver]"),
        ];
        axe::everywhere(browser, async |judge| judge.pages(&pages).await).await;
    })
    .await;
}
