//! Alerts and who is told of them: `/api/alerts`, `/api/silences`, `/api/receivers`, `/api/outbox` and
//! `/api/rules/preview`.

mod acknowledgement;
mod silences;

pub use acknowledgement::*;
pub use silences::*;

use crate::{QueryStats, UnixNano};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Answer of `GET /api/alerts`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertsResponse {
    /// What all states and times are of.
    pub now: UnixNano,
    /// The worst state first, then the newest.
    pub alerts: Vec<AlertSummary>,
}

/// The order is that of urgency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AlertState {
    #[default]
    Firing,
    /// It fired, and its data is missing or late since: nobody knows whether it still holds.
    Unknown,
    /// Its condition holds, but not for long enough.
    Pending,
    Resolved,
}

/// An alert of now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertSummary {
    /// Of its labels, 16 hex digits.
    pub fingerprint: String,
    /// The label `alertname`.
    pub name: String,
    pub state: AlertState,
    /// Why nobody is told; empty where its receivers are.
    pub suppressed: Vec<Suppression>,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// Since when its condition holds.
    pub since: UnixNano,
    /// Absent while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fired_at: Option<UnixNano>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<UnixNano>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_since: Option<UnixNano>,
    /// Of the expression at the last evaluation that gave one; absent where it is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Absent of an alert that another system sent, as are the four that follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// `promql`, `logql` or `traceql`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The names of those whose routes it takes.
    pub receivers: Vec<String>,
    pub links: Vec<AlertLink>,
    /// Absent unless somebody has taken it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Acknowledgement>,
}

/// What keeps an alert from its receivers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Suppression {
    pub by: SuppressedBy,
    /// A silence's id, the fingerprint of the alert that inhibits it, or the name of a time interval.
    pub id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SuppressedBy {
    Silence,
    Inhibition,
    MuteTime,
}

/// Where to look next. The address is one of `http` or `https`, or a path of this server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertLink {
    pub title: String,
    pub url: String,
}

/// Answer of `GET /api/alerts/{fingerprint}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertResponse {
    pub now: UnixNano,
    pub alert: AlertSummary,
    /// The newest first, as far as they are kept.
    pub changes: Vec<AlertChange>,
    /// The newest first.
    pub notifications: Vec<Notification>,
    /// How many other alerts that fire its receivers are told of together with it.
    #[serde(default)]
    pub together: u64,
}

/// An alert came into another state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertChange {
    pub time: UnixNano,
    pub fingerprint: String,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// Absent where the alert is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AlertState>,
    pub to: AlertState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
}

/// A message to one receiver, about the alerts of one group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notification {
    pub id: String,
    pub receiver: String,
    /// Which of the receiver's integrations, and its kind: `slack`, `pagerduty`, `webhook`, `email`,
    /// `alertmanager`.
    pub integration: String,
    pub kind: String,
    /// The host that it goes to: what else is in the address may be a secret.
    pub target: String,
    pub time: UnixNano,
    pub status: Delivery,
    pub attempts: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<UnixNano>,
    /// Absent unless it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<UnixNano>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Alertmanager's key of the group.
    pub group_key: String,
    /// How many of its alerts fire, and how many are over.
    pub firing: u64,
    pub resolved: u64,
    /// What a receiver recognises a second delivery by.
    pub dedup_key: String,
    /// It says only that somebody has taken on what fires.
    #[serde(default, skip_serializing_if = "is_false")]
    pub acknowledges: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Delivery {
    #[default]
    Waiting,
    Delivered,
    /// Refused for good, or tried too often: it stays until it is sent again or deleted.
    Dead,
}

/// Answer of `GET /api/alerts/history`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertHistoryResponse {
    /// The newest first.
    pub changes: Vec<AlertChange>,
    /// There are more, which are older.
    pub truncated: bool,
}

/// Answer of `GET /api/receivers`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiversResponse {
    pub receivers: Vec<ReceiverStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiverStatus {
    pub name: String,
    /// Empty: its alerts are shown, and nobody is told.
    pub integrations: Vec<IntegrationStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IntegrationStatus {
    pub kind: String,
    /// The host that it goes to.
    pub target: String,
    pub send_resolved: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<UnixNano>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<DeliveryError>,
    /// Nothing is tried until then, as too many attempts failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker_open_until: Option<UnixNano>,
    pub waiting: u64,
    pub dead: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeliveryError {
    pub time: UnixNano,
    pub message: String,
}

/// Answer of `POST /api/receivers/{name}/test`: how a message went, to each integration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiverTestResponse {
    pub results: Vec<ReceiverTestResult>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceiverTestResult {
    pub kind: String,
    pub target: String,
    pub elapsed_ms: f64,
    /// Absent where it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Answer of `GET /api/outbox`: messages that wait and those that are dead.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutboxResponse {
    pub now: UnixNano,
    /// The oldest first.
    pub messages: Vec<Notification>,
}

/// Body of `POST /api/rules/preview`: a rule that is not saved yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RulePreviewRequest {
    #[serde(default)]
    pub name: String,
    pub expression: String,
    /// `promql`, where not given; `logql` or `traceql`.
    #[serde(default)]
    pub language: String,
    /// A duration as rule files have it: `5m`. At once, where not given.
    #[serde(default, rename = "for")]
    pub for_: String,
    #[serde(default)]
    pub keep_firing_for: String,
    /// How often it is evaluated; `1m`, where not given.
    #[serde(default)]
    pub interval: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The day before `to`, where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UnixNano>,
    /// Now, where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UnixNano>,
}

/// When the rule would have fired.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RulePreviewResponse {
    pub from: UnixNano,
    pub to: UnixNano,
    pub interval_ms: i64,
    /// By time; only so many of them are told.
    pub episodes: Vec<RuleEpisode>,
    /// All of them, also those that are not told.
    pub count: u64,
    /// The time in which at least one alert would have fired.
    pub firing_ms: i64,
    pub stats: QueryStats,
}

/// One alert of the rule, from its firing to its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleEpisode {
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// Since when the condition held.
    pub since: UnixNano,
    pub fired_at: UnixNano,
    /// Absent where it still fires at the end of the range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<UnixNano>,
    /// The value of the greatest magnitude while it fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
}

fn is_false(value: &bool) -> bool {
    !value
}

fn yes() -> bool {
    true
}
