//! The whole server on one page: what starts in which order, and stops in the reverse.

use crate::alerting::{self, Alerts, Running};
use crate::config::Config;
use crate::dashboards::Shelf;
use crate::guard::Hosts;
use crate::listeners::Listeners;
use crate::metrics::Ready;
use crate::mount::{Endpoint, exported, router};
use crate::red::{RedObserver, emit, emit_every};
use crate::routes::Listener;
use crate::rules::RuleEngine;
use crate::searches::Drawer;
use crate::sink::StoreSink;
use crate::system::System;
use crate::time::{Arrivals, SteadyClock};
use crate::{metrics, rules, ui_files};
use anyhow::Context;
use axum::Router;
use ocelli_api::UnixNano;
use ocelli_api::dashboards::Dashboard;
use ocelli_collector::limits::RedLimits;
use ocelli_collector::processors::red::Red;
use ocelli_collector::{Collector, Ledger, grpc_endpoints, http_endpoints};
use ocelli_query::http::alerting::Alerting;
use ocelli_query::http::dashboards::Dashboards as _;
use ocelli_query::http::rules::Rules;
use ocelli_query::http::slos::Slos;
use ocelli_query::http::written::Written;
use ocelli_query::{Api, Error};
use ocelli_storage::Store;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long requests that are under way may take once a stop is asked for.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT; SIGHUP reads the rule files again.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    init_logs();
    let server = Server::start(config).await?;
    let mut hangup = signal(SignalKind::hangup()).context("watching for SIGHUP")?;
    let stop = stop_signal();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            stopped = &mut stop => break stopped?,
            _ = hangup.recv() => {
                server.alerts.reload().await;
                server.rules.reload().await;
            }
        }
    }
    server.stop().await
}

/// JSON lines on stdout: the product's own logs, in a shape that it reads itself.
pub fn init_logs() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("OCELLI_LOG").unwrap_or_else(|_| "info".into());
    let _ = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).try_init();
}

