//! One product, one kind of items, one fresh directory: all figures of a run.

use crate::common::bodies::Kind;
use crate::common::process::{bytes_below, peak_mib, resident_mib};
use crate::common::send::send_all;
use crate::product::Product;
use crate::question::{Facts, Question};
use crate::server::Server;
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a question is asked; the quickest answer counts.
const TIMES: usize = 7;
/// What a fresh process holds after so long counts as idle.
const IDLE_AFTER: Duration = Duration::from_secs(2);

#[derive(Clone, Debug)]
pub struct Figures {
    pub ready_ms: f64,
    pub idle_mib: f64,
    pub wall_s: f64,
    /// Requests that had to be sent again.
    pub refused: usize,
    pub cpu_s: f64,
    pub peak_mib: f64,
    pub bytes: u64,
    pub answers: Vec<Option<Answer>>,
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub best_ms: f64,
    pub results: u64,
}

pub async fn run(product: &dyn Product, kind: Kind, bodies: &[Vec<u8>]) -> anyhow::Result<Figures> {
    let dir = tempfile::tempdir()?;
    let server = Server::start(product, dir.path()).await?;
    let ready_ms = server.ready.as_secs_f64() * 1e3;
    tokio::time::sleep(IDLE_AFTER).await;
    let idle_mib = resident_mib(server.pid())?;
    let started = Instant::now();
    let refused = send_all(&product.push_url(&server.at, kind), bodies).await?;
    let wall_s = started.elapsed().as_secs_f64();
    server.settle().await?;
    let peak_mib = peak_mib(server.pid())?;
    let cpu_s = server.stop()? + product.merge_stopped(&dir.path().join("data"))?;
    let bytes = bytes_of_data(product, &dir.path().join("data"))?;
    let facts = Facts::of(kind, bodies.len());
    let answers = ask_all(product, dir.path(), &facts).await?;
    Ok(Figures { ready_ms, idle_mib, wall_s, refused, cpu_s, peak_mib, bytes, answers })
}

fn bytes_of_data(product: &dyn Product, data: &Path) -> anyhow::Result<u64> {
    let mut bytes = bytes_below(data)?;
    for cache in product.caches().iter().map(|name| data.join(name)).filter(|cache| cache.is_dir()) {
        bytes -= bytes_below(&cache)?;
    }
    Ok(bytes)
}

/// Asks a new process, so that nothing is answered from what was just taken in.
async fn ask_all(product: &dyn Product, dir: &Path, facts: &Facts) -> anyhow::Result<Vec<Option<Answer>>> {
    let server = Server::start(product, dir).await?;
    let mut answers = Vec::new();
    for question in Question::of(facts.kind) {
        let Some(ask) = product.ask(*question, facts) else {
            answers.push(None);
            continue;
        };
        let mut best: Option<Answer> = None;
        for _ in 0..TIMES {
            let (took, results) = server.ask(&ask).await?;
            let best_ms = took.as_secs_f64() * 1e3;
            if best.as_ref().is_none_or(|best| best_ms < best.best_ms) {
                best = Some(Answer { best_ms, results });
            }
        }
        answers.push(best);
    }
    server.stop()?;
    Ok(answers)
}
