//! A real Prometheus of a test's own, which takes samples over remote write 1.0.

use super::api::Api;
use super::process::Process;
use super::wait::until;
use super::{installed, target_dir};
use prost::Message;
use serde_json::Value;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

const WITHIN: Duration = Duration::from_secs(60);
/// What it has to have switched on; a version that does not know one of them says so and goes on.
const FEATURES: &str = "native-histograms,promql-experimental-functions,promql-delayed-name-removal,\
    promql-duration-expr,promql-extended-range-selectors,promql-binop-fill-modifiers";

pub struct Prometheus {
    pub api: Api,
    /// Major and minor, as it tells them.
    pub version: (u32, u32),
    /// They end with it.
    _process: Process,
    _home: TempDir,
}

impl Prometheus {
    /// The program is `OCELLI_TEST_PROMETHEUS`; another one can be tried by naming it there.
    pub async fn start() -> Prometheus {
        Prometheus::start_with("global: {}\n").await
    }

    /// With a configuration of its own.
    pub async fn start_with(yaml: &str) -> Prometheus {
        let home = tempfile::tempdir_in(target_dir()).expect("a temporary directory can be made");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address: SocketAddr = port.expect("a port is free");
        let config = home.path().join("prometheus.yml");
        std::fs::write(&config, yaml).expect("a file can be written");
        let mut command = Command::new(installed("OCELLI_TEST_PROMETHEUS"));
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", home.path().join("data").display()));
        command.arg(format!("--web.listen-address={address}"));
        command.arg("--web.enable-remote-write-receiver").arg(format!("--enable-feature={FEATURES}"));
        let mut process = Process::start(command.current_dir(home.path()));
        let api = Api::new(address);
        until("Prometheus is ready", WITHIN, async || {
            if let Some(status) = process.exit() {
                panic!("Prometheus ended with {status}: {}", process.stderr());
            }
            let ready = reqwest::get(api.url("/-/ready")).await.map_err(|error| error.to_string())?;
            if ready.status().is_success() { Ok(()) } else { Err(ready.status().to_string()) }
        })
        .await;
        let version = version_of(&api).await;
        Prometheus { api, version, _process: process, _home: home }
    }

    /// Stores series; all of them must be taken.
    pub async fn write(&self, timeseries: Vec<TimeSeries>) {
        let body = write_request(timeseries);
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client can be made");
        let posted = client
            .post(self.api.url("/api/v1/write"))
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "snappy")
            .header("x-prometheus-remote-write-version", "0.1.0")
            .body(body);
        let response = posted.send().await.expect("Prometheus answers");
        let status = response.status();
        let said = response.text().await.unwrap_or_default();
        assert!(status.is_success(), "remote write: {status}: {said}");
    }
}

async fn version_of(api: &Api) -> (u32, u32) {
    let info: Value = api.get("/api/v1/status/buildinfo", &[]).await;
    let version = info["data"]["version"].as_str().expect("a version").to_owned();
    let mut parts = version.split('.').map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor),
        // One that somebody built from its sources says nothing: it is taken for a new one.
        _ => (u32::MAX, 0),
    }
}

/// The body of a request of remote write 1.0.
pub fn write_request(timeseries: Vec<TimeSeries>) -> Vec<u8> {
    snappy(&WriteRequest { timeseries }.encode_to_vec())
}

/// A snappy block of literals alone: valid, and no smaller than what is in it.
pub fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(bytes.len() + bytes.len() / 10_000 + 16);
    let mut length = bytes.len();
    while length >= 0x80 {
        block.push(length as u8 | 0x80);
        length >>= 7;
    }
    block.push(length as u8);
    for chunk in bytes.chunks(1 << 16) {
        // Tag 61: a literal whose length less one is in the next two bytes.
        block.push(61 << 2);
        block.extend_from_slice(&((chunk.len() - 1) as u16).to_le_bytes());
        block.extend_from_slice(chunk);
    }
    block
}

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TimeSeries {
    /// Sorted by name.
    #[prost(message, repeated, tag = "1")]
    pub labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    pub histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Label {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Sample {
    #[prost(double, tag = "1")]
    pub value: f64,
    /// Milliseconds.
    #[prost(int64, tag = "2")]
    pub timestamp: i64,
}

/// With counts that are integers.
#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    #[prost(uint64, tag = "1")]
    pub count: u64,
    #[prost(double, tag = "3")]
    pub sum: f64,
    #[prost(sint32, tag = "4")]
    pub schema: i32,
    #[prost(double, tag = "5")]
    pub zero_threshold: f64,
    #[prost(uint64, tag = "6")]
    pub zero_count: u64,
    #[prost(message, repeated, tag = "8")]
    pub negative_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "9")]
    pub negative_deltas: Vec<i64>,
    #[prost(message, repeated, tag = "11")]
    pub positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "12")]
    pub positive_deltas: Vec<i64>,
    /// Milliseconds.
    #[prost(int64, tag = "15")]
    pub timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Span {
    #[prost(sint32, tag = "1")]
    pub offset: i32,
    #[prost(uint32, tag = "2")]
    pub length: u32,
}
