//! The sender: so many connections, each of which waits for its answer.
#![allow(dead_code, reason = "every bench uses its part")]

use anyhow::{bail, ensure};
use reqwest::{Response, StatusCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub const CONNECTIONS: usize = 2;
/// How often one request is sent before the bench gives up.
const TRIES: usize = 120;

/// Every body once. One that is refused for now is sent again when the answer says, as OTLP asks for;
/// any other refusal ends the bench. How many were refused for now.
pub async fn send_all(url: &str, bodies: &[Vec<u8>]) -> anyhow::Result<usize> {
    let client = reqwest::Client::new();
    let (next, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let connection = || async {
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            refused.fetch_add(send(&client, url, body).await?, Ordering::Relaxed);
        }
        anyhow::Ok(())
    };
    futures::future::try_join_all((0..CONNECTIONS).map(|_| connection())).await?;
    Ok(refused.into_inner())
}

async fn send(client: &reqwest::Client, url: &str, body: &[u8]) -> anyhow::Result<usize> {
    for refused in 0..TRIES {
        let request = client.post(url).header("content-type", "application/x-protobuf").body(body.to_vec());
        let response = request.send().await?;
        let status = response.status();
        if ![StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE].contains(&status) {
            ensure!(status.is_success(), "{url} answered {status}");
            return Ok(refused);
        }
        tokio::time::sleep(retry_after(&response)).await;
    }
    bail!("{url} refused a request {TRIES} times")
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}
