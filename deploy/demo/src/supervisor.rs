//! The whole shop as children of one process.

use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{ExitStatus, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use tokio::{
    process::{Child, ChildStderr, ChildStdout, Command},
    sync::watch,
    task::JoinSet,
};

use crate::{
    PROCESSES, ShopOptions,
    process::{PORT_COUNT, Process},
    service::port_error,
};

/// A child that was asked to end is killed after this; it should be gone within two seconds.
const STOP_LIMIT: Duration = Duration::from_secs(4);
const READY_PAUSE: Duration = Duration::from_millis(50);

/// The ports among which the parent picks: below those that systems take for outgoing connections. They
/// are dealt out in blocks, from a random one on, so that two shops of one process never get the same.
const FREE_PORTS: std::ops::Range<u16> = 20_000..32_000;
const FREE_BLOCKS: u16 = (FREE_PORTS.end - FREE_PORTS.start) / PORT_COUNT;

/// Telemetry that is seen soon, as a demo wants it, in milliseconds.
const CHILD_ENVIRONMENT: [(&str, &str); 2] =
    [("OTEL_BSP_SCHEDULE_DELAY", "500"), ("OTEL_METRIC_EXPORT_INTERVAL", "5000")];

/// What a process writes: JSON log lines on standard output, and on standard error only what it says
/// before its telemetry stands. Both have to be read, or the process waits when the pipe is full.
#[derive(Debug)]
pub struct Output {
    /// The `service.name`.
    pub service: &'static str,
    pub stdout: ChildStdout,
    pub stderr: ChildStderr,
}

/// The running shop. Dropping it kills what still runs; [`Shop::stop`] ends it cleanly.
#[derive(Debug)]
pub struct Shop {
    children: JoinSet<(&'static str, std::io::Result<ExitStatus>)>,
    stop: watch::Sender<Stage>,
    options: ShopOptions,
    outputs: Vec<Output>,
    /// Whether `load` has ended, so that the others may.
    load_ended: bool,
}

/// How far the shop's end has come.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Stage {
    Running,
    /// No new requests: `load` ends.
    Emptying,
    /// All end.
    Closing,
}

/// Starts every process of the shop as `EXE shop NAME …`; to be called inside of a tokio runtime. A base
/// port of 0 picks a free range, see [`Shop::base_port`].
///
/// # Errors
/// A port in use (with its number and the way out), a program that can't be started.
pub fn spawn_all(exe: &Path, options: &ShopOptions) -> anyhow::Result<Shop> {
    let mut options = ShopOptions { supervised: true, ..options.clone() };
    if options.base_port == 0 {
        options.base_port = free_base_port()?;
    } else {
        check_ports(&options)?;
    }
    let mut shop = Shop {
        children: JoinSet::new(),
        stop: watch::Sender::new(Stage::Running),
        options,
        outputs: Vec::new(),
        load_ended: false,
    };
    for name in PROCESSES {
        let mut child =
            shop.command(exe, name).spawn().with_context(|| format!("the shop's {name} can't be started"))?;
        if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
            shop.outputs.push(Output { service: name, stdout, stderr });
        }
        // The shoppers leave before the shop closes: what they have begun is served to its end.
        let last_stage = if *name == Process::Load.name() { Stage::Running } else { Stage::Emptying };
        shop.children.spawn(watch_child(name, child, last_stage, shop.stop.subscribe()));
    }
    Ok(shop)
}

impl Shop {
    /// What the processes write; the second call has nothing left to give.
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// The first port of the shop: the gateway's.
    pub fn base_port(&self) -> u16 {
        self.options.base_port
    }

    /// Where the shop's API is.
    pub fn gateway_url(&self) -> String {
        format!("http://{}", self.options.address(Process::Gateway))
    }

    /// Where faults are listed (`GET`) and switched (`POST URL/NAME` with the body `on` or `off`).
    pub fn faults_url(&self) -> String {
        format!("http://{}/faults", self.options.address(Process::Load))
    }

