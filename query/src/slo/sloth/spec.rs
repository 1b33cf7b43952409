//! The shape of Sloth's files and resources.
//!
//! Source: Sloth 0.16 `pkg/prometheus/api/v1` and `pkg/kubernetes/api/sloth/v1`; `interval` and `infoLabels` of an
//! objective are from before there were plugins. The two differ in how keys of two words are written.

use crate::rules::file::yaml::{self, Pairs, Span};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_yaml_ng::Mapping;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileYaml {
    #[serde(deserialize_with = "yaml::text")]
    pub version: String,
    #[serde(deserialize_with = "yaml::text")]
    pub service: String,
    pub labels: Pairs,
    #[serde(alias = "sloPlugins")]
    pub slo_plugins: PluginsYaml,
    pub slos: Vec<SloYaml>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct ResourceYaml<T: Default> {
    pub api_version: Option<IgnoredAny>,
    #[serde(deserialize_with = "yaml::text")]
    pub kind: String,
    pub metadata: Option<IgnoredAny>,
    pub spec: T,
    pub status: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SloYaml {
    #[serde(deserialize_with = "yaml::text")]
    pub name: String,
    #[serde(deserialize_with = "yaml::text")]
    pub description: String,
    pub objective: Option<f64>,
    pub plugins: PluginsYaml,
    pub labels: Pairs,
    #[serde(alias = "infoLabels")]
    pub info_labels: Pairs,
    pub interval: IntervalYaml,
    pub sli: SliYaml,
    pub alerting: AlertingYaml,
}

/// How often the groups of rules are evaluated; `all` is for those that are not named.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntervalYaml {
    pub all: Option<Span>,
    pub slierror: Option<Span>,
    pub metadata: Option<Span>,
    pub alert: Option<Span>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SliYaml {
    pub raw: Option<RawYaml>,
    pub events: Option<EventsYaml>,
    pub plugin: Option<SliPluginYaml>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawYaml {
    #[serde(alias = "errorRatioQuery", deserialize_with = "yaml::text")]
    pub error_ratio_query: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsYaml {
    #[serde(alias = "errorQuery", deserialize_with = "yaml::text")]
    pub error_query: String,
    #[serde(alias = "totalQuery", deserialize_with = "yaml::text")]
    pub total_query: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SliPluginYaml {
    #[serde(deserialize_with = "yaml::text")]
    pub id: String,
    pub options: Pairs,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginsYaml {
    #[serde(rename = "overridePrevious", alias = "override_previous")]
    pub override_previous: bool,
    pub chain: Vec<PluginYaml>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginYaml {
    #[serde(deserialize_with = "yaml::text")]
    pub id: String,
    /// Lower is earlier; Sloth's own chain is at 0.
    pub priority: i64,
    pub config: Option<Mapping>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertingYaml {
    #[serde(deserialize_with = "yaml::text")]
    pub name: String,
    pub labels: Pairs,
    pub annotations: Pairs,
    #[serde(alias = "pageAlert")]
    pub page_alert: AlertYaml,
    #[serde(alias = "ticketAlert")]
    pub ticket_alert: AlertYaml,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlertYaml {
    pub disable: bool,
    #[serde(rename = "for")]
    pub wait: Option<Span>,
    pub labels: Pairs,
    pub annotations: Pairs,
}

/// Which form a document has: how its keys are called in messages, and where its objectives lie.
#[derive(Clone, Copy)]
pub struct Keys {
    pub error: &'static str,
    pub total: &'static str,
    pub raw: &'static str,
    pub page: &'static str,
    pub ticket: &'static str,
    pub plugins: &'static str,
}

pub const FILE: Keys = Keys {
    error: "error_query",
    total: "total_query",
    raw: "error_ratio_query",
    page: "page_alert",
    ticket: "ticket_alert",
    plugins: "slo_plugins",
};
pub const RESOURCE: Keys = Keys {
    error: "errorQuery",
    total: "totalQuery",
    raw: "errorRatioQuery",
    page: "pageAlert",
    ticket: "ticketAlert",
    plugins: "sloPlugins",
};
