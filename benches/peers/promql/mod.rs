//! The queries of `cargo xtask bench promql`: the same metrics go into Ocelli and into VictoriaMetrics, both
//! are started anew, and every query is asked of both in turn, by one client over HTTP, after it was asked
//! once for nothing. Answers are compared with each other.

mod answer;
mod load;
mod query;
mod table;

use crate::common::process::{cpu_s, peak_mib, resident_mib};
use crate::ocelli::Ocelli;
use crate::product::{Peer, Product};
use crate::server::Server;
use crate::victoria_metrics::VictoriaMetrics;
use answer::Answer;
use anyhow::Context;
use clap::Args;
use load::Load;
use query::Query;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Series that are scraped every 15 s, in hundreds.
    #[arg(long, default_value_t = 10_000)]
    series: usize,
    /// How long they are scraped.
    #[arg(long, default_value_t = 6)]
    hours: u64,
    /// Series of the metric that selectors are tried on, in thousands; two samples each.
    #[arg(long, default_value_t = 1_000_000)]
    many: usize,
    /// How far the series go back that are kept long.
    #[arg(long, default_value_t = 28)]
    days: u64,
    /// How many they are.
    #[arg(long, default_value_t = 100)]
    long: usize,
    /// How often each query is asked.
    #[arg(long, default_value_t = 15)]
    times: usize,
    /// Only queries whose title has this text.
    #[arg(long)]
    only: Option<String>,
    /// Where the stores are put and left, to be asked again; otherwise they are made anew.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// A product beside Ocelli: NAME@VERSION=PROGRAM.
    #[arg(long)]
    peer: Vec<Peer>,
    /// Another build of Ocelli.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_ocelli"))]
    ocelli: PathBuf,
}

/// What one product did with one query.
pub struct Asked {
    /// How long it took when it was asked for nothing: what it needs may be in no cache.
    pub first: Duration,
    pub times: Vec<Duration>,
    /// CPU of the process while it was asked, in steps of 10 ms, by the number of times.
    pub cpu_ms: f64,
    pub answer: Answer,
}

pub async fn run(arguments: &Arguments) -> anyhow::Result<String> {
    let peer = arguments.peer.iter().find(|peer| peer.name == VictoriaMetrics::NAME).cloned();
    let peer = peer.map(|peer| Box::new(VictoriaMetrics(peer)) as Box<dyn Product>);
    let ours: Box<dyn Product> = Box::new(Ocelli(arguments.ocelli.clone()));
    let products: Vec<Box<dyn Product>> = std::iter::once(ours).chain(peer).collect();
    let temporary = tempfile::tempdir()?;
    let load = Load::of(arguments);
    let mut servers = Vec::new();
    for product in &products {
        let dir = arguments.keep.as_deref().unwrap_or(temporary.path()).join(product.name());
        if !dir.join("data").is_dir() {
            std::fs::create_dir_all(&dir)?;
            load.send(product.as_ref(), &dir).await.with_context(|| product.name())?;
        }
        servers.push(Server::start(product.as_ref(), &dir).await?);
    }
    let queries = query::all(&load);
    let wanted = |query: &&Query| arguments.only.as_ref().is_none_or(|only| query.title.contains(only));
    let mut table = table::Table::new(&products);
    for query in queries.iter().filter(wanted) {
        table.add(query, ask(&servers, query, arguments.times).await?);
    }
    for server in &servers {
        table.memory(peak_mib(server.pid())?, resident_mib(server.pid())?);
    }
    servers.into_iter().try_for_each(|server| server.stop().map(drop))?;
    Ok(format!("{load}\n\n{table}"))
}

/// Asks all servers in turn, so that a busy moment of the machine meets all of them.
async fn ask(servers: &[Server<'_>], query: &Query, times: usize) -> anyhow::Result<Vec<Asked>> {
    let mut asked = Vec::new();
    for server in servers {
        let ask = query.of(server.product());
        let (first, text) = server.timed(&ask.path, &ask.parameters).await.context(query.title)?;
        asked.push(Asked {
            first,
            times: Vec::new(),
            cpu_ms: -cpu_s(server.pid())? * 1e3,
            answer: Answer::read(&text)?,
        });
    }
    for _ in 0..times.max(1) {
        for (server, asked) in servers.iter().zip(&mut asked) {
            let ask = query.of(server.product());
            asked.times.push(server.timed(&ask.path, &ask.parameters).await?.0);
        }
    }
    for (server, asked) in servers.iter().zip(&mut asked) {
        asked.cpu_ms = (asked.cpu_ms + cpu_s(server.pid())? * 1e3) / asked.times.len() as f64;
    }
    // Only Ocelli tells what it looked at, and only when it is asked to.
    if let (Some(ours), Some(asked)) = (servers.first(), asked.first_mut()) {
        let mut ask = query.of(ours.product());
        ask.parameters.push(("stats", "all".to_owned()));
        asked.answer.read_stats(&ours.timed(&ask.path, &ask.parameters).await?.1)?;
    }
    Ok(asked)
}
