//! An S3 server of a test's own: moto, behind a gate that can be shut.

use super::gate::Gate;
use super::installed;
use super::process::Process;
use super::server::Settings;
use super::wait::until;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

const START: Duration = Duration::from_secs(60);
pub const BUCKET: &str = "telemetry";
/// Objects are private: somebody must ask, and moto does not look at the signature.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=key/20261126/us-east-1/s3/aws4_request, \
                             SignedHeaders=host, Signature=0";

pub struct S3 {
    pub gate: Gate,
    server: SocketAddr,
    client: reqwest::Client,
    _process: Process,
}

impl S3 {
    /// With one bucket. Any credentials are good.
    pub async fn start() -> S3 {
        S3::start_with(&[]).await
    }

    /// Nobody's credentials are good.
    pub async fn that_refuses() -> S3 {
        S3::start_with(&[("INITIAL_NO_AUTH_ACTION_COUNT", "1")]).await
    }

    async fn start_with(environment: &[(&str, &str)]) -> S3 {
        let mut command = Command::new(installed("OCELLI_TEST_PYTHON"));
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]);
        let process = Process::start(command.envs(environment.iter().copied()));
        let server = until("the S3 server listens", START, async || {
            let said = process.stderr();
            let address = said.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
            address.and_then(|address| address.parse().ok()).ok_or(said.clone())
        })
        .await;
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client can be made");
        let s3 = S3 { gate: Gate::before(server).await, server, client, _process: process };
        s3.request(reqwest::Method::PUT, "", Vec::new()).await;
        s3
    }

    async fn request(&self, method: reqwest::Method, rest: &str, body: Vec<u8>) -> bytes::Bytes {
        let url = format!("http://{}/{BUCKET}{rest}", self.server);
        let request = self.client.request(method, &url).header("authorization", AUTHORIZATION);
        let response = request.body(body).send().await;
        let response = response.and_then(reqwest::Response::error_for_status);
        let response = response.unwrap_or_else(|error| panic!("{url}: {error}"));
        response.bytes().await.unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// What a server needs to reach it through the gate.
    pub fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.gate.address)),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ]
    }

    /// A server that keeps its segments here.
    pub fn settings(&self) -> Settings {
        let environment = self.environment();
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        Settings::serve().with(&["--segments", &format!("s3://{BUCKET}/p")]).environment(&environment)
    }

    /// All keys that begin so.
    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let query = format!("?list-type=2&max-keys=1000&prefix={prefix}");
        let answer = self.request(reqwest::Method::GET, &query, Vec::new()).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.contains("<IsTruncated>false"), "more keys than a test should make");
        let keys = answer.split("<Key>").skip(1);
        keys.filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned())).collect()
    }

    pub async fn get(&self, key: &str) -> Vec<u8> {
        self.request(reqwest::Method::GET, &format!("/{key}"), Vec::new()).await.to_vec()
    }

    pub async fn put(&self, key: &str, bytes: Vec<u8>) {
        self.request(reqwest::Method::PUT, &format!("/{key}"), bytes).await;
    }
}
