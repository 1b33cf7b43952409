//! Service level objectives: what of the budget is left, what burned it, and what would have woken whom.
//!
//! Figures are `None` where nothing is known: no data is not 100 %.

use crate::forms::Form;
use crate::{DocumentProblem, QueryStats, TimeRange, UnixNano};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `GET /api/slos?at`: every objective, by service and name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SlosResponse {
    /// The time that all figures are of.
    pub at: UnixNano,
    pub slos: Vec<SloStatus>,
    /// Saved ones that are not in force, and why: a file has one of the same id by now, for example.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    pub stats: QueryStats,
}

/// A saved document that does not count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    pub id: String,
    pub revision: u64,
    pub document: String,
    pub why: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloStatus {
    /// `SERVICE-NAME`, as in the label `sloth_id`.
    pub id: String,
    pub name: String,
    /// Empty where it is about no service.
    pub service: String,
    pub description: String,
    pub labels: BTreeMap<String, String>,
    /// What is good, in words: `availability of checkout`.
    pub indicator: String,
    /// Of one over spans: which ones it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spans: Option<SloSpans>,
    /// The file it is from; `saved` where it was made over the API.
    pub file: String,
    /// Of one that was made over the API: it can be changed, by whom names this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// 0 to 1: 0.999 for 99.9 %.
    pub objective: f64,
    pub window: SloWindow,
    /// Good events of all events in the window so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sli: Option<f64>,
    /// Of the window so far.
    pub events: SloEvents,
    /// Of the whole budget, as a share: 1 is untouched, 0 is spent, below 0 is overspent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_left: Option<f64>,
    /// Shortest window first; the objective's own window is the last.
    pub burn_rates: Vec<BurnRate>,
    /// The four pairs of windows, fastest first.
    pub alerts: Vec<SloAlert>,
    /// When the budget will be spent if it goes on burning as it does; absent if it won't be within the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhaustion: Option<Exhaustion>,
    pub firing: Vec<SloFiring>,
    /// How much of the window so far has been computed, 0 to 1: the past of a new objective comes little by little.
    pub known: f64,
    /// Why figures are missing, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The spans that an objective counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloSpans {
    pub service: String,
    /// The name of the spans; of any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// As TraceQL has them: `server`; of any where empty.
    pub kinds: Vec<String>,
    /// A span that takes longer is bad, milliseconds; where absent, one that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under_ms: Option<i64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloWindow {
    pub kind: WindowKind,
    /// As it was written: `30d`, or `month`.
    pub length: String,
    /// Of a calendar window: an IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The window that `at` lies in. A rolling one ends at `at`; a calendar one where it is over.
    pub start: UnixNano,
    pub end: UnixNano,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum WindowKind {
    #[default]
    Rolling,
    Calendar,
}

/// Counts of events, or of slices of time for an objective over timeslices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloEvents {
    pub good: f64,
    pub bad: f64,
}

/// How fast the budget burns: 1 spends exactly all of it in the objective's window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BurnRate {
    /// As PromQL writes it: `5m`.
    pub window: String,
    pub window_ms: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

