//! A running server: `ocelli serve` (or `demo`) on free ports, with a data directory of its own.

use super::api::Api;
use super::process::{Ended, Process, ocelli};
use super::sender::Sender;
use super::wait::{ensure, until};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A start may replay a WAL, on a machine that is busy with other tests.
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(30);
const LISTENERS: [&str; 3] = ["otlp_grpc", "otlp_http", "api"];

/// What a server is started with.
pub struct Settings {
    command: &'static str,
    arguments: Vec<String>,
    config: Option<String>,
    environment: Vec<(String, String)>,
}

impl Settings {
    pub fn serve() -> Settings {
        Settings { command: "serve", arguments: Vec::new(), config: None, environment: Vec::new() }
    }

    pub fn demo(arguments: &[&str]) -> Settings {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Settings { command: "demo", arguments, config: None, environment: Vec::new() }
    }

    /// The content of a configuration file.
    pub fn config(mut self, yaml: &str) -> Settings {
        self.config = Some(yaml.to_owned());
        self
    }

    /// More arguments of the command line.
    pub fn with(mut self, arguments: &[&str]) -> Settings {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    pub fn environment(mut self, variables: &[(&str, &str)]) -> Settings {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.environment.extend(variables.iter().map(owned));
        self
    }

    /// Its system clock is away from the true time by what a file says: `-1d`.
    pub fn clock(self, offset: &Path) -> Settings {
        let library = super::installed("OCELLI_TEST_FAKETIME");
        self.environment(&[
            ("LD_PRELOAD", library.to_str().expect("a path of UTF-8")),
            ("FAKETIME_TIMESTAMP_FILE", offset.to_str().expect("a path of UTF-8")),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            ("DONT_FAKE_MONOTONIC", "1"),
        ])
    }

    /// Starts in a fresh directory.
    pub async fn start(self) -> Server {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        self.start_in(dir).await
    }

    /// The data will be below it.
    pub async fn start_in(self, home: TempDir) -> Server {
        let started = Instant::now();
        let mut process = self.spawn(home.path());
        let mut addresses = [None; LISTENERS.len()];
        until("the server listens", START, async || {
            if let Some(status) = process.exit() {
                panic!("the server ended with {status}: {}", process.stderr());
            }
            let lines = process.stdout_lines();
            addresses = LISTENERS.map(|listener| address_in(&lines, listener));
            ensure(addresses.iter().all(Option::is_some), || format!("{addresses:?}"))
        })
        .await;
        let [grpc, http, api] = addresses.map(|address| address.expect("all listen"));
        let server = Server {
            process,
            grpc,
            http,
            api: Api::new(api),
            ready_after: Duration::ZERO,
            settings: self,
            home,
        };
        until("the server is ready", START, async || server.api.is_ready().await).await;
        Server { ready_after: started.elapsed(), ..server }
    }

    /// Starts the process and waits for nothing.
    fn spawn(&self, home: &Path) -> Process {
        let mut command = ocelli();
        command.arg(self.command).arg("--data-dir").arg(home.join("data"));
        for flag in ["--listen", "--otlp-grpc", "--otlp-http"] {
            command.args([flag, "127.0.0.1:0"]);
        }
        // Tests send times of their own, which grow old.
        command.args(["--retention", "36500d"]);
        if let Some(yaml) = &self.config {
            let file = home.join("ocelli.yml");
            std::fs::write(&file, yaml).expect("a temporary file can be written");
            command.arg("--config").arg(file);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        Process::start(command.args(&self.arguments).current_dir(home))
    }
}

pub struct Server {
    process: Process,
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    pub api: Api,
    /// From the start of the process to the first "ready".
    pub ready_after: Duration,
    settings: Settings,
    home: TempDir,
}

impl Server {
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// The base URL of the OTLP/HTTP receiver.
    pub fn push_url(&self) -> String {
        format!("http://{}", self.http)
    }

    pub fn sender(&self) -> Sender {
        Sender::new(&self.push_url())
    }

    /// Its own log lines.
    pub fn log(&self) -> Vec<Value> {
        self.process.stdout_lines().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// SIGTERM, which must end with 0.
    pub fn stop(self) -> Stopped {
        self.process.terminate();
        let ended = self.process.wait(STOP);
        assert!(ended.status.success(), "SIGTERM must end with 0: {ended:?}");
        Stopped { settings: self.settings, home: self.home, ended: Some(ended) }
    }

    /// `kill -9`.
    pub fn kill(mut self) -> Stopped {
        self.process.kill();
        Stopped { settings: self.settings, home: self.home, ended: None }
    }
}

/// A server that was, with its data.
pub struct Stopped {
    settings: Settings,
    home: TempDir,
    /// What it said, unless it was killed.
    pub ended: Option<Ended>,
}

impl Stopped {
    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Starts again on the same data, on other ports.
    pub async fn start(self) -> Server {
        self.settings.start_in(self.home).await
    }

    /// What it is started with the next time.
    pub fn with(mut self, settings: Settings) -> Stopped {
        self.settings = settings;
        self
    }

    /// Starts again and kills it a moment later, wherever its start has got to.
    pub fn start_and_kill_after(self, moment: Duration) -> Stopped {
        let mut process = self.settings.spawn(self.home.path());
        std::thread::sleep(moment);
        process.kill();
        self
    }
}

/// The address in the line `{"message":"listening","listener":…,"address":…}`.
fn address_in(lines: &[String], listener: &str) -> Option<SocketAddr> {
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut of_listener = lines.filter(|line| line["message"] == "listening" && line["listener"] == listener);
    of_listener.next()?["address"].as_str()?.parse().ok()
}
