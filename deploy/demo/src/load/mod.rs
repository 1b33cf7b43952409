//! The load generator: shoppers who browse, log in and order, by a plan that follows from the seed. The
//! faults are switched here too.

mod fault_desk;
mod plan;
mod shopper;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    process::Process,
    service::{DRAIN_LIMIT, Service},
    stop::Ending,
};
use plan::Plan;
use shopper::Shoppers;

/// Requests under way at once. A shop that doesn't keep up gets no more than these: the plan goes on,
/// and what it would have sent is skipped and said.
const MAX_UNDER_WAY: usize = 256;
/// How long to wait between two looks at a gateway that isn't there yet.
const GATEWAY_PAUSE: Duration = Duration::from_millis(100);

pub(crate) async fn run(service: &Service) -> anyhow::Result<Ending> {
    // The desk is for the person at the demo, not a part of the shop: its requests make no spans.
    let desk = fault_desk::routes(service)?;
    let (ending, ()) = tokio::try_join!(service.serve_app(desk), generate(service))?;
    Ok(ending)
}

/// Sends what the plan says, when it says so, until the shop ends.
async fn generate(service: &Service) -> anyhow::Result<()> {
    let options = &service.options;
    if options.rate <= 0.0 {
        return Ok(());
    }
    tokio::select! {
        outcome = wait_for_gateway(service) => outcome?,
        _ = service.stop.requested() => return Ok(()),
    }
    tracing::info!(rate = options.rate, seed = options.seed, "shoppers are coming in");
    let shoppers = Arc::new(Shoppers::new(service.peer(Process::Gateway)?));
    let room = Arc::new(Semaphore::new(MAX_UNDER_WAY));
    let mut under_way = JoinSet::new();
    let mut due = Instant::now();
    for step in Plan::new(options.seed, options.rate) {
        due += step.after;
        tokio::select! {
            () = tokio::time::sleep_until(due.into()) => {}
            _ = service.stop.requested() => break,
        }
        // Collects the finished, so that the set doesn't grow.
        while under_way.try_join_next().is_some() {}
        let Ok(seat) = Arc::clone(&room).try_acquire_owned() else {
            tracing::warn!(under_way = MAX_UNDER_WAY, "the shop doesn't keep up, a request is skipped");
            continue;
        };
        let shoppers = Arc::clone(&shoppers);
        under_way.spawn(async move {
            shoppers.act(step.action).await;
            drop(seat);
        });
    }
    // What is under way then ends with the process.
    let _ = tokio::time::timeout(DRAIN_LIMIT, async { while under_way.join_next().await.is_some() {} }).await;
    Ok(())
}

/// Looks without telemetry: a shop that is starting is not a shop that fails.
async fn wait_for_gateway(service: &Service) -> anyhow::Result<()> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("http://{}/health", service.options.address(Process::Gateway));
    while client.get(&url).send().await.is_err() {
        tokio::time::sleep(GATEWAY_PAUSE).await;
    }
    Ok(())
}
