//! The binary under measurement, with the files that it is configured by.

use crate::common::process::{cpu_s, peak_mib};
use anyhow::{Context, ensure};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ANSWERS_WITHIN: Duration = Duration::from_secs(300);

pub struct Server {
    child: Child,
    _dir: tempfile::TempDir,
    otlp_http: String,
    api: String,
    client: reqwest::Client,
}

/// An answer, how long it took, and the CPU of the server meanwhile.
pub struct Answered {
    pub body: Value,
    pub took: Duration,
    pub cpu_s: f64,
}

impl Server {
    /// With files by name; `ocelli.yml` is the configuration.
    pub async fn start(program: &Path, files: &[(&str, String)]) -> anyhow::Result<Server> {
        let dir = tempfile::tempdir()?;
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text)?;
        }
        let any = ["--listen", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0"];
        let mut child = Command::new(program)
            .arg("serve")
            .args(any)
            .arg("--config")
            .arg(dir.path().join("ocelli.yml"))
            .arg("--data-dir")
            .arg(dir.path().join("data"))
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let (mut otlp_http, mut api, mut last) = (None, None, String::new());
        for line in lines.by_ref() {
            last = line?;
            let line: Value = serde_json::from_str(&last).unwrap_or_default();
            let address = || line["address"].as_str().map(|at| format!("http://{at}"));
            match line["listener"].as_str() {
                Some("otlp_http") => otlp_http = address(),
                Some("api") => api = address(),
                _ => {}
            }
            if line["message"] == "ready" {
                break;
            }
        }
        // Nobody else reads the pipe; a full one would block the server.
        std::thread::spawn(move || lines.for_each(drop));
        let known = otlp_http.zip(api).with_context(|| format!("the server says: {last}"))?;
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWERS_WITHIN).build()?;
        Ok(Server { child, _dir: dir, otlp_http: known.0, api: known.1, client })
    }

    pub fn cpu_s(&self) -> anyhow::Result<f64> {
        cpu_s(self.child.id())
    }

    pub fn peak_mib(&self) -> anyhow::Result<f64> {
        peak_mib(self.child.id())
    }

    pub async fn push(&self, bodies: &[Vec<u8>]) -> anyhow::Result<()> {
        crate::common::send::send_all(&format!("{}/v1/metrics", self.otlp_http), bodies).await.map(drop)
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<String> {
        let answer = self.client.get(format!("{}{path}", self.api)).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path} answered {status}: {text}");
        Ok(text)
    }

    pub async fn post(&self, path: &str, kind: &str, body: String) -> anyhow::Result<Answered> {
        let (before_s, started) = (self.cpu_s()?, Instant::now());
        let request = self.client.post(format!("{}{path}", self.api)).header("content-type", kind);
        let answer = request.body(body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        let took = started.elapsed();
        ensure!(status.is_success(), "{path} answered {status}: {text}");
        let body = serde_json::from_str(&text).unwrap_or_default();
        Ok(Answered { body, took, cpu_s: self.cpu_s()? - before_s })
    }

    /// The sum of a figure over all that it is told of.
    pub async fn figure(&self, name: &str) -> anyhow::Result<f64> {
        let text = self.get("/metrics").await?;
        let of_name = text.lines().filter(|line| line.starts_with(name));
        Ok(of_name.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
