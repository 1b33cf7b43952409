//! What all processes share: telemetry, a listener, a clean end, and a new release in place.

use std::{io::ErrorKind, net::SocketAddr, os::unix::process::CommandExt, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    routing::{MethodRouter, get},
};
use ocelli_sdk::Telemetry;
use tokio::net::TcpListener;

use crate::{
    ShopOptions, auth, gateway, inventory, load, notification, order, payment,
    peer::Peer,
    process::Process,
    stop::{Ending, Stop},
};

/// How long requests that are under way may take after the end was asked for. Together with
/// [`FLUSH_LIMIT`] below the two seconds within which a process has to be gone.
pub(crate) const DRAIN_LIMIT: Duration = Duration::from_millis(800);
/// How long the last telemetry may take to be delivered.
const FLUSH_LIMIT: Duration = Duration::from_millis(1_000);

/// A running process of the shop.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) process: Process,
    pub(crate) options: ShopOptions,
    pub(crate) telemetry: Telemetry,
    pub(crate) stop: Stop,
}

/// Runs one process of the shop until SIGTERM, SIGINT or, when supervised, the end of standard input.
/// Sets up this process's telemetry, so no tracing subscriber may be installed before.
///
/// # Errors
/// An unknown name, a port in use, a data directory that can't be written.
pub async fn run(process: &str, options: ShopOptions) -> anyhow::Result<()> {
    let process: Process = process.parse()?;
    let stop = Stop::new();
    stop.watch_process(options.supervised).context("signals can't be watched")?;
    let telemetry = ocelli_sdk::Builder::new(process.name())
        .version(options.release(process))
        .attribute("service.namespace", "shop")
        .attribute("deployment.environment.name", "demo")
        .endpoint(&options.otlp_endpoint)
        .init()?;
    let service = Service { process, options: options.clone(), telemetry: telemetry.clone(), stop };
    let outcome = service.run().await;
    if let Err(error) = &outcome {
        tracing::error!("{process} ends: {error:#}");
    }
    if let Err(error) = telemetry.shutdown_within(FLUSH_LIMIT).await {
        tracing::warn!(%error, "the last telemetry may be lost");
    }
    match outcome? {
        Ending::Stop => Ok(()),
        Ending::Deploy { release } => Err(replace_by(process, options, release)),
    }
}

/// Becomes the same process in another release: same pid, same standard streams, new start. Returns
/// only if that failed.
fn replace_by(process: Process, options: ShopOptions, release: String) -> anyhow::Error {
    let exe = match std::env::current_exe() {
        Ok(exe) => exe,
        Err(error) => return anyhow::Error::from(error).context("this program's path is unknown"),
    };
    let options = ShopOptions { order_release: release, ..options };
    let error =
        std::process::Command::new(exe).args(["shop", process.name()]).args(options.arguments()).exec();
    anyhow::Error::from(error).context("the new release can't be started")
}

impl Service {
    async fn run(&self) -> anyhow::Result<Ending> {
        std::fs::create_dir_all(&self.options.data_dir).with_context(|| {
            format!("the shop's data directory {} can't be made", self.options.data_dir.display())
        })?;
        match self.process {
            Process::Gateway => gateway::run(self).await,
            Process::Auth => auth::run(self).await,
            Process::Order => order::run(self).await,
            Process::Inventory => inventory::run(self).await,
            Process::Payment => payment::run(self).await,
            Process::Notification => notification::run(self).await,
            Process::Load => load::run(self).await,
        }
    }

    /// Serves instrumented routes beside what operators call, which makes no spans: `/health`,
    /// `/metrics`, and `control`: the service's own switch.
    pub(crate) async fn serve(&self, routes: Router, control: MethodRouter) -> anyhow::Result<Ending> {
        let app = self.telemetry.http_server(routes).route("/admin/fault", control);
        self.serve_app(app).await
    }

    /// Serves an app as it is, beside `/health` and `/metrics`.
    pub(crate) async fn serve_app(&self, app: Router) -> anyhow::Result<Ending> {
        let app =
            app.route("/health", get(|| async { "ok" })).route("/metrics", self.telemetry.metrics_handler());
        let address = self.options.address(self.process);
        let listener = listen(address, self.process.name()).await?;
        let release = self.options.release(self.process);
        tracing::info!(%address, release, "listening");
        self.serve_on(listener, app).await
    }

    /// Serves until the end is asked for, then for as long as requests that are under way may take.
    pub(crate) async fn serve_on(&self, listener: TcpListener, app: Router) -> anyhow::Result<Ending> {
        let stop = self.stop.clone();
        let server =
            axum::serve(listener, app).with_graceful_shutdown(async move { drop(stop.requested().await) });
        let cut = async {
            self.stop.requested().await;
            tokio::time::sleep(DRAIN_LIMIT).await;
        };
        tokio::select! {
            served = server.into_future() => served.context("the server failed")?,
            () = cut => tracing::warn!("requests that were under way are cut off"),
        }
        Ok(self.stop.requested().await)
    }

    /// A client for another process.
    pub(crate) fn peer(&self, process: Process) -> anyhow::Result<Peer> {
        Peer::new(&self.telemetry, process.name(), self.options.address(process))
    }
}

/// Binds a port, or says which one is taken and how to choose another.
pub(crate) async fn listen(address: SocketAddr, who: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| port_error(error, address, who))
}

pub(crate) fn port_error(error: std::io::Error, address: SocketAddr, who: &str) -> anyhow::Error {
    let port = address.port();
    if error.kind() == ErrorKind::AddrInUse {
        return anyhow::anyhow!(
            "port {port} of the shop's {who} is in use by another program; choose other ports with --base-port"
        );
    }
    anyhow::Error::from(error).context(format!("the shop's {who} can't listen on {address}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_busy_port_is_named_with_the_way_out() {
        let taken = listen("127.0.0.1:0".parse().unwrap(), "auth").await.unwrap();
        let address = taken.local_addr().unwrap();
        let error = listen(address, "auth").await.unwrap_err().to_string();
        assert!(error.contains(&address.port().to_string()), "{error}");
        assert!(error.contains("auth") && error.contains("--base-port"), "{error}");
    }
}
