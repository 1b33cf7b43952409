//! Fills the products and asks them.

use crate::Arguments;
use crate::common::bodies::{self, BATCH, Kind};
use crate::common::process::{bytes_below, cpu_s};
use crate::common::send::send_all;
use crate::ocelli::Ocelli;
use crate::product::Product;
use crate::question::{Ask, Facts};
use crate::server::Server;
use crate::table::Table;
use anyhow::Context;
use std::path::Path;
use std::time::Duration;

/// Requests that are made before they are sent.
const AHEAD: usize = 200;

/// What one product did with one question.
pub struct Asked {
    pub times: Vec<Duration>,
    /// CPU of the process while it was asked, in steps of 10 ms, by the number of times.
    pub cpu_ms: f64,
    pub results: u64,
}

/// One question in the words of the products that have it.
pub struct Query {
    pub title: &'static str,
    /// By the names of the products.
    pub asks: Vec<(&'static str, Ask)>,
}

/// Ours, and those of the others that are there.
pub fn beside_ours(
    arguments: &Arguments,
    others: impl IntoIterator<Item = Box<dyn Product>>,
) -> Vec<Box<dyn Product>> {
    let ours: Box<dyn Product> = Box::new(Ocelli(arguments.ocelli.clone()));
    std::iter::once(ours).chain(others).collect()
}

/// Fills the products, asks them, and says how long that took.
pub async fn table(
    arguments: &Arguments,
    products: &[Box<dyn Product>],
    facts: &Facts,
    items: usize,
    name: &str,
    queries: Vec<Query>,
) -> anyhow::Result<String> {
    let temporary = tempfile::tempdir()?;
    let directory = arguments.keep.as_deref().unwrap_or(temporary.path());
    let servers = servers(products, facts.kind, items, directory).await?;
    let mut table = Table::new(&format!("{items} {name}"), products);
    for mut query in queries {
        if arguments.only.as_ref().is_none_or(|only| query.title.contains(only)) {
            let mut of = |product: &dyn Product| {
                let at = query.asks.iter().position(|(name, _)| *name == product.name())?;
                Some(query.asks.swap_remove(at).1)
            };
            let asks: Vec<Option<Ask>> = products.iter().map(|product| of(product.as_ref())).collect();
            table.add(query.title, ask(&servers, &asks, arguments).await?);
        }
    }
    servers.into_iter().try_for_each(|server| server.stop().map(drop))?;
    Ok(table.to_string())
}

/// Fills each product below a directory, unless it was filled there before, and starts it.
async fn servers<'p>(
    products: &'p [Box<dyn Product>],
    kind: Kind,
    items: usize,
    directory: &Path,
) -> anyhow::Result<Vec<Server<'p>>> {
    let mut servers = Vec::new();
    for product in products {
        let dir = directory.join(kind.as_str()).join(product.name());
        if !dir.join("data").is_dir() {
            std::fs::create_dir_all(&dir)?;
            fill(product.as_ref(), kind, items, &dir).await.with_context(|| product.name())?;
        }
        servers.push(Server::start(product.as_ref(), &dir).await?);
    }
    Ok(servers)
}

/// Sends all, has it written and merged, and stops the product.
async fn fill(product: &dyn Product, kind: Kind, items: usize, dir: &Path) -> anyhow::Result<()> {
    let server = Server::start(product, dir).await?;
    let url = product.push_url(&server.at, kind);
    let mut batches = 0..items.div_ceil(BATCH);
    loop {
        let bodies: Vec<Vec<u8>> =
            batches.by_ref().take(AHEAD).map(|batch| bodies::body(kind, batch)).collect();
        if bodies.is_empty() {
            break;
        }
        send_all(&url, &bodies).await?;
    }
    server.settle().await?;
    let cpu_s = server.stop()? + product.merge_stopped(&dir.join("data"))?;
    let bytes = bytes_below(&dir.join("data"))? as f64 / items.max(1) as f64;
    println!(
        "{} took {items} {} in: {cpu_s:.0} s of CPU, {bytes:.1} bytes each.",
        product.name(),
        kind.as_str()
    );
    Ok(())
}

/// Asks all servers in turn, so that a busy moment of the machine meets all of them; nothing where a
/// product has no such question.
async fn ask(
    servers: &[Server<'_>],
    asks: &[Option<Ask>],
    arguments: &Arguments,
) -> anyhow::Result<Vec<Option<Asked>>> {
    let mut all = Vec::new();
    for (server, ask) in servers.iter().zip(asks) {
        let Some(ask) = ask else {
            all.push(None);
            continue;
        };
        let results = server.ask(ask).await?.1;
        all.push(Some(Asked { times: Vec::new(), cpu_ms: -cpu_s(server.pid())? * 1e3, results }));
    }
    for _ in 0..arguments.times.max(1) {
        for ((server, ask), asked) in servers.iter().zip(asks).zip(&mut all) {
            if let (Some(ask), Some(asked)) = (ask, asked) {
                asked.times.push(server.ask(ask).await?.0);
            }
        }
    }
    for (server, asked) in servers.iter().zip(all.iter_mut()) {
        if let Some(asked) = asked {
            asked.cpu_ms = (asked.cpu_ms + cpu_s(server.pid())? * 1e3) / asked.times.len() as f64;
        }
    }
    Ok(all)
}
