//! The rules of WCAG 2 that a program can judge, by axe-core, which looks at the page in the browser.

use crate::browser::{Browser, DESKTOP, PHONE};
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

/// Judges pages one way of looking after the other, and gathers the rules that they break.
pub struct Judge<'b> {
    browser: &'b Browser,
    pub scheme: &'static str,
    pub width_px: u32,
    broken: Vec<String>,
}

impl Judge<'_> {
    /// The page as it is now.
    pub async fn page(&mut self, name: &str) {
        self.broken.extend(judge(self.browser, name, self.scheme, self.width_px).await);
    }

    /// Pages by name, path, and what shows that they are there.
    pub async fn pages(&mut self, pages: &[(&str, &str, &str)]) {
        for (name, path, css) in pages {
            self.browser.open(path).await;
            self.browser.see(css).await;
            self.page(name).await;
        }
    }
}

/// Walks through pages in light and dark, wide and as narrow as a phone, and holds them to break no rule.
pub async fn everywhere(browser: &Browser, walk: impl AsyncFn(&mut Judge<'_>)) {
    let mut judge = Judge { browser, scheme: "", width_px: 0, broken: Vec::new() };
    for scheme in ["light", "dark"] {
        browser.prefer(scheme).await;
        judge.scheme = scheme;
        for size in [DESKTOP, PHONE] {
            browser.resize(size).await;
            judge.width_px = size.0;
            walk(&mut judge).await;
        }
    }
    assert!(judge.broken.is_empty(), "{} rules are broken:\n{}", judge.broken.len(), judge.broken.join("\n"));
}
