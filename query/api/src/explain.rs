//! What sets some spans apart from others.

use crate::{QueryStats, TimeRange};
use serde::{Deserialize, Serialize};

/// `GET /api/traces/explain?from&to&service&operation&status&min_duration&max_duration&query&baseline_from&baseline_to&limit`.
///
/// `service` and `operation` say which spans are looked at; `status`, `min_duration`, `max_duration`
/// or else `query` (TraceQL) which of them are selected. The baseline is the others of the same range,
/// or all of another range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainResponse {
    pub range: TimeRange,
    pub baseline_range: TimeRange,
    pub selection: ExplainedSide,
    pub baseline: ExplainedSide,
    /// What separates the two most first; attributes that do not, beyond chance, are left out.
    pub attributes: Vec<ExplainedAttribute>,
    /// What each operation has of the critical path of a span, the greatest difference first.
    pub path: Vec<ExplainedOperation>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainedSide {
    pub spans: u64,
    /// Of a fair sample of these the attributes were counted.
    pub looked_at: u64,
    /// Of so many the critical path was walked.
    pub path_spans: u64,
    /// Of all spans.
    pub mean_ns: f64,
    /// Of the sample.
    pub p50_ns: i64,
    pub p95_ns: i64,
    pub p99_ns: i64,
}

/// Shares are of the spans that were looked at, 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainedAttribute {
    /// `span.KEY`, `resource.KEY`, `name`, `kind` or `status`.
    pub name: String,
    /// The least difference of shares that the counts prove, 0 to 1: of its value that differs most, of
    /// having the attribute at all, or of numbers below some bound.
    pub score: f64,
    /// Spans that have the attribute.
    pub selection_share: f64,
    pub baseline_share: f64,
    /// The values that differ most; empty for numbers.
    pub values: Vec<ExplainedValue>,
    /// Of an attribute with many different numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<ExplainedNumbers>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainedValue {
    pub value: String,
    pub score: f64,
    pub selection_share: f64,
    pub baseline_share: f64,
}

/// p10, p50 and p90 of each side.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainedNumbers {
    pub selection: [Option<f64>; 3],
    pub baseline: [Option<f64>; 3],
}

/// Means over the spans of a side: the differences sum up to that of their durations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExplainedOperation {
    pub service: String,
    pub operation: String,
    /// What it has of the critical path.
    pub selection_ns: f64,
    pub baseline_ns: f64,
    pub difference_ns: f64,
    /// How often it was called below the span, itself included.
    pub selection_calls: f64,
    pub baseline_calls: f64,
}
