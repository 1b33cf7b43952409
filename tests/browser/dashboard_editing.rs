//! Dashboards are changed in the browser: by mouse and by keyboard, undone, refused at the field that is wrong, and
//! never written over what somebody else has saved.

use crate::axe;
use crate::browser::{self, Browser};
use crate::dashboards::{create, every_kind};
use crate::harness::server::Server;
use crate::harness::wait::{ensure, until};
use crate::seed::seeded;
use ocelli_api::dashboards::{Dashboard, Grid, PanelKind};
use serde_json::{Value, json};
use std::time::Duration;

const SHOWN: Duration = Duration::from_secs(20);
/// As WebDriver writes them.
const TAB: &str = "\u{e004}";
const RIGHT: &str = "\u{e014}";
const SHIFT: char = '\u{e008}';

async fn kept(server: &Server, id: &str) -> Dashboard {
    server.api.get(&format!("/api/dashboards/{id}"), &[]).await
}

async fn save(browser: &Browser) {
    browser.click("[data-testid=dash-save]").await;
    browser.gone("[data-testid=dash-editor]").await;
}

/// Puts a text in the place of what a field holds, and leaves it.
async fn fill(browser: &Browser, id: &str, text: &str) {
    let field = browser.see(&format!("#{id}")).await;
    field.clear().await.unwrap();
    field.send_keys(format!("{text}{TAB}")).await.unwrap();
}

async fn place(browser: &Browser, title: &str) -> Value {
    let script = "const style = document.querySelector(`[data-testid=dash-panel][aria-label='${arguments[0]}']`)?.style; \
                  return style ? style.gridColumn + ' ' + style.gridRow : null";
    browser.script(script, vec![json!(title)]).await
}

