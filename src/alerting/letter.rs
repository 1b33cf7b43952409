//! A message in the outbox: rendered, durable, and with no secret in it.

use ocelli_api::UnixNano;
use ocelli_api::alerts::{Delivery, Notification};
use ocelli_notify::policy::Waiting;
use ocelli_notify::{Content, Parcel};
use serde::{Deserialize, Serialize};

/// A record of the catalog. Times are milliseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// Letters to one receiver about one group are sent in the order of their ids.
    pub id: String,
    pub receiver: String,
    /// The key of one of its integrations.
    pub integration: String,
    pub kind: String,
    /// Scheme and host.
    pub target: String,
    pub group_key: String,
    pub dedup_key: String,
    /// The alerts that it is about.
    pub fingerprints: Vec<String>,
    pub firing: u64,
    pub resolved: u64,
    pub created_ms: i64,
    /// None once it is delivered: that it was is worth remembering, what it said is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    pub status: Delivery,
    pub attempts: u32,
    pub not_before_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// It says only that somebody has taken on what fires.
    #[serde(default)]
    pub acknowledges: bool,
}

/// By which an integration's gate is found.
pub fn gate_key(receiver: &str, integration: &str) -> String {
    format!("{receiver}/{integration}")
}

impl Letter {
    pub fn gate(&self) -> String {
        gate_key(&self.receiver, &self.integration)
    }

    /// What is sent; none of one that is delivered.
    pub fn parcel(&self) -> Option<Parcel> {
        self.content.clone().map(|content| Parcel { id: self.id.clone(), content })
    }

    pub fn waiting<'a>(&'a self, gate: &'a str) -> Waiting<'a> {
        Waiting {
            id: &self.id,
            receiver: gate,
            order_key: &self.group_key,
            created_ms: self.created_ms,
            tried_ms: self.tried_ms,
            not_before_ms: self.not_before_ms,
        }
    }

    pub fn shown(&self) -> Notification {
        let is_waiting = self.status == Delivery::Waiting;
        Notification {
            id: self.id.clone(),
            receiver: self.receiver.clone(),
            integration: self.integration.clone(),
            kind: self.kind.clone(),
            target: self.target.clone(),
            time: nanos(self.created_ms),
            status: self.status,
            attempts: u64::from(self.attempts),
            delivered_at: self.delivered_ms.map(nanos),
            next_attempt: is_waiting.then(|| nanos(self.not_before_ms)),
            last_error: self.last_error.clone(),
            group_key: self.group_key.clone(),
            firing: self.firing,
            resolved: self.resolved,
            dedup_key: self.dedup_key.clone(),
            acknowledges: self.acknowledges,
        }
    }
}

pub fn nanos(ms: i64) -> UnixNano {
    UnixNano(ms.saturating_mul(1_000_000))
}
