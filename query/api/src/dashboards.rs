//! Dashboards: panels on a grid, the queries behind them, and the variables that they share.
//!
//! A dashboard is one JSON document: what `GET` answers is what `POST` takes, here or on another server.
//! Every field that is not given has a default, and a name that is not known is refused.

pub mod interpolate;
pub mod limits;

use crate::UnixNano;
use serde::{Deserialize, Serialize};

/// Columns of the grid; Grafana's.
pub const COLUMNS: u32 = 24;

/// The value of a variable that stands for all of its values, as Grafana writes it.
pub const ALL: &str = "$__all";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Dashboard {
    /// Lower-case letters, digits and dashes; made of the title where it is empty.
    pub id: String,
    /// Counts the changes; a change says which revision it was made of.
    pub revision: u64,
    /// When it was last changed.
    pub updated_at: UnixNano,
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    /// The range that it opens with, in the grammar of time ranges; `now-1h` to `now` where they are empty.
    pub from: String,
    pub to: String,
    /// How often it is asked again, as `30s`; empty is never.
    pub refresh: String,
    pub variables: Vec<Variable>,
    pub panels: Vec<Panel>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Variable {
    /// Letters, digits and `_`; `$name` in a query.
    pub name: String,
    /// What people see; the name where it is empty.
    pub title: String,
    pub kind: VariableKind,
    /// Of `label_values`: the series to look at, as `up{job="node"}`; all where it is empty.
    pub selector: String,
    /// Of `label_values`: the label whose values they are.
    pub label: String,
    /// Of `operations`: the service.
    pub service: String,
    /// Only values that this regular expression finds are offered; its first group, where it has one, is the value.
    pub regex: String,
    /// Of `custom` and `interval`: the values to choose from.
    pub options: Vec<String>,
    /// More than one value may be chosen.
    pub multi: bool,
    /// `All` may be chosen.
    pub include_all: bool,
    /// The regular expression that stands for `All`; all values, joined, where it is empty.
    pub all_value: String,
    /// What is chosen at first: values, or `$__all`. The first of those offered where it is empty.
    pub default: Vec<String>,
    /// It can only be chosen in the address.
    pub hidden: bool,
}

/// Where the values of a variable come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    LabelValues,
    Services,
    Operations,
    #[default]
    Custom,
    /// Typed in.
    Text,
    /// Durations.
    Interval,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Panel {
    pub title: String,
    pub description: String,
    pub kind: PanelKind,
    pub grid: Grid,
    pub queries: Vec<PanelQuery>,
    /// A unit of Grafana's names (`s`, `ms`, `bytes`, `percentunit`, `reqps`); any other stands behind the number.
    pub unit: String,
    /// Digits behind the point; as many as the number needs where absent.
    pub decimals: Option<u32>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// Series stand on each other.
    pub stacked: bool,
    /// How a series becomes one number: of stat, bar and table.
    pub reduce: Reduce,
    /// Ascending.
    pub thresholds: Vec<Threshold>,
    /// Of `text`: lines; `# heading`, `- item`, `**bold**`, `` `code` `` and addresses are shown as such. Never HTML.
    pub text: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PanelKind {
    #[default]
    TimeSeries,
    Stat,
    Bar,
    Table,
    Heatmap,
    Logs,
    Traces,
    Text,
}

/// A place on the grid of 24 columns; a row is 30 px high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Grid {
    pub x: u32,
    pub y: u32,
    pub w: u32,
    pub h: u32,
}

impl Default for Grid {
    fn default() -> Grid {
        Grid { x: 0, y: 0, w: 12, h: 8 }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PanelQuery {
    pub language: QueryLanguage,
    /// In the language; of `red` the name of the service.
    pub expr: String,
    /// Of `red`: which figure.
    pub measure: Measure,
    /// What a series is called: text with `{{label}}`; its labels where it is empty.
    pub legend: String,
    /// Only the end of the range is asked for.
    pub instant: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum QueryLanguage {
    #[default]
    PromQl,
    /// The log language of this server.
    Logs,
    LogQl,
    TraceQl,
    /// Rate, errors and durations of a service.
    Red,
}

impl QueryLanguage {
    pub const EVERY: [QueryLanguage; 5] = [
        QueryLanguage::PromQl,
        QueryLanguage::Logs,
        QueryLanguage::LogQl,
        QueryLanguage::TraceQl,
        QueryLanguage::Red,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            QueryLanguage::PromQl => "promql",
            QueryLanguage::Logs => "logs",
            QueryLanguage::LogQl => "logql",
            QueryLanguage::TraceQl => "traceql",
            QueryLanguage::Red => "red",
        }
    }
}

/// A figure of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Calls a second.
    #[default]
    Rate,
    /// Failed calls of all, 0 to 1.
    ErrorRatio,
    /// Seconds.
    P50,
    P95,
    P99,
}

impl Measure {
    pub const EVERY: [Measure; 5] =
        [Measure::Rate, Measure::ErrorRatio, Measure::P50, Measure::P95, Measure::P99];

    pub fn as_str(self) -> &'static str {
        match self {
            Measure::Rate => "rate",
            Measure::ErrorRatio => "error_ratio",
            Measure::P50 => "p50",
            Measure::P95 => "p95",
            Measure::P99 => "p99",
        }
    }
}

/// How a series becomes one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Reduce {
    /// The newest value that there is.
    #[default]
    Last,
    Mean,
    Min,
    Max,
    Sum,
}

/// From this value on, it is like that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Threshold {
    /// Absent: from the lowest value on.
    pub value: Option<f64>,
    pub level: Level,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[default]
    Ok,
    Info,
    Warn,
    Error,
}

/// `GET /api/dashboards?search&tag`: by title.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DashboardsResponse {
    pub dashboards: Vec<DashboardSummary>,
    /// Of all dashboards, not only of those found.
    pub tags: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DashboardSummary {
    pub id: String,
    pub revision: u64,
    pub updated_at: UnixNano,
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    /// How many.
    pub panels: u64,
}

/// `POST /api/dashboards/import/grafana`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GrafanaImportResponse {
    pub dashboard: Dashboard,
    /// What of the other one is not in it, in its order.
    pub left_out: Vec<LeftOut>,
    /// Not with `dry_run=true`.
    pub saved: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LeftOut {
    /// The panel's title, or `variable NAME`; empty where it is about the whole dashboard.
    pub place: String,
    pub why: String,
}
