//! A page in the browser, as a person sees it, and the promise that nothing went wrong in it.

use crate::driver::{self, Devtools, Session};
use crate::harness::server::Server;
use crate::harness::target_dir;
use crate::harness::wait::{ensure, until};
use futures::FutureExt;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use thirtyfour::prelude::*;

/// Everything on a page is there long before; a busy machine may take its time.
const SHOWN: Duration = Duration::from_secs(20);
pub const DESKTOP: (u32, u32) = (1440, 900);
pub const PHONE: (u32, u32) = (360, 740);

pub struct Browser {
    session: Session,
    base: String,
    /// Requests that our pages have made, by the browser's id: it makes some of its own too.
    requests: Mutex<HashMap<String, String>>,
}

/// Opens a browser on a server, runs the test in it, and closes it whatever happened. At the end no
/// page may have had an error or a failed request.
pub async fn with(server: &Server, name: &str, test: impl AsyncFnOnce(&Browser)) {
    let base = server.api.url("");
    needs_ui(&base).await;
    let browser = Browser { session: driver::start().await, base, requests: Mutex::default() };
    browser.resize(DESKTOP).await;
    let outcome = AssertUnwindSafe(async {
        test(&browser).await;
        browser.assert_clean().await;
    });
    let outcome = outcome.catch_unwind().await;
    if outcome.is_err() {
        browser.screenshot(&format!("failed-{name}")).await;
    }
    // The browser must end even when the test has failed.
    let _ = browser.session.web.clone().quit().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Without the built UI there is nothing to test, and that is a failure.
async fn needs_ui(base: &str) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = client.get(format!("{base}/")).send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("<!doctype html>"),
        "the binary has no UI in it: run `cargo xtask ui`, then build again"
    );
}

impl Browser {
    pub fn web(&self) -> &WebDriver {
        &self.session.web
    }

    /// Loads an address of the server, as if it were pasted.
    pub async fn open(&self, path: &str) {
        self.web().goto(format!("{}{path}", self.base)).await.unwrap();
    }

    /// Path and query of the page.
    pub async fn address(&self) -> String {
        let url = self.web().current_url().await.unwrap();
        url.as_str().strip_prefix(&self.base).unwrap_or(url.as_str()).to_owned()
    }

    /// Waits for an address that begins so.
    pub async fn at(&self, beginning: &str) -> String {
        until("the address", SHOWN, async || {
            let address = self.address().await;
            ensure(address.starts_with(beginning), || format!("{address}, not {beginning}")).map(|()| address)
        })
        .await
    }

    /// Waits for the first element that a selector finds and that can be seen.
    pub async fn see(&self, css: &str) -> WebElement {
        self.see_with(css, "").await
    }

    /// Waits for the first visible element with a text in it.
    pub async fn see_with(&self, css: &str, text: &str) -> WebElement {
        until(&format!("{css} with {text:?}"), SHOWN, async || {
            let found = self.web().find_all(By::Css(css)).await.map_err(|error| error.to_string())?;
            let count = found.len();
            for element in found {
                // An element that is gone by now is not the one.
                if element.is_displayed().await.unwrap_or(false)
                    && element.text().await.is_ok_and(|found| found.contains(text))
                {
                    return Ok(element);
                }
            }
            Err(format!("{count} elements, none fits, at {}", self.address().await))
        })
        .await
    }

    pub async fn click(&self, css: &str) {
        self.click_with(css, "").await;
    }

    pub async fn click_with(&self, css: &str, text: &str) {
        until(&format!("{css} with {text:?} can be clicked"), SHOWN, async || {
            let element = self.see_with(css, text).await;
            element.click().await.map_err(|error| error.to_string())
        })
        .await;
    }

    /// Says yes to the question that the page asks.
    pub async fn accept(&self) {
        until("the page asks", SHOWN, async || {
            self.web().accept_alert().await.map_err(|error| error.to_string())
        })
        .await;
    }

    /// Says no to the question that the page asks.
    pub async fn refuse(&self) {
        until("the page asks", SHOWN, async || {
            self.web().dismiss_alert().await.map_err(|error| error.to_string())
        })
        .await;
    }

    /// Drags the mouse over an element, from and to shares of its width and height.
    pub async fn drag(&self, css: &str, from: (f64, f64), to: (f64, f64)) {
        let rect = self.see(css).await.rect().await.unwrap();
        // Offsets are from the middle.
        let offset = |share: (f64, f64)| {
            (((share.0 - 0.5) * rect.width) as i64, ((share.1 - 0.5) * rect.height) as i64)
        };
        let ((x, y), (to_x, to_y)) = (offset(from), offset(to));
        let element = self.see(css).await;
        let chain = self.web().action_chain().move_to_element_with_offset(&element, x, y).click_and_hold();
        let chain = chain.move_by_offset((to_x - x) / 2, (to_y - y) / 2);
        let rest = (to_x - x - (to_x - x) / 2, to_y - y - (to_y - y) / 2);
        chain.move_by_offset(rest.0, rest.1).release().perform().await.unwrap();
    }

