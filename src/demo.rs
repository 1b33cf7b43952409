//! `ocelli demo`: the server, the shop as child processes, and what the shop prints taken in.

use crate::cli::DemoArgs;
use crate::config::{self, Config};
use crate::forward::{Echo, Sender, forward};
use crate::routes::Listener;
use crate::serve::{Server, init_logs, stop_signal};
use anyhow::{Context, anyhow};
use ocelli_api::dashboards::Dashboard;
use ocelli_shop::{Chat, FAULTS, Shop, ShopOptions, spawn_all};
use std::path::Path;
use tokio::task::JoinSet;

/// Runs until SIGTERM or SIGINT, or until a process of the shop ends by itself.
pub async fn demo(args: DemoArgs) -> anyhow::Result<()> {
    init_logs();
    let mut config = config::load(&args.serve)?;
    let mut options = ShopOptions {
        base_port: args.base_port,
        data_dir: config.data_dir.join("shop"),
        rate: args.rate,
        seed: args.seed,
        ..ShopOptions::default()
    };
    // Before the server, whose alerts go to it.
    let chat = Chat::start(&options).await?;
    watch_shop(&mut config, &options.data_dir, &chat.webhook_url())?;
    let server = Server::start(config).await?;
    server.begin_with(dashboard()?).await?;
    let url =
        |listener| server.address(listener).map(|address| format!("http://{address}")).unwrap_or_default();
    options.otlp_endpoint = url(Listener::OtlpGrpc);
    let outcome = match spawn_all(&std::env::current_exe()?, &options) {
        Ok(shop) => run_shop(shop, &chat, &url(Listener::OtlpHttp), &url(Listener::Api)).await,
        Err(error) => Err(error),
    };
    server.stop().await?;
    outcome
}

const RULES: &str = include_str!("demo/rules.yml");
const SLOS: &str = include_str!("demo/slos.yml");
const DASHBOARD: &str = include_str!("demo/dashboard.json");
const ALERTMANAGER: &str = include_str!("demo/alertmanager.yml");

/// Rules and objectives for the shop, and the chat as who is told, unless the configuration has its own.
fn watch_shop(config: &mut Config, folder: &Path, webhook_url: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map(|()| path)
    };
    config.rule_files.push(write("rules.yml", RULES)?);
    config.slo_files.push(write("slos.yml", SLOS)?);
    if config.alerting.config_file.is_none() {
        let text = ALERTMANAGER.replace("CHAT", webhook_url);
        config.alerting.config_file = Some(write("alertmanager.yml", &text)?);
        config.alerting.allow_targets.push("127.0.0.1".to_owned());
    }
    Ok(())
}

/// A first dashboard, so that nobody starts from an empty page.
fn dashboard() -> anyhow::Result<Dashboard> {
    serde_json::from_str(DASHBOARD).context("the dashboard of the demo")
}

async fn run_shop(mut shop: Shop, chat: &Chat, otlp_http: &str, ui: &str) -> anyhow::Result<()> {
    let sender = Sender::start(otlp_http)?;
    let mut readers = JoinSet::new();
    for output in shop.take_outputs() {
        let queue = sender.queue();
        readers.spawn(
            async move { forward(queue, output.service, output.stdout, output.stderr, Echo::No).await },
        );
    }
    let names = FAULTS.map(|fault| fault.name).join(", ");
    let faults = format!("curl -X POST -d on {}/NAME, NAME is one of {names}", shop.faults_url());
    tracing::info!(ui, chat = chat.page_url(), faults, "the demo runs");
    let outcome = tokio::select! {
        signal = stop_signal() => signal,
        exit = shop.next_exit() => Err(ended_early(exit)),
    };
    shop.stop().await;
    while readers.join_next().await.is_some() {}
    sender.finish().await;
    outcome
}

fn ended_early(exit: Option<(&'static str, std::io::Result<std::process::ExitStatus>)>) -> anyhow::Error {
    match exit {
        Some((name, Ok(status))) => anyhow!("the shop's {name} ended with {status}; its log lines say why"),
        Some((name, Err(error))) => anyhow!("the shop's {name} can't be watched: {error}"),
        None => anyhow!("the shop has no processes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dashboard_can_be_used() {
        let dashboard = dashboard().unwrap();
        ocelli_query::dashboards::check::check(&dashboard).unwrap();
        assert_eq!(dashboard.id, "shop");
    }
}
