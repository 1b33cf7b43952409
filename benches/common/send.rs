//! The sender: so many connections, each of which waits for its answer.
#![allow(dead_code, reason = "every bench uses its part")]

use anyhow::ensure;
use std::sync::atomic::{AtomicUsize, Ordering};

pub const CONNECTIONS: usize = 2;

/// Every body once; anything but success ends the bench.
pub async fn send_all(url: &str, bodies: &[Vec<u8>]) -> anyhow::Result<()> {
    let client = reqwest::Client::new();
    let next = AtomicUsize::new(0);
    let connection = || async {
        while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
            let request =
                client.post(url).header("content-type", "application/x-protobuf").body(body.clone());
            let response = request.send().await?;
            ensure!(response.status().is_success(), "{url} answered {}", response.status());
        }
        anyhow::Ok(())
    };
    futures::future::try_join_all((0..CONNECTIONS).map(|_| connection())).await?;
    Ok(())
}
