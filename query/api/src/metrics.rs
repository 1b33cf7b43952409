//! Metrics as they were sent. PromQL over them is at `/prometheus/api/v1/`.

use crate::traces::{Resource, Scope};
use crate::{KeyValue, QueryStats, TimeRange, UnixNano};
use serde::{Deserialize, Serialize};

/// `GET /api/metrics?from&to`: which metrics there are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricsResponse {
    pub range: TimeRange,
    pub metrics: Vec<MetricSummary>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricSummary {
    /// The OTLP name.
    pub name: String,
    /// The name that PromQL knows it by.
    pub prometheus_name: String,
    /// `gauge`, `sum`, `histogram`, `exponential_histogram` or `summary`.
    pub kind: String,
    pub unit: String,
    pub description: String,
    pub series: u64,
    pub points: u64,
    /// A share of the files and the memory that hold them.
    pub bytes: u64,
}

/// `GET /api/metrics/cardinality?match&from&to&limit`: which labels, and which values of them, cost how much.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardinalityResponse {
    pub range: TimeRange,
    pub total: Cost,
    /// Those with most values first.
    pub labels: Vec<LabelCost>,
    /// Values with most series first.
    pub pairs: Vec<PairCost>,
    pub stats: QueryStats,
}

/// What series cost. Points and bytes are those of the files that the range touches, whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cost {
    pub series: u64,
    pub points: u64,
    /// A share of the files and the memory that hold them.
    pub bytes: u64,
}

/// A label as PromQL knows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LabelCost {
    pub name: String,
    /// How many different values it has.
    pub values: u64,
    pub cost: Cost,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PairCost {
    pub name: String,
    pub value: String,
    pub cost: Cost,
}

/// `GET /api/metrics/points?name&from&to`: every point of one metric as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricPointsResponse {
    pub range: TimeRange,
    pub series: Vec<MetricSeries>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricSeries {
    pub name: String,
    pub kind: String,
    pub unit: String,
    pub description: String,
    /// OTLP `AggregationTemporality`: 0 unspecified, 1 delta, 2 cumulative.
    pub temporality: i32,
    pub is_monotonic: bool,
    pub attributes: Vec<KeyValue>,
    pub resource: Resource,
    pub scope: Scope,
    pub points: Vec<MetricPoint>,
}

/// One data point in the form of OTLP/JSON: `asInt` and 64-bit counts are strings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MetricPoint {
    pub start: UnixNano,
    pub time: UnixNano,
    pub flags: u32,
    /// The OTLP/JSON fields of this kind of point besides times, flags and attributes:
    /// `asInt` | `asDouble`; `count`, `sum`, `min`, `max`, `bucketCounts`, `explicitBounds`;
    /// `scale`, `zeroCount`, `zeroThreshold`, `positive`, `negative`; `quantileValues`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub value: serde_json::Value,
    pub exemplars: Vec<PointExemplar>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PointExemplar {
    pub time: UnixNano,
    /// `{"asInt": "5"}` or `{"asDouble": 0.5}`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub value: serde_json::Value,
    pub trace_id: String,
    pub span_id: String,
    pub filtered_attributes: Vec<KeyValue>,
}