    /// Waits until a selector finds nothing.
    pub async fn gone(&self, css: &str) {
        until(&format!("{css} is gone"), SHOWN, async || {
            let count = self.web().find_all(By::Css(css)).await.map_err(|error| error.to_string())?.len();
            ensure(count == 0, || format!("{count} are there"))
        })
        .await;
    }

    /// The texts of all elements, waiting until there are any.
    pub async fn texts(&self, css: &str) -> Vec<String> {
        self.see(css).await;
        let script = "return [...document.querySelectorAll(arguments[0])].map(found => found.innerText)";
        let texts = self.script(script, vec![json!(css)]).await;
        texts.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.web().execute(script, arguments).await.unwrap().json().clone()
    }

    /// The same for a script that calls its last argument with the answer.
    pub async fn script_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.web().execute_async(script, arguments).await.unwrap().json().clone()
    }

    pub async fn back(&self) {
        self.web().back().await.unwrap();
    }

    pub async fn reload(&self) {
        self.web().refresh().await.unwrap();
    }

    pub async fn press(&self, key: &str) {
        self.see("body").await.send_keys(key).await.unwrap();
    }

    /// The key goes to what has the focus, whatever it is.
    pub async fn press_focused(&self, key: &str) {
        self.web().action_chain().send_keys(key).perform().await.unwrap();
    }

    /// The size of the page in CSS pixels: windows can't be as narrow as a phone.
    pub async fn resize(&self, (width, height): (u32, u32)) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What the operating system prefers: `light` or `dark`.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Requests whose address is like one of these fail from now on.
    pub async fn block(&self, addresses: &[&str]) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({"urls": addresses})).await;
    }

    /// As if the cable were pulled.
    pub async fn offline(&self, offline: bool) {
        self.devtools("Network.enable", json!({})).await;
        let network =
            json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.devtools("Network.emulateNetworkConditions", network).await;
    }

    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let answer = self.web().handle().cmd(Devtools(command, parameters)).await.unwrap();
        answer.value_json().unwrap_or_default()
    }

    /// CPU that the page's process has used so far.
    pub async fn cpu_seconds(&self) -> f64 {
        self.devtools("Performance.enable", json!({})).await;
        let answer = self.devtools("Performance.getMetrics", json!({})).await;
        let metrics = answer["metrics"].as_array().cloned().unwrap_or_default();
        let time = metrics.iter().find(|metric| metric["name"] == "ProcessTime");
        time.and_then(|time| time["value"].as_f64()).expect("the browser tells its CPU time")
    }

    /// What the page holds when all that it no longer needs is taken away: bytes of its objects and of its
    /// program, and nodes of documents. What the browser keeps for itself, pixels among it, is not the page's.
    pub async fn held(&self) -> (f64, f64) {
        self.devtools("HeapProfiler.collectGarbage", json!({})).await;
        let used = self.devtools("Runtime.getHeapUsage", json!({})).await;
        let bytes = ["usedSize", "backingStorageSize"].map(|size| used[size].as_f64().unwrap_or_default());
        let counted = self.devtools("Memory.getDOMCounters", json!({})).await;
        let nodes = counted["nodes"].as_f64().expect("the browser counts nodes");
        (bytes.iter().sum(), nodes)
    }

    /// `<target>/browser-screenshots/NAME.png`, for people to look at.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let folder = target_dir().join("browser-screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.png"));
        // A browser that crashed has nothing to show, and the test says so itself.
        if let Ok(png) = self.web().screenshot_as_png().await {
            std::fs::write(&file, png).unwrap();
        }
        file
    }

    /// What went wrong since the last look: errors on the console, and requests that failed.
    pub async fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for entry in self.web().get_log("browser").await.unwrap() {
            if entry.level == "SEVERE" {
                faults.push(format!("console: {}", entry.message));
            } else if entry.level == "WARNING" {
                println!("console warning: {}", entry.message);
            }
        }
        for entry in self.web().get_log("performance").await.unwrap() {
            let event: Value = serde_json::from_str(&entry.message).unwrap_or_default();
            faults.extend(self.network_fault(&event["message"]));
        }
        faults
    }

    /// Requests that a page gives up itself, because their answer is no longer wanted, are no failures.
    fn network_fault(&self, event: &Value) -> Option<String> {
        let what = &event["params"];
        let mut requests = self.requests.lock().unwrap();
        let id = what["requestId"].as_str()?;
        match event["method"].as_str()? {
            "Network.requestWillBeSent" => {
                let url = what["request"]["url"].as_str()?;
                if what["documentURL"].as_str()?.starts_with(&self.base) {
                    requests.insert(id.to_owned(), url.to_owned());
                }
                None
            }
            "Network.responseReceived" => {
                let status = what["response"]["status"].as_u64().filter(|status| *status >= 400)?;
                requests.get(id).map(|url| format!("{status} for {url}"))
            }
            "Network.loadingFailed" if what["canceled"] != true => {
                requests.get(id).map(|url| format!("{url} was not loaded: {what}"))
            }
            _ => None,
        }
    }

    pub async fn assert_clean(&self) {
        let faults = self.faults().await;
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
