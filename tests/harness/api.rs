//! The query API as a client sees it.

use ocelli_api::ingest::{ReasonCount, SystemResponse};
use ocelli_api::logs::LogsResponse;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::SocketAddr;

/// Far around everything that a test sends.
pub const ALL_TIME: [(&str, &str); 2] = [("from", "2020-01-01"), ("to", "now+1d")];

#[derive(Clone)]
pub struct Api {
    base: String,
    client: reqwest::Client,
}

impl Api {
    pub fn new(address: SocketAddr) -> Api {
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client can be made");
        Api { base: format!("http://{address}"), client }
    }

    /// The address of a page or of an API path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Status and body, whatever they are; a body that is not JSON as a string.
    pub async fn answer(&self, path: &str, parameters: &[(&str, &str)]) -> (StatusCode, Value) {
        let request = self.client.get(self.url(path)).query(parameters);
        let response = request.send().await.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        let status = response.status();
        let text = response.text().await.unwrap_or_else(|error| panic!("GET {path}: {error}"));
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// The same for a request that changes something.
    pub async fn send(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let request = self.client.request(method, self.url(path)).json(body);
        let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_else(|error| panic!("{path}: {error}")))
    }

    /// A good answer, or why not.
    pub async fn try_get<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
    ) -> Result<T, String> {
        let (status, body) = self.answer(path, parameters).await;
        if !status.is_success() {
            return Err(format!("GET {path} {parameters:?}: {status} {body}"));
        }
        serde_json::from_value(body.clone()).map_err(|error| format!("GET {path}: {error}: {body}"))
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str, parameters: &[(&str, &str)]) -> T {
        self.try_get(path, parameters).await.unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same with a range around everything.
    pub async fn find<T: DeserializeOwned>(&self, path: &str, parameters: &[(&str, &str)]) -> T {
        self.get(path, &[&ALL_TIME, parameters].concat()).await
    }

    pub async fn is_ready(&self) -> Result<(), String> {
        match self.client.get(self.url("/health/ready")).send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(format!("/health/ready: {}", response.status())),
            Err(error) => Err(error.to_string()),
        }
    }

    pub async fn system(&self) -> SystemResponse {
        self.get("/api/system", &[]).await
    }

    /// The result of an instant query.
    pub async fn prometheus(&self, query: &str) -> Vec<Value> {
        let answer: Value = self.get("/prometheus/api/v1/query", &[("query", query)]).await;
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().unwrap_or_else(|| panic!("{query}: {answer}")).clone()
    }

    /// Every record that a search finds, page by page, newest first.
    pub async fn all_logs(&self, query: &str, page: usize) -> Vec<ocelli_api::logs::LogRecord> {
        let (mut records, mut cursor) = (Vec::new(), String::new());
        let limit = page.to_string();
        loop {
            let parameters = [("q", query), ("limit", &limit), ("cursor", &cursor)];
            let answer: LogsResponse = self.find("/api/logs", &parameters).await;
            assert!(answer.stats.partial.is_none(), "{:?}", answer.stats);
            records.extend(answer.records);
            match answer.next_cursor {
                Some(next) => cursor = next,
                None => return records,
            }
        }
    }
}

/// How often a reason was counted.
pub fn count_of(counts: &[ReasonCount], reason: &str) -> u64 {
    counts.iter().filter(|count| count.reason == reason).map(|count| count.count).sum()
}
