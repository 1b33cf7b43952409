//! How the shop is run: the same options for every process, handed from the parent to its children.

use std::{
    ffi::OsString,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use crate::process::{PORT_COUNT, Process};

/// Options of one process or of the whole shop.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct ShopOptions {
    /// The first of eight ports on 127.0.0.1, with the chat's behind them; 0 lets the parent pick free ones.
    #[arg(long, default_value_t = 4330, value_parser = clap::value_parser!(u16).range(..=(u16::MAX - PORT_COUNT) as i64))]
    pub base_port: u16,
    /// Where the databases and the queue are kept.
    #[arg(long, default_value = "ocelli-data/shop")]
    pub data_dir: PathBuf,
    /// The OTLP gRPC receiver.
    #[arg(long, default_value = "http://127.0.0.1:4317")]
    pub otlp_endpoint: String,
    /// Requests a second that the load generator makes; 0 makes none.
    #[arg(long, default_value_t = 10.0, value_parser = parse_rate)]
    pub rate: f64,
    /// What the load generator's plan follows from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Which release of `order` runs: 1.4.0, or the bad 1.5.0.
    #[arg(long, default_value = GOOD_RELEASE, hide = true)]
    pub order_release: String,
    /// End when standard input is closed: how a parent that can't send signals, or has died, says so.
    #[arg(long, hide = true)]
    pub supervised: bool,
}

/// The release of `order` that works, and of the other services.
pub(crate) const GOOD_RELEASE: &str = "1.4.0";
/// The release of `order` that the fault rolls out.
pub(crate) const BAD_RELEASE: &str = "1.5.0";

/// Above this the generator would measure itself.
const MAX_RATE: f64 = 1_000.0;

impl Default for ShopOptions {
    fn default() -> Self {
        ShopOptions {
            base_port: 4330,
            data_dir: PathBuf::from("ocelli-data/shop"),
            otlp_endpoint: "http://127.0.0.1:4317".to_owned(),
            rate: 10.0,
            seed: 1,
            order_release: GOOD_RELEASE.to_owned(),
            supervised: false,
        }
    }
}

impl ShopOptions {
    /// Where a process listens.
    pub(crate) fn address(&self, process: Process) -> SocketAddr {
        self.local(process.port_offset())
    }

    /// Where the third party behind `payment` listens.
    pub(crate) fn card_network_address(&self) -> SocketAddr {
        self.local(PORT_COUNT - 1)
    }

    /// Where the chat listens: behind the shop's ports. If those are picked, it takes any.
    pub(crate) fn chat_address(&self) -> SocketAddr {
        if self.base_port == 0 { self.local(0) } else { self.local(PORT_COUNT) }
    }

    fn local(&self, offset: u16) -> SocketAddr {
        // The parser keeps the base port low enough; a value set in code saturates and fails to bind.
        (Ipv4Addr::LOCALHOST, self.base_port.saturating_add(offset)).into()
    }

    /// The release that a process runs.
    pub(crate) fn release(&self, process: Process) -> &str {
        if process == Process::Order { &self.order_release } else { GOOD_RELEASE }
    }

    /// The command line that parses to these options.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec![
            "--base-port".into(),
            self.base_port.to_string().into(),
            "--data-dir".into(),
            self.data_dir.clone().into(),
            "--otlp-endpoint".into(),
            self.otlp_endpoint.clone().into(),
            "--rate".into(),
            self.rate.to_string().into(),
            "--seed".into(),
            self.seed.to_string().into(),
            "--order-release".into(),
            self.order_release.clone().into(),
        ];
        if self.supervised {
            arguments.push("--supervised".into());
        }
        arguments
    }
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=MAX_RATE).contains(&rate) => Ok(rate),
        _ => Err(format!("a rate is a number from 0 to {MAX_RATE} requests a second")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: ShopOptions,
    }

    #[test]
    fn options_survive_the_way_to_a_child() {
        let options = ShopOptions {
            base_port: 20_100,
            data_dir: PathBuf::from("/tmp/a shop"),
            otlp_endpoint: "http://127.0.0.1:1".to_owned(),
            rate: 2.5,
            seed: 42,
            order_release: BAD_RELEASE.to_owned(),
            supervised: true,
        };
        let line = std::iter::once(OsString::from("shop")).chain(options.arguments());
        assert_eq!(Line::parse_from(line).options, options);
        assert_eq!(Line::parse_from(["shop"]).options, ShopOptions::default());
    }

    #[test]
    fn the_chat_is_behind_the_shop() {
        let port = |base_port| ShopOptions { base_port, ..ShopOptions::default() }.chat_address().port();
        assert_eq!((port(4330), port(0), port(u16::MAX - PORT_COUNT)), (4338, 0, u16::MAX));
    }

    #[test]
    fn values_that_can_not_work_are_refused() {
        for wrong in [["--rate", "-1"], ["--rate", "NaN"], ["--rate", "5000"], ["--base-port", "65530"]] {
            assert!(Line::try_parse_from([["shop"].as_slice(), &wrong].concat()).is_err(), "{wrong:?}");
        }
    }
}
