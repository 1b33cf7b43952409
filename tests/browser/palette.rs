//! Going anywhere by a few letters, searches under a name, and the tour: by the keyboard.

use crate::axe;
use crate::browser::{self, Browser};
use crate::harness::otlp::trace_hex;
use crate::harness::wait::{ensure, until};
use crate::seed::{SLOW, seeded};
use std::time::Duration;
use thirtyfour::By;

const SHOWN: Duration = Duration::from_secs(20);
/// As WebDriver writes them.
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const CONTROL: char = '\u{e009}';

/// Opens the palette by its key and types.
async fn palette(browser: &Browser, text: &str) {
    browser.chord(CONTROL, "k").await;
    browser.see("[data-testid=palette]").await;
    browser.press_focused(text).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_is_found_by_a_few_letters() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "palette", async |browser| {
        browser.open(&format!("/services?{}", seeded.range)).await;
        browser.see("[data-testid=service-row]").await;
        palette(browser, "paym").await;
        browser.see_with("[data-testid=palette-row]", "payment").await;
        browser.screenshot("palette").await;
        assert_eq!(axe::violations(browser).await, Vec::<String>::new());
        browser.press_focused(ENTER).await;
        // The range goes along.
        browser.at(&format!("/services/payment?{}", seeded.range)).await;
        palette(browser, &trace_hex(SLOW)).await;
        browser.see_with("[data-testid=palette-row]", "Trace").await;
        browser.press_focused(ENTER).await;
        browser.at(&format!("/traces/{}", trace_hex(SLOW))).await;
        // What was seen is there the next time; the second entry is chosen by an arrow.
        palette(browser, "recent payment").await;
        browser.see_with("[data-testid=palette-row]", "recent").await;
        browser.press_focused(ENTER).await;
        browser.at("/services/payment").await;
        palette(browser, "dark").await;
        browser.see_with("[data-testid=palette-row]", "Switch between dark and light").await;
        browser.press_focused(ENTER).await;
        browser.see("[data-theme=dark]").await;
        palette(browser, "card declined").await;
        browser.see_with("[data-testid=palette-row]", "Logs with").await;
        browser.press_focused(ENTER).await;
        browser.see_with("[data-testid=log-row]", "card declined by the bank").await;
        palette(browser, "x").await;
        browser.press_focused(ESCAPE).await;
        browser.gone("dialog[open]").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_saved_opened_renamed_and_deleted() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "saved", async |browser| {
        browser.open(&format!("/logs?q=level:error&{}", seeded.range)).await;
        browser.see_with("[data-testid=log-row]", "card declined").await;
        browser.click("[data-testid=saved-open]").await;
        browser.see("[data-testid=saved-name]").await.send_keys("failures").await.unwrap();
        browser.click("[data-testid=saved-save]").await;
        browser.see_with("[data-testid=saved-search]", "failures").await;
        browser.screenshot("saved").await;
        assert_eq!(axe::violations(browser).await, Vec::<String>::new());
        // Of another page, and by the palette.
        browser.open("/traces").await;
        browser.see("[data-testid=saved-open]").await;
        assert_eq!(browser.count("[data-testid=saved-search]").await, 0, "it is one of logs");
        palette(browser, "failures").await;
        browser.see_with("[data-testid=palette-row]", "search").await;
        browser.press_focused(ENTER).await;
        browser.at("/logs?").await;
        browser.see_with("[data-testid=log-row]", "card declined").await;
        assert!(browser.address().await.contains("q=level:error"), "{}", browser.address().await);

        browser.click("[data-testid=saved-open]").await;
        browser.click_with("[data-testid=saved-search] button", "Rename").await;
        let name = browser.see("[data-testid=saved-name]").await;
        name.clear().await.unwrap();
        name.send_keys("errors\n").await.unwrap();
        browser.see_with("[data-testid=saved-search]", "errors").await;
        browser.click_with("[data-testid=saved-search] button", "Delete").await;
        browser.gone("[data-testid=saved-search]").await;
        browser.click_with("button", "Bring it back").await;
        browser.see_with("[data-testid=saved-search]", "errors").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_is_offered_once_and_begins_again_from_the_help() {
    let seeded = seeded().await;
    browser::with(&seeded.server, "tour", async |browser| {
        browser.open(&format!("/services?{}", seeded.range)).await;
        browser.click("[data-testid=tour-start]").await;
        browser.at("/services/").await;
        browser.see_with("[data-testid=tour]", "1 of 3").await;
        browser.screenshot("tour").await;
        assert_eq!(axe::violations(browser).await, Vec::<String>::new());
        // The focus stays in the tour, from page to page.
        focused(browser, "tour-next").await;
        browser.press_focused(ENTER).await;
        browser.at(&format!("/traces/{}", trace_hex(SLOW))).await;
        focused(browser, "tour-next").await;
        browser.press_focused(ENTER).await;
        browser.at("/logs?").await;
        browser.see_with("[data-testid=tour-next]", "Done").await;
        focused(browser, "tour-next").await;
        browser.press_focused(ENTER).await;
        browser.gone("[data-testid=tour]").await;
        browser.reload().await;
        browser.see("[data-testid=log-row]").await;
        browser.gone("[data-testid=tour-offer]").await;
        browser.press("?").await;
        browser.click("[data-testid=start-tour]").await;
        browser.see_with("[data-testid=tour]", "1 of 3").await;
        browser.click("[data-testid=tour-end]").await;
        until("the tour is over", SHOWN, async || {
            let count = browser.count("[data-testid=tour]").await;
            ensure(count == 0, || format!("{count} are there"))
        })
        .await;
    })
    .await;
}

async fn focused(browser: &Browser, id: &str) {
    until("the focus is there", SHOWN, async || {
        let found = browser.script("return document.activeElement.dataset.testid || ''", vec![]).await;
        ensure(found == id, || format!("it is at {found}"))
    })
    .await;
}

impl Browser {
    async fn count(&self, css: &str) -> usize {
        self.web().find_all(By::Css(css)).await.unwrap().len()
    }

    /// A key while another one is held.
    async fn chord(&self, held: char, key: &str) {
        let chain = self.web().action_chain().key_down(held).send_keys(key).key_up(held);
        chain.perform().await.unwrap();
    }
}
