//! The shape of OpenSLO's documents.
//!
//! Source: OpenSLO specification v1 (`github.com/OpenSLO/OpenSLO`, README), and `ratioMetrics` and `timeWindows` of
//! v1alpha, which Sloth's examples still have.

use crate::rules::file::yaml;
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Named<T: Default> {
    #[serde(deserialize_with = "yaml::text")]
    pub api_version: String,
    #[serde(deserialize_with = "yaml::text")]
    pub kind: String,
    pub metadata: Metadata,
    pub spec: T,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    #[serde(deserialize_with = "yaml::text")]
    pub name: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct SloSpec {
    #[serde(deserialize_with = "yaml::text")]
    pub description: String,
    #[serde(deserialize_with = "yaml::text")]
    pub service: String,
    pub indicator: Option<Inline<SliSpec>>,
    #[serde(deserialize_with = "yaml::text")]
    pub indicator_ref: String,
    /// One, as a list of one or by itself.
    #[serde(alias = "timeWindows")]
    pub time_window: Option<OneOrList>,
    #[serde(deserialize_with = "yaml::text")]
    pub budgeting_method: String,
    pub objectives: Vec<Objective>,
    pub alert_policies: Vec<NameOrPolicy>,
}

/// An object that stands inside of another.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Inline<T: Default> {
    #[serde(deserialize_with = "yaml::text")]
    pub kind: String,
    pub metadata: Metadata,
    pub spec: T,
    /// Of v1alpha, which has no `spec` here.
    pub threshold_metric: Option<Metric>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum OneOrList {
    List(Vec<TimeWindow>),
    One(TimeWindow),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct TimeWindow {
    #[serde(deserialize_with = "yaml::text")]
    pub duration: String,
    pub is_rolling: Option<bool>,
    pub calendar: Option<CalendarSpec>,
    pub count: Option<u32>,
    #[serde(deserialize_with = "yaml::text")]
    pub unit: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct CalendarSpec {
    #[serde(deserialize_with = "yaml::text")]
    pub start_time: String,
    #[serde(deserialize_with = "yaml::text")]
    pub time_zone: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Objective {
    pub display_name: Option<IgnoredAny>,
    #[serde(deserialize_with = "yaml::text")]
    pub op: String,
    pub value: Option<f64>,
    pub target: Option<f64>,
    pub target_percent: Option<f64>,
    pub time_slice_target: Option<f64>,
    #[serde(deserialize_with = "yaml::text")]
    pub time_slice_window: String,
    pub indicator: Option<IgnoredAny>,
    pub indicator_ref: Option<IgnoredAny>,
    pub composite_weight: Option<IgnoredAny>,
    pub ratio_metrics: Option<RatioMetric>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct SliSpec {
    #[serde(deserialize_with = "yaml::text")]
    pub description: String,
    pub threshold_metric: Option<Metric>,
    pub ratio_metric: Option<RatioMetric>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct RatioMetric {
    #[serde(alias = "incremental")]
    pub counter: bool,
    pub good: Option<Metric>,
    pub bad: Option<Metric>,
    pub total: Option<Metric>,
    #[serde(deserialize_with = "yaml::text")]
    pub raw_type: String,
    pub raw: Option<Metric>,
}

/// Where v1 has `metricSource`, v1alpha has the query itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct Metric {
    pub metric_source: MetricSource,
    #[serde(deserialize_with = "yaml::text")]
    pub source: String,
    #[serde(deserialize_with = "yaml::text")]
    pub query_type: String,
    #[serde(deserialize_with = "yaml::text")]
    pub query: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MetricSource {
    #[serde(rename = "type", deserialize_with = "yaml::text")]
    pub kind: String,
    #[serde(deserialize_with = "yaml::text")]
    pub metric_source_ref: String,
    pub spec: QuerySpec,
}

/// OpenSLO leaves this to whom it is for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct QuerySpec {
    #[serde(
        alias = "promql",
        alias = "logql",
        alias = "traceql",
        alias = "expr",
        deserialize_with = "yaml::text"
    )]
    pub query: String,
}

/// OpenSLO's schema has a bare name too.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum NameOrPolicy {
    Name(String),
    Policy(PolicyRef),
}

impl NameOrPolicy {
    pub fn name(&self) -> &str {
        match self {
            NameOrPolicy::Name(name) => name,
            NameOrPolicy::Policy(policy) => &policy.alert_policy_ref,
        }
    }

    pub fn spec(&self) -> Option<&PolicySpec> {
        match self {
            NameOrPolicy::Name(_) => None,
            NameOrPolicy::Policy(policy) => policy.spec.as_ref(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyRef {
    #[serde(alias = "operatorRef", deserialize_with = "yaml::text")]
    pub alert_policy_ref: String,
    #[serde(deserialize_with = "yaml::text")]
    pub kind: String,
    pub metadata: Metadata,
    pub spec: Option<PolicySpec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct PolicySpec {
    #[serde(deserialize_with = "yaml::text")]
    pub description: String,
    pub alert_when_no_data: bool,
    pub alert_when_resolved: bool,
    pub alert_when_breaching: Option<bool>,
    pub conditions: Vec<ConditionRef>,
    pub notification_targets: Vec<IgnoredTarget>,
}

/// Where alerts go is said by the routes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct IgnoredTarget {}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ConditionRef {
    #[serde(deserialize_with = "yaml::text")]
    pub condition_ref: String,
    #[serde(deserialize_with = "yaml::text")]
    pub kind: String,
    pub metadata: MetadataName,
    pub spec: Option<ConditionSpec>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MetadataName {
    #[serde(deserialize_with = "yaml::text")]
    pub name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct ConditionSpec {
    #[serde(deserialize_with = "yaml::text")]
    pub description: String,
    #[serde(deserialize_with = "yaml::text")]
    pub severity: String,
    pub condition: BurnSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
pub struct BurnSpec {
    #[serde(deserialize_with = "yaml::text")]
    pub kind: String,
    #[serde(deserialize_with = "yaml::text")]
    pub op: String,
    pub threshold: Option<f64>,
    #[serde(deserialize_with = "yaml::text")]
    pub lookback_window: String,
    #[serde(deserialize_with = "yaml::text")]
    pub alert_after: String,
}

/// What is only there to be named.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AnySpec {
    #[serde(rename = "type", deserialize_with = "yaml::text")]
    pub kind: String,
}
