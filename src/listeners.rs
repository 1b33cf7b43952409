//! Binds the ports before anything else starts, so that a busy one is told at once.

use crate::config::Config;
use crate::routes::Listener;
use anyhow::{Context, anyhow};
use std::io::ErrorKind;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// The three ports, bound.
pub struct Listeners {
    pub grpc: TcpListener,
    pub http: TcpListener,
    pub api: TcpListener,
}

impl Listeners {
    pub async fn bind(config: &Config) -> anyhow::Result<Listeners> {
        Ok(Listeners {
            grpc: bind("--otlp-grpc", config.otlp_grpc).await?,
            http: bind("--otlp-http", config.otlp_http).await?,
            api: bind("--listen", config.listen).await?,
        })
    }

    /// Each listener with the address that it got.
    pub fn addresses(&self) -> anyhow::Result<Vec<(Listener, SocketAddr)>> {
        let bound =
            [(Listener::OtlpGrpc, &self.grpc), (Listener::OtlpHttp, &self.http), (Listener::Api, &self.api)];
        bound
            .into_iter()
            .map(|(listener, socket)| {
                Ok((listener, socket.local_addr().context("a bound port has an address")?))
            })
            .collect()
    }
}

async fn bind(flag: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {} on {} is in use by another program; choose another with {flag} {}:PORT (0 is any free one)",
            address.port(),
            address.ip(),
            address.ip()
        ),
        _ => anyhow!("can't listen on {address}: {error}; choose another address with {flag}"),
    })
}
