//! `GET /api/rules`: every rule, how its evaluations go, and how far into the past it has been computed.

use crate::alerts::RuleEpisode;
use crate::forms::Form;
use crate::{DocumentProblem, QueryStats, UnixNano};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RulesResponse {
    pub groups: Vec<RuleGroup>,
}

/// Rules that are evaluated one after the other, at the same time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleGroup {
    pub name: String,
    pub file: String,
    pub interval_ms: i64,
    pub query_offset_ms: i64,
    /// The most series or alerts of one rule; 0 for any number.
    pub limit: u64,
    /// Counted since the process started.
    pub evaluations: u64,
    /// Evaluations that were left out because the one before took too long, or the clock jumped.
    pub missed: u64,
    /// The time of the last evaluation, and how long all rules took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_evaluation: Option<UnixNano>,
    pub evaluation_ms: f64,
    pub rules: Vec<RuleStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleStatus {
    pub name: String,
    pub query: String,
    pub labels: BTreeMap<String, String>,
    pub health: RuleHealth,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_evaluation: Option<UnixNano>,
    pub evaluation_ms: f64,
    /// Counted since the process started.
    pub failures: u64,
    /// Series, or alerts, of the last evaluation.
    pub series: u64,
    /// The rule over the time before it was there; absent of an alerting rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<Backfill>,
    /// Absent of a recording rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerting: Option<Alerting>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RuleHealth {
    /// Not evaluated yet.
    #[default]
    Unknown,
    Ok,
    Err,
}

/// How far a rule has been computed over what was kept before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Backfill {
    /// The time to compute, and how far that has got.
    pub from: UnixNano,
    pub to: UnixNano,
    pub done: UnixNano,
    /// 0 to 1; 1 when all is done.
    pub fraction: f64,
    /// Samples written by this process.
    pub samples: u64,
    /// Slots at which the rule failed, and why at the last of them.
    pub failures: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alerting {
    pub for_ms: i64,
    pub keep_firing_for_ms: i64,
    pub annotations: BTreeMap<String, String>,
    pub alerts: Vec<ActiveAlert>,
}

/// An alert that is pending or firing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActiveAlert {
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// `pending` or `firing`.
    pub state: String,
    pub active_at: UnixNano,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_firing_since: Option<UnixNano>,
    /// Since when there is nothing to judge it by: its data is missing or late. It stays as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_since: Option<UnixNano>,
    /// As Prometheus writes a number: it may be no number.
    pub value: String,
}

/// `GET /api/rules/groups`: every group of rules as it is written, by name. Those that are made of objectives are not
/// among them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleGroupsResponse {
    pub groups: Vec<WrittenGroup>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WrittenGroup {
    pub name: String,
    /// The file it is from; `saved` where it was made over the API.
    pub file: String,
    /// Of its rules.
    pub names: Vec<String>,
    /// How many of them are alerts.
    pub alerts: u64,
    /// That of its worst rule; `unknown` also where another server evaluates.
    pub health: RuleHealth,
    /// Why a rule failed the last time, with its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_evaluation: Option<UnixNano>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<i64>,
    /// Of one that was made over the API: it can be changed, by whom names this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// As it was saved; only where one group is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// What a form has of it; absent where it has no place for all that the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// Why it is not in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
}

/// What `POST /api/rules/groups` and `PUT /api/rules/groups/{name}` answer: it is saved, and in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupSaved {
    pub name: String,
    pub revision: u64,
    /// Of the alerts of the group, over the day before.
    pub previews: Vec<RuleVerdict>,
    /// Why the preview of some alerts is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_problem: Option<String>,
    pub stats: QueryStats,
}

/// `POST /api/rules/groups/preview?from&to`: what is wrong with a group, or when its alerts would have fired; in the last
/// day, where nothing else is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupPreview {
    /// All that is wrong; then there is nothing else.
    #[serde(default)]
    pub problems: Vec<DocumentProblem>,
    /// What a form has of it; absent where it has no place for all that the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    pub previews: Vec<RuleVerdict>,
    /// Why the preview of some alerts is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_problem: Option<String>,
    pub stats: QueryStats,
}

/// When an alert would have fired.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleVerdict {
    pub alert: String,
    /// `would have fired 3 times in 1d: …`, or `would never have fired in 1d`.
    pub verdict: String,
    pub count: u64,
    pub firing_ms: i64,
    /// By time; only so many of them are told.
    pub episodes: Vec<RuleEpisode>,
}
