//! How long rows are kept. The policy is pure; `store/retain.rs` does what it says.

mod pins;
mod policy;

pub use pins::Pin;
pub use policy::{Verdict, judge, oldest_beyond};

use crate::limits;
use ocelli_signal::Signal;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is kept for how long, and how much of the disk it may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub all: Rules,
    /// A tenant's own rules are asked first; what they don't say is as for all.
    pub tenants: BTreeMap<String, Rules>,
    /// Of the file system's size. Beyond it the oldest segments go, however young they are.
    pub max_disk_percent: u8,
}

/// A service's rule wins over that of a signal, that of a signal over the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub default: Option<Duration>,
    pub signals: BTreeMap<Signal, Duration>,
    pub services: Vec<ServiceRule>,
}

/// How long a service's rows are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRule {
    pub service: String,
    /// None for all; a rule for one wins over it.
    pub signal: Option<Signal>,
    pub keep: Duration,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            all: Rules { default: Some(limits::RETENTION), ..Rules::default() },
            tenants: BTreeMap::new(),
            max_disk_percent: limits::MAX_DISK_PERCENT,
        }
    }
}

impl Retention {
    /// Nothing ever expires.
    pub fn forever() -> Retention {
        let all = Rules { default: Some(Duration::MAX), ..Rules::default() };
        Retention { all, tenants: BTreeMap::new(), max_disk_percent: 100 }
    }
}

impl Rules {
    fn of_service(&self, signal: Signal, service: &str) -> Option<Duration> {
        let find = |wanted: Option<Signal>| {
            self.services.iter().find(|rule| rule.service == service && rule.signal == wanted)
        };
        find(Some(signal)).or_else(|| find(None)).map(|rule| rule.keep)
    }

    fn of_signal(&self, signal: Signal) -> Option<Duration> {
        self.signals.get(&signal).copied().or(self.default)
    }

    fn of(&self, signal: Signal, service: &str) -> Option<Duration> {
        self.of_service(signal, service).or_else(|| self.of_signal(signal))
    }
}

impl Retention {
    /// How long a service's rows of a signal are kept.
    pub fn keep(&self, tenant: &str, signal: Signal, service: &str) -> Duration {
        let own = self.tenants.get(tenant).and_then(|rules| rules.of(signal, service));
        own.or_else(|| self.all.of(signal, service)).unwrap_or(limits::RETENTION)
    }

    /// The longest that rows of a signal are kept, whatever their service.
    pub fn longest(&self, tenant: &str, signal: Signal) -> Duration {
        let rules = self.tenants.get(tenant).into_iter().chain([&self.all]);
        let named = rules.flat_map(|rules| &rules.services).map(|rule| &rule.service[..]);
        // Any service without a rule is as one that has no name.
        let services = named.chain([""]);
        services.map(|service| self.keep(tenant, signal, service)).max().unwrap_or(limits::RETENTION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(n: u64) -> Duration {
        Duration::from_secs(n * 86_400)
    }

    #[test]
    fn a_tenants_rules_win_then_the_services_then_the_signals() {
        let rule = |service: &str, signal, n| ServiceRule { service: service.into(), signal, keep: days(n) };
        let retention = Retention {
            all: Rules {
                default: Some(days(30)),
                signals: [(Signal::Spans, days(7))].into(),
                services: vec![rule("pay", None, 60), rule("pay", Some(Signal::Logs), 90)],
            },
            tenants: [(
                "small".to_owned(),
                Rules {
                    services: vec![rule("pay", None, 1)],
                    signals: [(Signal::Logs, days(2))].into(),
                    default: None,
                },
            )]
            .into(),
            max_disk_percent: 80,
        };
        for (tenant, signal, service, expected) in [
            ("default", Signal::Points, "cart", 30),
            ("default", Signal::Spans, "cart", 7),
            ("default", Signal::Spans, "pay", 60),
            ("default", Signal::Logs, "pay", 90),
            ("small", Signal::Logs, "pay", 1),
            ("small", Signal::Logs, "cart", 2),
            ("small", Signal::Spans, "cart", 7),
            ("small", Signal::Points, "cart", 30),
        ] {
            assert_eq!(
                retention.keep(tenant, signal, service),
                days(expected),
                "{tenant} {signal:?} {service}"
            );
        }
        assert_eq!(retention.longest("default", Signal::Logs), days(90));
        assert_eq!(retention.longest("small", Signal::Logs), days(2));
        assert_eq!(Retention::default().keep("x", Signal::Logs, "y"), days(30));
        assert_eq!(Retention::forever().longest("x", Signal::Logs), Duration::MAX);
    }
}
