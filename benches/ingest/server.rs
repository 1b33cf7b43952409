//! The binary under measurement, in its own process with its own data directory.

use crate::common::process::{bytes_below, children_cpu_s, peak_mib, resident_mib};
use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    child: Child,
    data: tempfile::TempDir,
    /// CPU of ended children before this one.
    cpu_before: f64,
    /// From exec to the log line that says so.
    pub ready: Duration,
    pub otlp_http: String,
}

/// What is known only after the end.
pub struct Stopped {
    pub cpu_s: f64,
    pub segment_bytes: u64,
}

impl Server {
    pub fn start() -> anyhow::Result<Server> {
        let data = tempfile::tempdir()?;
        let cpu_before = children_cpu_s()?;
        let started = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_ocelli"))
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--otlp-grpc",
                "127.0.0.1:0",
                "--otlp-http",
                "127.0.0.1:0",
            ])
            .arg("--data-dir")
            .arg(data.path())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("stdout is piped")?).lines();
        let mut otlp_http = None;
        for line in lines.by_ref() {
            let line: serde_json::Value = serde_json::from_str(&line?)?;
            if line["listener"] == "otlp_http" {
                otlp_http = line["address"].as_str().map(str::to_owned);
            }
            if line["message"] == "ready" {
                break;
            }
        }
        let ready = started.elapsed();
        // Nobody else reads the pipe; a full one would block the server.
        std::thread::spawn(move || lines.for_each(drop));
        let otlp_http = otlp_http.context("the server ended before it listened")?;
        Ok(Server { child, data, cpu_before, ready, otlp_http })
    }

    pub fn resident_mib(&self) -> anyhow::Result<f64> {
        resident_mib(self.child.id())
    }

    pub fn peak_mib(&self) -> anyhow::Result<f64> {
        peak_mib(self.child.id())
    }

    /// Stops it cleanly: everything is flushed.
    pub fn stop(mut self) -> anyhow::Result<Stopped> {
        let pid = Pid::from_raw(i32::try_from(self.child.id())?).context("a process id")?;
        kill_process(pid, Signal::TERM)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        let cpu_s = children_cpu_s()? - self.cpu_before;
        Ok(Stopped { cpu_s, segment_bytes: bytes_below(&self.data.path().join("segments"))? })
    }
}