    /// Waits until every process answers.
    ///
    /// # Errors
    /// When one of them doesn't in time, with its name.
    pub async fn ready(&self, limit: Duration) -> anyhow::Result<()> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut waiting_for = "the shop";
        let all = async {
            for process in Process::ALL {
                waiting_for = process.name();
                let url = format!("http://{}/health", self.options.address(process));
                while client.get(&url).send().await.is_err() {
                    tokio::time::sleep(READY_PAUSE).await;
                }
            }
        };
        let outcome = tokio::time::timeout(limit, all).await;
        outcome.map_err(|_| anyhow::anyhow!("{waiting_for} did not answer within {limit:?}"))
    }

    /// Waits for the next process that ends: before [`Shop::stop`] that is a failure to be told. `None`
    /// when none is left.
    pub async fn next_exit(&mut self) -> Option<(&'static str, std::io::Result<ExitStatus>)> {
        loop {
            match self.children.join_next().await? {
                Ok(exit) => {
                    self.load_ended |= exit.0 == Process::Load.name();
                    return Some(exit);
                }
                // A watching task that failed can't say of which process: don't wait for that one.
                Err(_) => self.load_ended = true,
            }
        }
    }

    /// Ends all processes cleanly, with their last telemetry delivered; kills what is not gone after
    /// four seconds. Answers with how each ended.
    pub async fn stop(mut self) -> Vec<(&'static str, std::io::Result<ExitStatus>)> {
        self.stop.send_replace(Stage::Emptying);
        let mut exits = Vec::new();
        loop {
            // It may also have ended before, by itself.
            if self.load_ended {
                self.stop.send_replace(Stage::Closing);
            }
            match self.next_exit().await {
                Some(exit) => exits.push(exit),
                None => return exits,
            }
        }
    }

    /// The environment's own `OTEL_*` are taken away: they name the parent, not its children.
    fn command(&self, exe: &Path, name: &str) -> Command {
        let mut command = Command::new(exe);
        command.args(["shop", name]).args(self.options.arguments());
        for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("OTEL_")) {
            command.env_remove(key);
        }
        command
            .envs(CHILD_ENVIRONMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C at a terminal is for the parent, which then ends its children in order.
            .process_group(0)
            .kill_on_drop(true);
        command
    }
}

/// Holds a child's standard input open: closing it is the request to end, and happens by itself when
/// this process dies.
async fn watch_child(
    name: &'static str,
    mut child: Child,
    last_stage: Stage,
    mut stop: watch::Receiver<Stage>,
) -> (&'static str, std::io::Result<ExitStatus>) {
    let input = child.stdin.take();
    tokio::select! {
        exit = child.wait() => return (name, exit),
        // An error means that the shop was dropped: end too.
        _ = stop.wait_for(|stage| *stage > last_stage) => {}
    }
    drop(input);
    if let Ok(exit) = tokio::time::timeout(STOP_LIMIT, child.wait()).await {
        return (name, exit);
    }
    // Fails only for a child that is gone already, which `wait` then tells.
    let _ = child.start_kill();
    (name, child.wait().await)
}

/// Binds every port once, so that the first error is about ports and not about a child that ended.
fn check_ports(options: &ShopOptions) -> anyhow::Result<()> {
    let processes = Process::ALL.map(|process| (process.name(), options.address(process)));
    for (who, address) in processes.into_iter().chain([("third party", options.card_network_address())]) {
        TcpListener::bind(address).map_err(|error| port_error(error, address, who))?;
    }
    Ok(())
}

fn free_base_port() -> anyhow::Result<u16> {
    static NEXT_BLOCK: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(rand::random()));
    for _ in 0..FREE_BLOCKS {
        let block = NEXT_BLOCK.fetch_add(1, Ordering::Relaxed) % FREE_BLOCKS;
        let base = FREE_PORTS.start + block * PORT_COUNT;
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if (base..base + PORT_COUNT).all(free) {
            return Ok(base);
        }
    }
    anyhow::bail!("no {PORT_COUNT} free ports in a row were found; name some with --base-port")
}
