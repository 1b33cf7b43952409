//! A product's process.

use crate::common::process::children_cpu_s;
use crate::product::{Addresses, Product};
use crate::question::Ask;
use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

const READY_WITHIN: Duration = Duration::from_secs(60);
const SETTLED_WITHIN: Duration = Duration::from_secs(600);
const ANSWER_WITHIN: Duration = Duration::from_secs(120);

pub struct Server<'p> {
    child: Child,
    product: &'p dyn Product,
    pub at: Addresses,
    client: reqwest::Client,
    /// From exec to the first answer that it is ready.
    pub ready: Duration,
    cpu_before: f64,
}

impl<'p> Server<'p> {
    /// Starts it on `dir/data`; what it says goes to `dir/log`.
    pub async fn start(product: &'p dyn Product, dir: &Path) -> anyhow::Result<Server<'p>> {
        let at = free_addresses()?;
        let log = File::options().create(true).append(true).open(dir.join("log"))?;
        let mut command = product.command(&at, &dir.join("data"));
        command.stdout(log.try_clone()?).stderr(log);
        let client = reqwest::Client::builder().timeout(ANSWER_WITHIN).build()?;
        let cpu_before = children_cpu_s()?;
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("{command:?} can't be started"))?;
        let mut server = Server { child, product, at, client, ready: Duration::ZERO, cpu_before };
        let health = server.url(product.health_path());
        while !server.client.get(&health).send().await.is_ok_and(|answer| answer.status() == 200) {
            if started.elapsed() > READY_WITHIN || server.child.try_wait()?.is_some() {
                let log = std::fs::read_to_string(dir.join("log"))?;
                bail!("{} did not become ready; it says: {log}", product.name());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.ready = started.elapsed();
        Ok(server)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.at.api)
    }

    async fn get(&self, path: &str, parameters: &[(&'static str, String)]) -> anyhow::Result<String> {
        let answer = self.client.get(self.url(path)).query(parameters).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{path} answered {status}: {text}");
        Ok(text)
    }

    pub fn product(&self) -> &dyn Product {
        self.product
    }

    /// How long the answer took, and the answer.
    pub async fn timed(
        &self,
        path: &str,
        parameters: &[(&'static str, String)],
    ) -> anyhow::Result<(Duration, String)> {
        let started = Instant::now();
        let text = self.get(path, parameters).await?;
        Ok((started.elapsed(), text))
    }

    /// How long the answer took, and how many results it has.
    pub async fn ask(&self, ask: &Ask) -> anyhow::Result<(Duration, u64)> {
        let (took, text) = self.timed(&ask.path, &ask.parameters).await?;
        let results = (ask.results)(&text);
        let begin: String = text.chars().take(300).collect();
        Ok((took, results.with_context(|| format!("{} answered {begin}", ask.path))?))
    }

    /// Has everything written and merged, and waits for it.
    pub async fn settle(&self) -> anyhow::Result<()> {
        for path in self.product.settle_paths() {
            self.get(path, &[]).await?;
        }
        let started = Instant::now();
        let mut quiet = 0;
        while !self.product.busy_metrics().is_empty() && quiet < 3 {
            ensure!(started.elapsed() < SETTLED_WITHIN, "{} merges without end", self.product.name());
            tokio::time::sleep(Duration::from_millis(200)).await;
            let metrics = self.get("/metrics", &[]).await?;
            quiet = if busy(&metrics, self.product.busy_metrics()) { 0 } else { quiet + 1 };
        }
        Ok(())
    }

    /// Asks it to end; all CPU that it used, in seconds.
    pub fn stop(mut self) -> anyhow::Result<f64> {
        self.signal(Signal::TERM)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "{} ended with {status}", self.product.name());
        Ok(children_cpu_s()? - self.cpu_before)
    }

    /// Ends it on the spot.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.signal(Signal::KILL)?;
        self.child.wait()?;
        Ok(())
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid())?).context("a process id")?;
        Ok(kill_process(pid, signal)?)
    }
}

/// What is left behind by an error must not run on.
impl Drop for Server<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn busy(metrics: &str, names: &[&str]) -> bool {
    let line_is_busy = |line: &str| {
        let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
        names.iter().any(|name| line.starts_with(name)) && value.is_some_and(|value| value > 0.0)
    };
    metrics.lines().any(line_is_busy)
}

/// Ports that were free a moment ago.
fn free_addresses() -> anyhow::Result<Addresses> {
    let sockets: Vec<TcpListener> =
        (0..3).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
    Ok(Addresses {
        api: sockets[0].local_addr()?,
        push: sockets[1].local_addr()?,
        other: sockets[2].local_addr()?,
    })
}
