//! chromedriver as a child process, and thirtyfour's way to talk to it.

use crate::harness::installed;
use crate::harness::process::Process;
use crate::harness::wait::until;
use bytes::Bytes;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use thirtyfour::common::capabilities::chrome::ChromeCapabilities;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::error::WebDriverError;
use thirtyfour::prelude::*;
use thirtyfour::session::http::{Body, HttpClient};
use thirtyfour::{RequestData, SessionId};

const START: Duration = Duration::from_secs(30);
const ATTEMPTS: usize = 10;
const REQUEST: Duration = Duration::from_secs(60);
/// See the browser's own list of switches; QUIC and the background services would only call home.
const SWITCHES: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
];

/// A browser that nobody has used before.
pub struct Session {
    pub web: WebDriver,
    _driver: Process,
    _profile: TempDir,
}

pub async fn start() -> Session {
    let (driver, port) = chromedriver().await;
    let profile = tempfile::tempdir().expect("a temporary directory can be made");
    let client = reqwest::Client::builder().no_proxy().timeout(REQUEST).build().unwrap();
    let builder = WebDriver::builder(format!("http://127.0.0.1:{port}"), capabilities(&profile));
    let web = builder.client(Client(client)).connect().await.expect("Chromium can be started");
    Session { web, _driver: driver, _profile: profile }
}

/// It takes a free port of IPv6 and gives up where that of IPv4 is taken, so that it is started again.
async fn chromedriver() -> (Process, u16) {
    for _ in 0..ATTEMPTS {
        let mut command = Command::new(installed("OCELLI_TEST_CHROMEDRIVER"));
        let driver = Process::start(command.arg("--port=0"));
        let port = until("chromedriver listens or gives up", START, async || {
            let lines = driver.stdout_lines();
            let port = lines.iter().find_map(|line| port_in(line));
            let has_ended = lines.iter().any(|line| line.contains("port not available"));
            if port.is_some() || has_ended { Ok(port) } else { Err(format!("{lines:?}")) }
        })
        .await;
        if let Some(port) = port {
            return (driver, port);
        }
    }
    panic!("chromedriver found no free port in {ATTEMPTS} attempts");
}

/// `ChromeDriver was started successfully on port 40123.`
fn port_in(line: &str) -> Option<u16> {
    line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok()
}

fn capabilities(profile: &TempDir) -> ChromeCapabilities {
    let mut capabilities = ChromeCapabilities::new();
    let binary = installed("OCELLI_TEST_CHROMIUM");
    capabilities.set_binary(binary.to_str().expect("a path in UTF-8")).unwrap();
    for switch in SWITCHES {
        capabilities.add_arg(switch).unwrap();
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
    // `performance` holds what the network did.
    capabilities.set("goog:loggingPrefs", json!({"browser": "ALL", "performance": "ALL"})).unwrap();
    capabilities
}

/// A command of the browser's own protocol, for what WebDriver has no words.
#[derive(Debug)]
pub struct Devtools(pub &'static str, pub Value);

impl FormatRequestData for Devtools {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let body = json!({"cmd": self.0, "params": self.1});
        RequestData::new(http::Method::POST, format!("session/{session}/goog/cdp/execute")).add_body(body)
    }
}

/// The HTTP client that the program has anyway; thirtyfour's own would be a second one.
struct Client(reqwest::Client);

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send(&self, request: http::Request<Body<'_>>) -> WebDriverResult<http::Response<Bytes>> {
        let failed = |error: reqwest::Error| WebDriverError::RequestFailed(error.to_string());
        let (parts, body) = request.into_parts();
        let mut request = self.0.request(parts.method, parts.uri.to_string()).headers(parts.headers);
        if let Body::Json(json) = body {
            request = request.body(json.to_string());
        }
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let mut answer = http::Response::new(response.bytes().await.map_err(failed)?);
        *answer.status_mut() = status;
        Ok(answer)
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Client(self.0.clone()))
    }
}
