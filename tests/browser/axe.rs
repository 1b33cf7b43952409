//! The rules of WCAG 2 that a program can judge, by axe-core, which looks at the page in the browser.

use crate::browser::Browser;
use crate::harness::installed;
use serde_json::json;

/// Levels A and AA of all versions, and what axe-core thinks is good besides.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// Answers with one line for each rule that is broken.
const JUDGE: &str = "
    const [rules, done] = arguments;
    const where = node => node.target.join(' ') + ' (' + [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ') + ')';
    const line = broken => broken.id + ': ' + broken.help + ' at ' + broken.nodes.slice(0, 6).map(where).join(', ');
    axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})
        .then(found => done(found.violations.map(line)), error => done([String(error)]));";

/// What is wrong with the page as it is now.
pub async fn violations(browser: &Browser) -> Vec<String> {
    if browser.script("return typeof axe", vec![]).await != "object" {
        let file = installed("OCELLI_TEST_NODE_DIR").join("node_modules/axe-core/axe.min.js");
        browser.script(&std::fs::read_to_string(file).unwrap(), vec![]).await;
    }
    let found = browser.script_async(JUDGE, vec![json!(RULES)]).await;
    found.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

/// Holds the page as it is now to fit the window and to be without faults, and takes its picture. Answers with the
/// rules that it breaks, a line each.
pub async fn judge(browser: &Browser, name: &str, scheme: &str, width_px: u32) -> Vec<String> {
    let width = browser.script("return document.documentElement.scrollWidth", vec![]).await;
    assert!(width.as_u64() <= Some(width_px.into()), "{name}: {width} px on {width_px} px");
    browser.screenshot(&format!("{name}-{scheme}-{width_px}")).await;
    browser.assert_clean().await;
    let found = violations(browser).await.into_iter();
    found.map(|line| format!("{name}, {scheme}, {width_px} px: {line}")).collect()
}
