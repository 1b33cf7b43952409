//! Asks a running server over its public HTTP API.

use anyhow::{Context, bail};
use ocelli_api::error::ErrorBody;
use reqwest::{RequestBuilder, Response};

pub struct Client {
    client: reqwest::Client,
    url: String,
}

impl Client {
    pub fn new(server: &str) -> anyhow::Result<Client> {
        let url = server.trim_end_matches('/').to_owned();
        if reqwest::Url::parse(&url).is_err() {
            bail!("--server {url} is not a URL; give one like http://127.0.0.1:4319");
        }
        Ok(Client { client: reqwest::Client::builder().build().context("an HTTP client")?, url })
    }

    pub async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Response> {
        self.answer(self.client.get(format!("{}{path}", self.url)).query(parameters)).await
    }

    /// With a text as the body.
    pub async fn post(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        body: String,
    ) -> anyhow::Result<Response> {
        self.answer(self.client.post(format!("{}{path}", self.url)).query(parameters).body(body)).await
    }

    /// Of a refusal its message.
    async fn answer(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let answer = request.send().await;
        let answer =
            answer.with_context(|| format!("{} does not answer; is the server running?", self.url))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        match serde_json::from_str::<ErrorBody>(&text) {
            Ok(body) => bail!("{}", body.error.message),
            Err(_) => bail!("{} answered {status}: {text}", self.url),
        }
    }
}
