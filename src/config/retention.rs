//! How long rows are kept, as it is written: `retention:` in YAML, `--retention` on the command line.

use super::text;
use ocelli_signal::Signal;
use ocelli_storage::{Retention, Rules, ServiceRule};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A time like `30d`, `12h`, `90m` or `45s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep(pub Duration);

/// In seconds, the longest first.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Keep, String> {
        let parse = || {
            let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
            let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
            number.checked_mul(*seconds).filter(|seconds| *seconds > 0)
        };
        let seconds = parse().ok_or_else(|| {
            format!("'{text}' is no time to keep something: give a number from 1 and d, h, m or s, as 30d")
        })?;
        Ok(Keep(Duration::from_secs(seconds)))
    }
}

impl<'de> Deserialize<'de> for Keep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Keep, D::Error> {
        text::parsed(deserializer, Keep::from_str)
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (unit, length) =
            UNITS.into_iter().find(|(_, length)| seconds.is_multiple_of(*length)).unwrap_or(("s", 1));
        write!(f, "{}{unit}", seconds / length)
    }
}

/// The section `retention`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    pub default: Keep,
    traces: Option<Keep>,
    logs: Option<Keep>,
    metrics: Option<Keep>,
    services: Vec<ServiceKeep>,
    tenants: Vec<TenantKeep>,
    max_disk_percent: u8,
}

/// A service that is kept shorter or longer than the others.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct ServiceKeep {
    service: String,
    signal: Option<SignalName>,
    keep: Keep,
}

/// What is other for a tenant.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct TenantKeep {
    tenant: String,
    default: Option<Keep>,
    traces: Option<Keep>,
    logs: Option<Keep>,
    metrics: Option<Keep>,
    #[serde(default)]
    services: Vec<ServiceKeep>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum SignalName {
    Traces,
    Logs,
    Metrics,
}

impl From<SignalName> for Signal {
    fn from(name: SignalName) -> Signal {
        match name {
            SignalName::Traces => Signal::Spans,
            SignalName::Logs => Signal::Logs,
            SignalName::Metrics => Signal::Points,
        }
    }
}

impl Default for RetentionConfig {
    fn default() -> RetentionConfig {
        let retention = Retention::default();
        RetentionConfig {
            default: Keep(retention.all.default.unwrap_or_default()),
            traces: None,
            logs: None,
            metrics: None,
            services: Vec::new(),
            tenants: Vec::new(),
            max_disk_percent: retention.max_disk_percent,
        }
    }
}

fn rules(default: Option<Keep>, signals: [(Signal, Option<Keep>); 3], services: &[ServiceKeep]) -> Rules {
    let signals = signals.into_iter().filter_map(|(signal, keep)| Some((signal, keep?.0)));
    let service = |service: &ServiceKeep| ServiceRule {
        service: service.service.clone(),
        signal: service.signal.map(Signal::from),
        keep: service.keep.0,
    };
    Rules {
        default: default.map(|keep| keep.0),
        signals: signals.collect(),
        services: services.iter().map(service).collect(),
    }
}

impl RetentionConfig {
    pub fn retention(&self) -> Retention {
        let signals =
            [(Signal::Spans, self.traces), (Signal::Logs, self.logs), (Signal::Points, self.metrics)];
        let tenant = |tenant: &TenantKeep| {
            let signals = [
                (Signal::Spans, tenant.traces),
                (Signal::Logs, tenant.logs),
                (Signal::Points, tenant.metrics),
            ];
            (tenant.tenant.clone(), rules(tenant.default, signals, &tenant.services))
        };
        let tenants: BTreeMap<String, Rules> = self.tenants.iter().map(tenant).collect();
        Retention {
            all: rules(Some(self.default), signals, &self.services),
            tenants,
            max_disk_percent: self.max_disk_percent,
        }
    }

    /// What no single field can tell: the key that is wrong, and why.
    pub fn validate(&self) -> Result<(), (&'static str, String)> {
        if !(1..=100).contains(&self.max_disk_percent) {
            let why = format!("{} percent of the disk; give a number from 1 to 100", self.max_disk_percent);
            return Err(("retention.max_disk_percent", why));
        }
        let mut known = BTreeSet::new();
        if let Some(twice) = self.tenants.iter().find(|tenant| !known.insert(&tenant.tenant)) {
            return Err((
                "retention.tenants",
                format!("tenant '{}' is there twice; join the two", twice.tenant),
            ));
        }
        let lists = self.tenants.iter().map(|tenant| &tenant.services).chain([&self.services]);
        for services in lists {
            let mut known = BTreeSet::new();
            let twice =
                services.iter().find(|rule| !known.insert((&rule.service, rule.signal.map(Signal::from))));
            if let Some(twice) = twice {
                let why = format!("service '{}' is there twice for the same signal; keep one", twice.service);
                return Err(("retention.services", why));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn times_are_numbers_with_a_unit() {
        for (text, seconds) in [("30d", 30 * 86_400), ("12h", 12 * 3_600), ("90m", 5_400), ("45s", 45)] {
            let keep: Keep = text.parse().unwrap();
            assert_eq!((keep.0.as_secs(), keep.to_string().as_str()), (seconds, text));
        }
        for bad in ["", "30", "d", "0d", "-1d", "1.5h", "30 d", "99999999999999999999d", "1w"] {
            let why = bad.parse::<Keep>().unwrap_err();
            assert!(why.contains("as 30d"), "{why}");
        }
    }

    #[test]
    fn a_section_says_who_is_kept_how_long() {
        let text = "
default: 40d
traces: 7d
services:
  - {service: payment, signal: logs, keep: 90d}
tenants:
  - {tenant: small, default: 2d, services: [{service: payment, keep: 1d}]}
max_disk_percent: 60
";
        let config: RetentionConfig = serde_yaml_ng::from_str(text).unwrap();
        config.validate().unwrap();
        let retention = config.retention();
        assert_eq!(retention.max_disk_percent, 60);
        for (tenant, signal, service, days) in [
            ("default", Signal::Points, "cart", 40),
            ("default", Signal::Spans, "payment", 7),
            ("default", Signal::Logs, "payment", 90),
            ("small", Signal::Spans, "cart", 2),
            ("small", Signal::Logs, "payment", 1),
        ] {
            assert_eq!(retention.keep(tenant, signal, service), days * DAY, "{tenant} {signal:?} {service}");
        }
        let default = RetentionConfig::default().retention();
        assert_eq!(default, Retention::default());
    }
}