async fn is_placed(browser: &Browser, title: &str, wanted: &str) {
    until("the panel has its place", SHOWN, async || {
        let found = place(browser, title).await;
        ensure(found == wanted, || format!("{title} at {found}, not {wanted}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_from_its_title_to_its_second_panel() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "dashboard-editor", async |browser| {
        browser.open("/dashboards?new=1").await;
        browser.see("[data-testid=new-title]").await.send_keys("My own\n").await.unwrap();
        browser.at("/dashboards/my-own").await;
        browser.click_with("[data-testid=empty] a", "Add one").await;
        browser.click("[data-testid=dash-add]").await;
        fill(browser, "edit-panels-0--title", "Payments").await;
        browser.click("#edit-panels-0--queries-0--language option[value=red]").await;
        fill(browser, "edit-panels-0--queries-0--expr", "payment").await;
        // The panel itself shows what becomes of it.
        browser.see_with("[data-testid=dash-panel][aria-label=Payments] .dash-legend", "rate").await;
        browser.click("#edit-panels-0--kind option[value=stat]").await;
        browser.see("[data-testid=dash-panel][aria-label=Payments] [data-testid=dash-stat]").await;
        browser.click("[data-testid=dash-add]").await;
        fill(browser, "edit-panels-1--title", "Broken").await;
        fill(browser, "edit-panels-1--queries-0--expr", "rate(").await;
        browser.click("[data-testid=dash-save]").await;
        browser.see("#edit-panels-1--queries-0--expr-wrong").await;
        only_refusals(browser).await;
        fill(browser, "edit-panels-1--queries-0--expr", "vector(1)").await;
        save(browser).await;
        let saved = kept(&seeded.server, "my-own").await;
        assert_eq!((saved.revision, saved.panels.len(), saved.panels[0].kind), (2, 2, PanelKind::Stat));
        assert_eq!(saved.panels[1].queries[0].expr, "vector(1)");
        browser.reload().await;
        browser.see("[data-testid=dash-panel][aria-label=Payments] [data-testid=dash-stat]").await;
    })
    .await;
}

/// The refusals of what was wrong are in the browser's log too.
async fn only_refusals(browser: &Browser) {
    let faults = browser.faults().await;
    assert!(faults.iter().all(|fault| fault.contains("400") || fault.contains("409")), "{faults:?}");
}

fn two_panels() -> Value {
    json!({ "title": "Two", "panels": [
        { "title": "Left", "kind": "text", "text": "left", "grid": { "x": 0, "y": 0, "w": 12, "h": 4 } },
        { "title": "Right", "kind": "text", "text": "right", "grid": { "x": 12, "y": 0, "w": 12, "h": 4 } },
    ] })
}

#[tokio::test(flavor = "multi_thread")]
async fn panels_are_moved_by_keys_and_mouse_and_back() {
    let seeded = seeded().await;
    create(&seeded.server, two_panels()).await;
    browser::with(&seeded.server, "dashboard-places", async |browser| {
        browser.open("/dashboards/two?edit=1").await;
        is_placed(browser, "Left", "1 / span 12 1 / span 4").await;
        let focus = "document.querySelector(arguments[0]).focus()";
        let handle = "[data-testid=dash-panel][aria-label=Left] [data-testid=dash-move]";
        browser.see(handle).await;
        browser.script(focus, vec![json!(handle)]).await;
        browser.press_focused(RIGHT).await;
        is_placed(browser, "Left", "2 / span 12 1 / span 4").await;
        is_placed(browser, "Right", "13 / span 12 5 / span 4").await;
        let chain = browser.web().action_chain().key_down(SHIFT).send_keys(RIGHT).key_up(SHIFT);
        chain.perform().await.unwrap();
        is_placed(browser, "Left", "2 / span 13 1 / span 4").await;
        for _ in 0..2 {
            browser.click("[data-testid=dash-undo]").await;
        }
        is_placed(browser, "Left", "1 / span 12 1 / span 4").await;
        // On a phone there are buttons, as all panels are below each other.
        browser.resize(browser::PHONE).await;
        browser.click("[data-testid=dash-panel][aria-label=Left] [data-testid=dash-down]").await;
        is_placed(browser, "Left", "13 / span 12 1 / span 4").await;
        browser.click("[data-testid=dash-panel][aria-label=Left] [data-testid=dash-up]").await;
        is_placed(browser, "Left", "1 / span 12 1 / span 4").await;
        browser.resize(browser::DESKTOP).await;
        // By the mouse: below the other one, which moves up.
        drag(browser, "Left", "dash-move", (0, 300)).await;
        is_placed(browser, "Left", "1 / span 12 1 / span 4").await;
        drag(browser, "Left", "dash-move", (700, 0)).await;
        is_placed(browser, "Left", "13 / span 12 1 / span 4").await;
        is_placed(browser, "Right", "13 / span 12 5 / span 4").await;
        drag(browser, "Left", "dash-size", (0, 76)).await;
        is_placed(browser, "Left", "13 / span 12 1 / span 6").await;
        is_placed(browser, "Right", "13 / span 12 7 / span 4").await;
        browser.click("[data-testid=dash-panel][aria-label=Right] [data-testid=dash-remove]").await;
        save(browser).await;
        let saved = kept(&seeded.server, "two").await;
        assert_eq!(
            saved.panels.iter().map(|panel| &panel.grid).collect::<Vec<_>>(),
            [&Grid { x: 12, y: 0, w: 12, h: 6 }]
        );
    })
    .await;
}

async fn drag(browser: &Browser, title: &str, handle: &str, (x, y): (i64, i64)) {
    let handle =
        browser.see(&format!("[data-testid=dash-panel][aria-label={title}] [data-testid={handle}]")).await;
    let chain = browser.web().action_chain().move_to_element_center(&handle).click_and_hold();
    chain
        .move_by_offset(x / 2, y / 2)
        .move_by_offset(x - x / 2, y - y / 2)
        .release()
        .perform()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_saved_is_not_lost_unseen() {
    let seeded = seeded().await;
    create(&seeded.server, two_panels()).await;
    browser::with(&seeded.server, "dashboard-conflict", async |browser| {
        browser.open("/dashboards/two?edit=1").await;
        browser.click_with("[data-testid=dash-editor] button", "Settings").await;
        fill(browser, "edit-title", "Mine").await;
        browser.see_with("h1", "Mine").await;
        let mut theirs = kept(&seeded.server, "two").await;
        theirs.title = "Theirs".to_owned();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = seeded.server.api.url("/api/dashboards/two");
        assert_eq!(client.put(&url).json(&theirs).send().await.unwrap().status(), 200);
        browser.click("[data-testid=dash-save]").await;
        browser.see_with("[data-testid=error]", "revision 2").await;
        only_refusals(browser).await;
        browser.see_with("h1", "Mine").await;
        browser.click("[data-testid=save-over]").await;
        browser.gone("[data-testid=dash-editor]").await;
        let saved = kept(&seeded.server, "two").await;
        assert_eq!((saved.title.as_str(), saved.revision), ("Mine", 3));
        // The text is the same document.
        browser.click("[data-testid=edit]").await;
        browser.click_with("[data-testid=dash-editor] button", "JSON").await;
        let script = "const text = document.querySelector('[data-testid=dash-json]'); \
                      text.value = text.value.replace('\"Mine\"', '\"From the text\"'); \
                      text.dispatchEvent(new Event('change', { bubbles: true }))";
        browser.see("[data-testid=dash-json]").await;
        browser.script(script, vec![]).await;
        browser.see_with("h1", "From the text").await;
        browser.click_with("[data-testid=dash-editor] button", "Variables").await;
        browser.click("[data-testid=add-variable]").await;
        fill(browser, "edit-variables-0--name", "service").await;
        browser.see_with("[data-testid=dash-variables]", "service").await;
        save(browser).await;
        let saved = kept(&seeded.server, "two").await;
        assert_eq!((saved.title.as_str(), saved.variables.len()), ("From the text", 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_saved_is_asked_about_before_the_page_is_left() {
    let seeded = seeded().await;
    create(&seeded.server, two_panels()).await;
    browser::with(&seeded.server, "dashboard-leaving", async |browser| {
        browser.open("/dashboards").await;
        browser.click_with("main a", "Two").await;
        browser.click("[data-testid=edit]").await;
        browser.click("[data-testid=dash-panel][aria-label=Right] [data-testid=dash-remove]").await;
        let services = "nav a[href^='/services']";
        browser.click(services).await;
        browser.refuse().await;
        browser.at("/dashboards/two").await;
        browser.gone("[data-testid=dash-panel][aria-label=Right]").await;
        // Back past the address that opened the editor, which is of the same page.
        let back = "history.go(-2)";
        browser.script(back, vec![]).await;
        browser.refuse().await;
        browser.at("/dashboards/two").await;
        browser.gone("[data-testid=dash-panel][aria-label=Right]").await;
        browser.click(services).await;
        browser.accept().await;
        browser.at("/services").await;
        browser.back().await;
        browser.see("[data-testid=dash-panel][aria-label=Right]").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_in_light_and_dark_wide_and_narrow() {
    let seeded = seeded().await;
    create(&seeded.server, every_kind()).await;
    browser::with(&seeded.server, "look-editor", async |browser| {
        axe::everywhere(browser, async |judge| {
            browser.open("/dashboards/every-kind?edit=1").await;
            browser.click_with("[data-testid=dash-editor] button", "Variables").await;
            browser.click("[data-testid=dash-change]").await;
            browser.see("[data-testid=panel-form]").await;
            judge.page("dashboard-editor").await;
        })
        .await;
    })
    .await;
}