/// Resolves at the first SIGTERM or SIGINT.
pub async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("watching for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("watching for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// A running server.
pub struct Server {
    pub addresses: Arc<[(Listener, SocketAddr)]>,
    store: Store,
    red: Arc<Red>,
    clock: SteadyClock,
    ticker: tokio::task::JoinHandle<()>,
    rules: Arc<RuleEngine>,
    alerts: Arc<Alerts>,
    alerting: Running,
    ready: Ready,
    stopping: watch::Sender<bool>,
    serving: JoinSet<std::io::Result<()>>,
}

impl Server {
    /// Keeps a dashboard unless there is one of its id.
    pub async fn begin_with(&self, dashboard: Dashboard) -> anyhow::Result<()> {
        let shelf = Shelf::new(&self.store, self.clock.of_storage());
        match shelf.add(dashboard).await {
            Err(Error::Conflict { .. }) => Ok(()),
            added => added.map(drop).map_err(|error| anyhow::anyhow!("{error}")),
        }
    }

    pub async fn start(config: Config) -> anyhow::Result<Server> {
        let started = Instant::now();
        let settings = config.rule_settings();
        let loaded = rules::load(&settings)?;
        let listeners = Listeners::bind(&config).await?;
        let addresses: Arc<[_]> = listeners.addresses()?.into();
        let alerting_settings = config.alerting_settings(listeners.api.local_addr()?);
        let routes = alerting::load(&alerting_settings)?;

        let clock = SteadyClock::start();
        let red = Arc::new(Red::new(RedLimits::default(), clock.now_ns()));
        let observer = Arc::new(RedObserver(red.clone()));
        let memory = config.memory();
        let options = ocelli_storage::Options { clock: clock.of_storage(), ..config.storage_options() };
        let store = Store::open(options.within(memory.clone()), Some(observer)).await?;
        clock.resume(&store).await?;
        let (stopping, stops) = watch::channel(false);
        let interval = Duration::from_secs(config.red.interval_s);
        let ticker = emit_every(interval, red.clone(), store.clone(), clock.clone(), stops);

        let arrivals = Arc::new(Arrivals::default());
        let (alerts, alerting) = start_alerting(&config, &store, &clock, alerting_settings, routes).await?;
        let rules = RuleEngine::start(
            store.clone(),
            clock.of_storage(),
            arrivals.clone(),
            Some(alerts.clone()),
            settings,
            loaded,
        )
        .await?;

        let ledger = Arc::new(Ledger::new());
        let limits = config.collector_limits(&memory);
        let sink = StoreSink { store: store.clone(), clock: clock.clone(), arrivals: arrivals.clone() };
        let told = clock.clone();
        let collector = Collector::new(Arc::new(sink), ledger.clone(), limits)
            .with_clock(Arc::new(move || told.now_ns()));
        let system = System {
            ledger: ledger.clone(),
            store: store.clone(),
            collector: collector.clone(),
            rules: rules.clone(),
            clock: clock.clone(),
            arrivals,
            listeners: addresses.clone(),
            started,
        };
        let ready = Ready::default();

        let mut serving = JoinSet::new();
        let api = api_endpoints(&config, &store, clock.clone(), system, alerts.clone(), ready.clone());
        let hosts = if config.insecure { Hosts::Any } else { Hosts::Local };
        let routers = [
            (
                listeners.grpc,
                router(Listener::OtlpGrpc, hosts, exported(grpc_endpoints(&collector)).collect(), &ledger)?,
            ),
            (
                listeners.http,
                router(Listener::OtlpHttp, hosts, exported(http_endpoints(&collector)).collect(), &ledger)?,
            ),
            (listeners.api, router(Listener::Api, hosts, api, &ledger)?),
        ];
        for (socket, router) in routers {
            serving.spawn(serve_one(socket, router, stopping.subscribe()));
        }
        ready.store(true, Ordering::Release);
        for (listener, address) in addresses.iter() {
            tracing::info!(listener = listener.as_str(), address = %address, "listening");
        }
        let ready_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(data_dir = %config.data_dir.display(), ready_ms, "ready");
        Ok(Server { addresses, store, red, clock, ticker, rules, alerts, alerting, ready, stopping, serving })
    }

    pub fn address(&self, listener: Listener) -> Option<SocketAddr> {
        self.addresses.iter().find(|(bound, _)| *bound == listener).map(|(_, address)| *address)
    }

    /// Takes in no more, answers what is under way, keeps what was counted, flushes.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        tracing::info!("stopping");
        self.ready.store(false, Ordering::Release);
        let _ = self.stopping.send(true);
        self.store.end_following();
        let drained =
            tokio::time::timeout(DRAIN, async { while self.serving.join_next().await.is_some() {} });
        if drained.await.is_err() {
            tracing::warn!(after_s = DRAIN.as_secs(), "requests that are still under way are cut off");
            self.serving.shutdown().await;
        }
        if let Err(error) = self.ticker.await {
            // What was counted is still emitted, and the store still closed.
            tracing::error!(%error, "the task that emits span metrics had ended");
        }
        emit(&self.red, &self.store, &self.clock).await;
        if let Err(error) = self.clock.save(&self.store).await {
            tracing::warn!(%error, "the time was not kept for the next start");
        }
        self.rules.stop().await;
        self.alerting.stop().await;
        self.store.close().await?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Alerting asks the store as everybody else, under an admission of its own: a burst of questions from outside
/// does not keep it from finding evidence.
async fn start_alerting(
    config: &Config,
    store: &Store,
    clock: &SteadyClock,
    settings: alerting::Settings,
    loaded: alerting::Loaded,
) -> anyhow::Result<(Arc<Alerts>, Running)> {
    let told = clock.clone();
    let limits = ocelli_query::Limits { concurrent_queries: 1, ..config.query_limits() };
    let now = Arc::new(move || UnixNano(told.now_ns()));
    let api = Api::new(store.clone(), Arc::new(Default::default), now, limits);
    Alerts::start(store.clone(), clock.of_storage(), api, settings, loaded).await
}

fn api_endpoints(
    config: &Config,
    store: &Store,
    clock: SteadyClock,
    system: System,
    alerts: Arc<Alerts>,
    ready: Ready,
) -> Vec<Endpoint> {
    let answering = system.clone();
    let shelf = Shelf::new(store, clock.of_storage());
    let drawer = Drawer::new(store, clock.of_storage());
    let api = Api::new(
        store.clone(),
        Arc::new(move || answering.response()),
        Arc::new(move || UnixNano(clock.now_ns())),
        config.query_limits(),
    );
    let (status, engine) = (system.rules.clone(), system.rules.clone());
    let alerting: Arc<dyn Alerting> = alerts;
    let shown = Rules(Arc::new(move || status.status()));
    let written: Arc<dyn Written> = Arc::new(rules::Editor(engine.clone()));
    let slos = Slos { list: Arc::new(move || engine.slos()), rules: shown.clone(), written: written.clone() };
    exported(ocelli_query::http::endpoints(api.clone()))
        .chain(exported(ocelli_query::http::rules::endpoints(shown.clone())))
        .chain(exported(ocelli_query::http::rules::group_endpoints(api.clone(), shown.clone(), written)))
        .chain(exported(ocelli_query::http::alerting::endpoints(alerting)))
        .chain(exported(ocelli_query::http::dashboards::endpoints(Arc::new(shelf))))
        .chain(exported(ocelli_query::http::searches::endpoints(Arc::new(drawer))))
        .chain(exported(ocelli_query::http::slos::endpoints(api, slos)))
        .chain(metrics::endpoints(system, ready))
        .chain(ui_files::endpoints())
        .collect()
}

fn serve_one(
    socket: TcpListener,
    router: Router,
    mut stopping: watch::Receiver<bool>,
) -> impl Future<Output = std::io::Result<()>> {
    let stopped = async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    axum::serve(socket, router).with_graceful_shutdown(stopped).into_future()
}
