//! Calls from one process to another.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::http::{Method, StatusCode};
use ocelli_sdk::{HttpClient, RequestBuilder, Telemetry};
use serde::{Serialize, de::DeserializeOwned};

use crate::failure::{ErrorBody, Failure};

/// Longer than the slowest fault: a slow payment is to be seen as slow, not as failed.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often a refused connection is tried again: a peer that is being deployed is back in no time.
const ATTEMPTS: usize = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// Another process under its own host name, so that spans say `order` and not an address.
#[derive(Clone)]
pub(crate) struct Peer {
    client: HttpClient,
    name: &'static str,
    base: String,
}

impl Peer {
    pub(crate) fn new(
        telemetry: &Telemetry,
        name: &'static str,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(TIMEOUT)
            .resolve(name, address)
            .build()
            .context("the HTTP client can't be made")?;
        let base = format!("http://{name}:{}", address.port());
        Ok(Peer { client: telemetry.http_client(client), name, base })
    }

    /// A GET of `path`, named `template` in the trace, with a JSON answer.
    pub(crate) async fn get<R: DeserializeOwned>(&self, template: &str, path: &str) -> Result<R, Failure> {
        self.call(|| self.request(Method::GET, template, path)).await
    }

    /// A POST of a JSON body.
    pub(crate) async fn post<R: DeserializeOwned>(
        &self,
        template: &str,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<R, Failure> {
        self.call(|| self.request(Method::POST, template, path).json(body)).await
    }

    /// A POST of a JSON body with a bearer token.
    pub(crate) async fn post_as<R: DeserializeOwned>(
        &self,
        token: &str,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<R, Failure> {
        let request =
            || self.request(Method::POST, path, path).json(body).map(|request| request.bearer_auth(token));
        self.call(request).await
    }

    fn request(&self, method: Method, template: &str, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).template(template)
    }

    /// Sends, again while the connection is refused: then nothing has been done yet.
    async fn call<R: DeserializeOwned>(&self, request: impl Fn() -> RequestBuilder) -> Result<R, Failure> {
        let mut attempt = 1;
        let response = loop {
            match request().send().await {
                Err(error) if error.is_connect() && attempt < ATTEMPTS => {
                    tracing::warn!(peer = self.name, attempt, "no connection, trying again");
                    attempt += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => break outcome.map_err(|error| self.unreachable(error))?,
            }
        };
        let status = response.status();
        if status.is_success() {
            return response.json().await.map_err(|error| self.unreachable(error));
        }
        let reason = match response.json::<ErrorBody>().await {
            Ok(body) => body.error,
            Err(_) => "no reason given".to_owned(),
        };
        Err(self.refused(status, &reason))
    }

    /// What the caller did wrong stays the caller's; what the peer did wrong is a bad gateway.
    fn refused(&self, status: StatusCode, reason: &str) -> Failure {
        if status.is_client_error() {
            return Failure::new(status, reason);
        }
        let text = format!("{} answered {}: {reason}", self.name, status.as_u16());
        Failure::new(StatusCode::BAD_GATEWAY, text)
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let (status, what) = if error.is_timeout() {
            (StatusCode::GATEWAY_TIMEOUT, "took too long")
        } else {
            (StatusCode::BAD_GATEWAY, "is unreachable")
        };
        Failure::new(status, format!("{} {what}: {}", self.name, with_causes(error)))
    }
}

/// reqwest's own message hides why; the chain of causes says it.
pub(crate) fn with_causes(error: reqwest::Error) -> String {
    format!("{:#}", anyhow::Error::from(error))
}
