//! What is left of what was acknowledged when the process is killed right after the last answer.

use crate::common::bodies::{BATCH, Kind};
use crate::common::send::send_all;
use crate::product::Product;
use crate::question::{Facts, Question};
use crate::server::Server;
use anyhow::Context;
use std::time::{Duration, Instant};

/// Enough to take a second or so.
const BODIES: usize = 100;
/// A product may make its rows readable a little after it is ready.
const COUNTED_WITHIN: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub acknowledged: u64,
    pub found: u64,
}

pub async fn run(product: &dyn Product, kind: Kind, bodies: &[Vec<u8>]) -> anyhow::Result<Kept> {
    let bodies = &bodies[..bodies.len().min(BODIES)];
    let acknowledged = (bodies.len() * BATCH) as u64;
    let dir = tempfile::tempdir()?;
    let server = Server::start(product, dir.path()).await?;
    send_all(&product.push_url(&server.at, kind), bodies).await?;
    server.kill()?;
    let server = Server::start(product, dir.path()).await?;
    let facts = Facts::of(kind, bodies.len());
    let ask = product.ask(Question::Count, &facts).context("every product can count")?;
    let started = Instant::now();
    let mut found = 0;
    while found < acknowledged && started.elapsed() < COUNTED_WITHIN {
        found = server.ask(&ask).await?.1;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    server.kill()?;
    Ok(Kept { acknowledged, found })
}
