//! What of dispatch outlives the process, as texts under names.

use super::Dispatcher;
use crate::alerting::{Acknowledgement, Alert};
use crate::promql::labels::Labels;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

pub const ALERT: &str = "alert";
pub const GROUP: &str = "alert_group";
pub const NOTIFIED: &str = "alert_notified";
pub const SILENCE: &str = "silence";

/// A record that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub space: &'static str,
    pub name: String,
    /// None where it is gone.
    pub content: Option<String>,
}

/// An alert, and who has taken it on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptAlert {
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    starts_at_ms: i64,
    ends_at_ms: Option<i64>,
    updated_at_ms: i64,
    generator_url: String,
    unknown_since_ms: Option<i64>,
    value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged: Option<Acknowledgement>,
}

impl KeptAlert {
    pub fn new(alert: &Alert, acknowledged: Option<&Acknowledgement>) -> KeptAlert {
        KeptAlert {
            labels: alert.labels.to_map(),
            annotations: alert.annotations.to_map(),
            starts_at_ms: alert.starts_at_ms,
            ends_at_ms: alert.ends_at_ms,
            updated_at_ms: alert.updated_at_ms,
            generator_url: alert.generator_url.clone(),
            unknown_since_ms: alert.unknown_since_ms,
            value: alert.value.filter(|value| value.is_finite()),
            acknowledged: acknowledged.cloned(),
        }
    }

    pub fn into_parts(self) -> (Alert, Option<Acknowledgement>) {
        let alert = Alert {
            labels: Labels::new(self.labels),
            annotations: Labels::new(self.annotations),
            starts_at_ms: self.starts_at_ms,
            ends_at_ms: self.ends_at_ms,
            updated_at_ms: self.updated_at_ms,
            generator_url: self.generator_url,
            unknown_since_ms: self.unknown_since_ms,
            value: self.value,
        };
        (alert, self.acknowledged)
    }
}

/// When a group is looked at next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeptGroup {
    pub next_ms: i64,
    pub flushed: bool,
}

/// What an integration was last told of a group: fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    pub firing: BTreeSet<String>,
    pub at_ms: i64,
    /// When the newest acknowledgement was given that it was told of; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub acknowledged_ms: i64,
}

fn is_zero(ms: &i64) -> bool {
    *ms == 0
}

/// What has changed, by space and name; the content is that of now.
#[derive(Default)]
pub struct Changed(BTreeSet<(&'static str, String)>);

impl Changed {
    pub fn note(&mut self, space: &'static str, name: impl Into<String>) {
        self.0.insert((space, name.into()));
    }
}

impl Dispatcher {
    /// The records that have changed since the last call.
    pub fn changes(&mut self) -> Vec<Record> {
        let changed = std::mem::take(&mut self.changed);
        let record = |(space, name): (&'static str, String)| {
            let content = self.content(space, &name);
            Record { space, name, content }
        };
        changed.0.into_iter().map(record).collect()
    }

    fn content(&self, space: &'static str, name: &str) -> Option<String> {
        let text = match space {
            ALERT => {
                let entry = self.entries.get(&crate::alerting::Fingerprint::parse(name)?)?;
                serde_json::to_string(&KeptAlert::new(&entry.alert, entry.acknowledged.as_ref()))
            }
            GROUP => {
                let group = self.groups.get(name)?;
                serde_json::to_string(&KeptGroup { next_ms: group.next_ms, flushed: group.flushed })
            }
            NOTIFIED => serde_json::to_string(self.told.get(name)?),
            _ => serde_json::to_string(&self.silences.get(name)?.silence),
        };
        // None of them has what JSON lacks.
        text.ok()
    }
}
