//! OTLP over HTTP as protobuf, for tests that decide themselves what is sent.

use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use std::fmt::Debug;

/// A request type with its path and the answer that it gets.
pub trait Export: Message {
    const PATH: &'static str;
    type Answer: Message + Default + PartialEq + Debug;
}

impl Export for ExportTraceServiceRequest {
    const PATH: &'static str = "/v1/traces";
    type Answer = ExportTraceServiceResponse;
}

impl Export for ExportMetricsServiceRequest {
    const PATH: &'static str = "/v1/metrics";
    type Answer = ExportMetricsServiceResponse;
}

impl Export for ExportLogsServiceRequest {
    const PATH: &'static str = "/v1/logs";
    type Answer = ExportLogsServiceResponse;
}

/// What a request came to.
#[derive(Debug)]
pub struct Outcome {
    pub status: u16,
    /// Seconds.
    pub retry_after: Option<u64>,
    pub body: String,
}

#[derive(Clone)]
pub struct Sender {
    base: String,
    client: reqwest::Client,
}

impl Sender {
    pub fn new(base: &str) -> Sender {
        let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client can be made");
        Sender { base: base.to_owned(), client }
    }

    /// Sends and tells what came back, whatever it is.
    pub async fn attempt<R: Export>(&self, request: &R) -> Outcome {
        let posted = self.client.post(format!("{}{}", self.base, R::PATH));
        let posted = posted.header("content-type", "application/x-protobuf").body(request.encode_to_vec());
        let response = posted.send().await.unwrap_or_else(|error| panic!("POST {}: {error}", R::PATH));
        Outcome {
            status: response.status().as_u16(),
            retry_after: response.headers().get("retry-after").and_then(|s| s.to_str().ok()?.parse().ok()),
            body: String::from_utf8_lossy(&response.bytes().await.unwrap_or_default()).into_owned(),
        }
    }

    /// The answer to a request, or why there is none.
    pub async fn try_send<R: Export>(&self, request: &R) -> Result<R::Answer, String> {
        let posted = self.client.post(format!("{}{}", self.base, R::PATH));
        let posted = posted.header("content-type", "application/x-protobuf").body(request.encode_to_vec());
        let response = posted.send().await.map_err(|error| error.to_string())?;
        let status = response.status();
        let body = response.bytes().await.map_err(|error| error.to_string())?;
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)));
        }
        R::Answer::decode(body).map_err(|error| error.to_string())
    }

    /// Sends what must be taken whole.
    pub async fn send<R: Export>(&self, request: &R) {
        let answer = self.try_send(request).await.unwrap_or_else(|why| panic!("POST {}: {why}", R::PATH));
        assert!(answer == R::Answer::default(), "POST {}: taken in part: {answer:?}", R::PATH);
    }
}