/// One pair of windows that an alert judges by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloAlert {
    pub severity: SloSeverity,
    pub long: BurnRate,
    pub short: BurnRate,
    /// The burn rate that both must be above.
    pub threshold: f64,
    /// The share of the budget that is spent when the long window is at the threshold.
    pub budget_spent: f64,
    pub state: BurnState,
    /// False where the objective has no alert of this severity.
    pub enabled: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SloSeverity {
    #[default]
    Page,
    Ticket,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BurnState {
    /// Neither window is over the threshold.
    Acceptable,
    /// Only the short one is.
    Increasing,
    /// Only the long one is.
    Recovering,
    /// Both are: the alert fires.
    Critical,
    /// One of them has no data.
    #[default]
    Unknown,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exhaustion {
    /// In the past if the budget is spent: when that was, as far as is known.
    pub at: UnixNano,
    /// The burn rate that it is foretold from, and the window that this was measured over.
    pub burn_rate: f64,
    pub measured_over: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloFiring {
    pub alert: String,
    pub severity: SloSeverity,
    pub since: UnixNano,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// Nothing is known of it at present; it stays as it was.
    pub unknown: bool,
}

/// `GET /api/slos/{id}?at&from&to`: one objective, and how it came to this. Without `from` the history is that of the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloResponse {
    pub slo: SloStatus,
    /// As it was saved; absent of one from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// What a form has of it; absent where it has no place for all that the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    pub range: TimeRange,
    pub history: SloHistory,
    /// By operation, version, route and status: who has most of the burned budget first.
    pub spend: Vec<SpendBy>,
    pub bad_intervals: Vec<BadInterval>,
    pub episodes: Vec<Episode>,
    pub stats: QueryStats,
}

/// Over time; every column has one entry a step, the first at `start_ms`. A gap is `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloHistory {
    /// Milliseconds since the Unix epoch. A step's entry is about the time from it to the next one.
    pub start_ms: i64,
    pub step_ms: i64,
    /// Good of all events of the step.
    pub sli: Vec<Option<f64>>,
    pub good: Vec<Option<f64>>,
    pub bad: Vec<Option<f64>>,
    /// Burn-down: what is left of the budget at the end of the step, of the window that it lies in.
    pub budget_left: Vec<Option<f64>>,
    /// Burn rates at the end of the step, by window.
    pub burn_rates: Vec<BurnRateSeries>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BurnRateSeries {
    pub window: String,
    pub window_ms: i64,
    pub rate: Vec<Option<f64>>,
}

/// What of the budget each value of a dimension burned.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpendBy {
    /// `operation`, `version`, `route` or `status`.
    pub dimension: String,
    /// `metrics`: exact, of all spans. `spans`: counted in those that are kept.
    pub source: String,
    pub values: Vec<Spend>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spend {
    /// Empty where there is no value.
    pub value: String,
    pub good: f64,
    pub bad: f64,
    /// Of all bad events, 0 to 1.
    pub share: f64,
    /// Of the window's whole budget; above 1 where it spent more than that.
    pub budget: f64,
    /// Its traces, on this server's page.
    pub traces_url: String,
}

/// A time in which more was bad than the objective allows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BadInterval {
    pub from: UnixNano,
    pub to: UnixNano,
    pub good: f64,
    pub bad: f64,
    /// Of the window's whole budget.
    pub budget_spent: f64,
    /// Pages of this server, without its address.
    pub traces_url: String,
    pub logs_url: String,
}

/// A time in which an alert was firing, or would have been.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Episode {
    pub severity: SloSeverity,
    pub from: UnixNano,
    /// Absent while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UnixNano>,
    /// The pair of windows that was over first, as `1h/5m`.
    pub windows: String,
    /// Of the long window, at its highest.
    pub peak_burn_rate: f64,
    /// Of the window's whole budget, from the begin to the end.
    pub budget_spent: f64,
    pub traces_url: String,
    pub logs_url: String,
}

/// `POST /api/slos/preview`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloPreviewRequest {
    /// A file as `slo_files` takes it: the own form (`slos:`), Sloth's or OpenSLO's.
    pub yaml: String,
    /// The history to judge; without, the window of each objective up to now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UnixNano>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UnixNano>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloPreviewResponse {
    /// All that is wrong; then there is nothing else.
    pub problems: Vec<DocumentProblem>,
    /// What a form has of it; absent where it has no place for all that the document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    pub slos: Vec<SloPreview>,
    pub stats: QueryStats,
}

/// An objective as it would be if it had been there all along.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloPreview {
    pub slo: SloStatus,
    pub range: TimeRange,
    pub history: SloHistory,
    pub episodes: Vec<Episode>,
    /// `would have paged 3 times and opened 1 ticket in 30d: …`.
    pub verdict: String,
    /// The rules that are made of it, as a Prometheus rule file.
    pub rules: String,
}

/// What `POST /api/slos` and `PUT /api/slos/{id}` answer: it is saved, and in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SloSaved {
    pub id: String,
    pub revision: u64,
    /// What it would have told over its window; absent where that could not be computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<SloPreview>,
    /// Why the preview is not there, or not of the whole window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_problem: Option<String>,
    pub stats: QueryStats,
}
