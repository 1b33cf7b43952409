//! `ocelli demo`: seven processes appear with their rates; a fault that is switched on shows in RED and
//! in the traces within fifteen seconds; SIGTERM leaves nobody behind.

use crate::harness::api::Api;
use crate::harness::process::{children_of, is_running};
use crate::harness::server::{Server, Settings};
use crate::harness::wait::{ensure, until};
use ocelli_api::services::{ServiceResponse, ServicesResponse};
use ocelli_api::traces::TracesResponse;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const SERVICES: [&str; 7] = ["auth", "gateway", "inventory", "load", "notification", "order", "payment"];
/// A cold start of eight processes on a busy machine, and two emissions of figures.
const UP: Duration = Duration::from_secs(60);
/// The promise.
const SEEN: Duration = Duration::from_secs(15);
const GONE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_runs_and_its_faults_are_seen() {
    let server = Settings::demo(&["--base-port", "0", "--rate", "15"]).start().await;
    let started = Instant::now();
    until("all seven services have a rate", UP, async || {
        let rates = rates(&server.api).await?;
        let names: BTreeSet<&str> =
            rates.iter().filter(|(_, rate)| *rate > 0.0).map(|(name, _)| name.as_str()).collect();
        ensure(SERVICES.iter().all(|name| names.contains(name)), || format!("{rates:?}"))
    })
    .await;
    println!("all seven services have a rate after {:.1} s", started.elapsed().as_secs_f64());
    until("the shop's own log lines are there", UP, async || {
        let records = server.api.all_logs("service:payment \"payment made\"", 10).await;
        ensure(records.iter().any(|record| !record.trace_id.is_empty()), || {
            format!("{} records", records.len())
        })
    })
    .await;
    graph(&server.api).await;

    let desk = faults_url(&server);
    switch(&desk, "payment-slow", "on").await;
    let since = Instant::now();
    slow_payments_are_seen(&server.api).await;
    println!("slow payments are seen after {:.1} s", since.elapsed().as_secs_f64());
    switch(&desk, "payment-slow", "off").await;
    switch(&desk, "inventory-errors", "on").await;
    let since = Instant::now();
    inventory_errors_are_seen(&server.api).await;
    println!("inventory errors are seen after {:.1} s", since.elapsed().as_secs_f64());

    let children = children_of(server.pid());
    assert_eq!(children.len(), SERVICES.len(), "one process each: {children:?}");
    let stopped = server.stop();
    until("the processes of the shop are gone", GONE, async || {
        let left: Vec<&u32> = children.iter().filter(|pid| is_running(**pid)).collect();
        ensure(left.is_empty(), || format!("{left:?} still run"))
    })
    .await;
    drop(stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_demo_leaves_nobody_behind() {
    let server = Settings::demo(&["--base-port", "0", "--rate", "1"]).start().await;
    let children = until("the shop is started", UP, async || {
        let children = children_of(server.pid());
        ensure(children.len() == SERVICES.len(), || format!("{children:?}")).map(|()| children)
    })
    .await;
    drop(server.kill());
    until("the processes of the shop are gone", GONE, async || {
        let left: Vec<&u32> = children.iter().filter(|pid| is_running(**pid)).collect();
        ensure(left.is_empty(), || format!("{left:?} still run"))
    })
    .await;
}

async fn rates(api: &Api) -> Result<Vec<(String, f64)>, String> {
    let answer: ServicesResponse = api.try_get("/api/services", &[("from", "now-5m"), ("to", "now")]).await?;
    Ok(answer.services.into_iter().map(|service| (service.name, service.red.rate)).collect())
}

/// Who calls whom, as the shop is built.
async fn graph(api: &Api) {
    let edges = [("gateway", "auth"), ("gateway", "order"), ("gateway", "payment"), ("order", "inventory")];
    until("the calls between the services are known", UP, async || {
        for (caller, callee) in edges {
            let range = [("from", "now-5m"), ("to", "now")];
            let answer: ServiceResponse = api.try_get(&format!("/api/services/{caller}"), &range).await?;
            let known = answer.callees.iter().any(|edge| edge.name == callee);
            ensure(known, || format!("{caller} → {callee}: {:?}", answer.callees))?;
        }
        Ok(())
    })
    .await;
}

/// How a fault is switched stands in the demo's own log, as a command: its URL up to the fault's name.
fn faults_url(server: &Server) -> String {
    let lines = server.log();
    let command = lines.iter().find_map(|line| line["faults"].as_str());
    let command = command.expect("the demo says how its faults are switched");
    let url = command.split_whitespace().find(|word| word.starts_with("http://"));
    url.and_then(|url| url.rsplit_once('/')).unwrap_or_else(|| panic!("no URL in {command}")).0.to_owned()
}

async fn switch(desk: &str, fault: &str, state: &'static str) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.post(format!("{desk}/{fault}")).body(state).send().await.unwrap();
    assert!(response.status().is_success(), "{fault} {state}: {:?}", response.text().await);
}

/// Charges take 0.12 to 0.38 s, and 1.5 s and more when the third party is slow.
async fn slow_payments_are_seen(api: &Api) {
    until("slow payments in RED and in the traces", SEEN, async || {
        let range = [("from", "now-15s"), ("to", "now")];
        let answer: ServiceResponse = api.try_get("/api/services/payment", &range).await?;
        ensure(answer.red.p95_ms.is_some_and(|ms| ms > 1_000.0), || format!("{:?}", answer.red))?;
        let slow = [("from", "now-1m"), ("to", "now"), ("service", "payment"), ("min_duration", "1s")];
        let answer: TracesResponse = api.try_get("/api/traces", &slow).await?;
        ensure(!answer.traces.is_empty(), || "no slow trace".to_owned())
    })
    .await;
}

async fn inventory_errors_are_seen(api: &Api) {
    until("errors of the inventory in RED and in the traces", SEEN, async || {
        let range = [("from", "now-15s"), ("to", "now")];
        let answer: ServiceResponse = api.try_get("/api/services/inventory", &range).await?;
        ensure(answer.red.error_ratio.is_some_and(|ratio| ratio > 0.05), || format!("{:?}", answer.red))?;
        let failed = [("from", "now-1m"), ("to", "now"), ("service", "inventory"), ("status", "error")];
        let answer: TracesResponse = api.try_get("/api/traces", &failed).await?;
        ensure(!answer.traces.is_empty(), || "no failed trace".to_owned())
    })
    .await;
}
