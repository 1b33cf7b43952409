//! Services, their RED figures, operations and neighbours.
//!
//! All of it comes from the span metrics that are made of every span at ingest. A figure is `None`
//! when no call was seen, so that a gap stays a gap.

use crate::{QueryStats, TimeRange};
use serde::{Deserialize, Serialize};

/// `GET /api/services?from&to`: one row a service, sorted by name. Entry-point spans count
/// (span kind server or consumer; a service that has none counts all its spans).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServicesResponse {
    pub range: TimeRange,
    pub services: Vec<ServiceSummary>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceSummary {
    pub name: String,
    pub red: Red,
    pub series: RedSeries,
}

/// Rate, errors and duration over the whole range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Red {
    /// Calls in the range.
    pub calls: f64,
    /// Calls per second of the time that was observed: from the service's first emission in the range
    /// to its last, so that a service that is new does not look slow.
    pub rate: f64,
    /// Failed calls in the range.
    #[serde(default)]
    pub errors: f64,
    /// Failed calls / calls, 0 to 1.
    pub error_ratio: Option<f64>,
    pub p50_ms: Option<f64>,
    pub p95_ms: Option<f64>,
    pub p99_ms: Option<f64>,
}

/// The same over time; every column has one entry a step, the first at `start_ms`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RedSeries {
    /// Milliseconds since the Unix epoch.
    pub start_ms: i64,
    pub step_ms: i64,
    pub rate: Vec<Option<f64>>,
    pub error_ratio: Vec<Option<f64>>,
    pub p50_ms: Vec<Option<f64>>,
    pub p95_ms: Vec<Option<f64>>,
    pub p99_ms: Vec<Option<f64>>,
}

/// `GET /api/services/{service}?from&to`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceResponse {
    pub range: TimeRange,
    pub name: String,
    pub red: Red,
    pub series: RedSeries,
    /// Every operation, busiest first.
    pub operations: Vec<OperationSummary>,
    /// Who calls this service.
    pub callers: Vec<Edge>,
    /// Whom this service calls: services, databases, external APIs.
    pub callees: Vec<Edge>,
    pub exemplars: Vec<Exemplar>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OperationSummary {
    /// The span name.
    pub name: String,
    /// `server`, `client`, `producer`, `consumer`, `internal` or `unspecified`.
    pub kind: String,
    pub red: Red,
}

/// One side of the service graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Edge {
    /// The neighbour's name.
    pub name: String,
    /// `""` for a call between services, else `database`, `messaging_system` or `virtual_node`.
    pub connection_type: String,
    pub red: Red,
}

/// A trace that stands for a point of a chart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exemplar {
    pub trace_id: String,
    pub span_id: String,
    /// Milliseconds since the Unix epoch.
    pub time_ms: i64,
    pub duration_ms: f64,
    pub error: bool,
}

/// `GET /api/service_graph?from&to&limit`: who calls whom, from all spans of the range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceGraphResponse {
    pub range: TimeRange,
    /// Every name of an edge, by name, with what comes in.
    pub nodes: Vec<GraphNode>,
    /// Busiest first; a service that calls itself is an edge too.
    pub edges: Vec<GraphEdge>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GraphNode {
    pub name: String,
    /// Of the edges that lead here: 0 for what is only called from outside.
    pub calls: f64,
    pub errors: f64,
    /// `database` or `virtual_node`: what sends no spans of its own. Empty for a service.
    pub kind: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GraphEdge {
    pub client: String,
    pub server: String,
    /// `messaging_system`, `database`, `virtual_node`, or empty.
    pub connection_type: String,
    pub red: Red,
}
