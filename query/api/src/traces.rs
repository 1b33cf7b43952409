//! Trace search, a trace's skeleton, a span's detail.

use crate::{KeyValue, QueryStats, TimeRange, UnixNano};
use serde::{Deserialize, Serialize};

/// `GET /api/traces?from&to&service&operation&status&min_duration&max_duration&q&query&sort&limit&cursor`.
///
/// All filters hold on one span of the trace; `query` is TraceQL instead of them. `status` is `error`, `ok` or `unset`; durations are
/// `250ms`, `1.5s`, `2m`; `q` is `key:value` terms over span and resource attributes (quote a value
/// with spaces); `sort` is `newest` (default) or `slowest`; `limit` is 1 to 1000, default 20.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TracesResponse {
    pub range: TimeRange,
    pub traces: Vec<TraceSummary>,
    /// Give it back as `cursor` for the next page; none when this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceSummary {
    pub trace_id: String,
    /// Of the earliest span, or of the span without a parent if there is one.
    pub root_service: String,
    pub root_operation: String,
    /// False when no span without a parent has arrived.
    pub has_root: bool,
    pub start: UnixNano,
    /// Latest end minus earliest start.
    pub duration_ns: i64,
    pub span_count: u32,
    pub error_count: u32,
    pub services: Vec<ServiceSpans>,
    /// Spans that the filters hold on, at most 3, the longest first.
    pub matched: Vec<MatchedSpan>,
    /// What a TraceQL query leaves of the trace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spansets: Vec<Spanset>,
}

/// Spans that passed a TraceQL query together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spanset {
    /// How many they are; `spans` has the earliest of them.
    pub matched: u32,
    /// Values of `by()` and of aggregates, as they are written in the query.
    pub attributes: Vec<KeyValue>,
    pub spans: Vec<SpansetSpan>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpansetSpan {
    pub span_id: String,
    pub service: String,
    pub operation: String,
    pub start: UnixNano,
    pub duration_ns: i64,
    /// What `select()` and the filters name, as far as the span has it.
    pub attributes: Vec<KeyValue>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceSpans {
    pub service: String,
    pub spans: u32,
    pub errors: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MatchedSpan {
    pub span_id: String,
    pub service: String,
    pub operation: String,
    pub duration_ns: i64,
    pub error: bool,
}

/// `GET /api/traces/{trace_id}/statistics`, and
/// `GET /api/traces/statistics?from&to&service&operation&status&min_duration&max_duration&query&limit` of the
/// newest `limit` traces (1 to 5000, default 200) that match: where the time went, by operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatisticsResponse {
    pub traces: u64,
    pub spans: u64,
    /// The operation with the most time of its own first.
    pub operations: Vec<OperationStatistics>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OperationStatistics {
    pub service: String,
    pub operation: String,
    /// Traces that have it.
    pub traces: u64,
    pub spans: u64,
    pub errors: u64,
    /// Of all spans; spans inside each other count each.
    pub total_ns: i64,
    /// In which no child ran.
    pub self_ns: i64,
    /// Of the critical paths of the traces.
    pub critical_ns: i64,
    pub min_ns: i64,
    pub p50_ns: i64,
    pub p95_ns: i64,
    pub max_ns: i64,
}

/// `GET /api/traces/metrics?query&from&to&step&exemplars`: series made of spans by TraceQL.
///
/// `step` is a duration like `30s`; where it is not given there are about 100 steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceMetricsResponse {
    pub range: TimeRange,
    /// The start of the first step, a multiple of the step.
    pub start: UnixNano,
    pub step_ns: i64,
    pub series: Vec<SpanSeries>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanSeries {
    /// Values of `by()`; of quantiles also `p`, of histograms `__bucket`, of `compare()` `__meta_type`.
    pub labels: Vec<KeyValue>,
    /// One a step, of the spans that start in it; durations in seconds. None where no span tells.
    pub values: Vec<Option<f64>>,
    pub exemplars: Vec<SpanExemplar>,
}

/// A span that a value is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanExemplar {
    pub time: UnixNano,
    pub value: f64,
    pub trace_id: String,
    pub span_id: String,
}

/// `GET /api/traces/diff?a&b`: two traces beside each other. Spans belong together whose services and
/// operations are the same from the root down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffResponse {
    pub a: DiffedTrace,
    pub b: DiffedTrace,
    /// What `service` and `operation` point into.
    pub services: Vec<String>,
    pub operations: Vec<String>,
    pub paths: DiffColumns,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffedTrace {
    pub trace_id: String,
    pub start: UnixNano,
    pub duration_ns: i64,
    pub span_count: u32,
    pub error_count: u32,
}

/// Equal-length columns, one entry a path, depth first; of `a` and of `b` each. A path that one of
/// them does not have has no spans there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffColumns {
    /// Row of the path above, -1 for a root.
    pub parent: Vec<i32>,
    pub depth: Vec<u32>,
    pub subtree_size: Vec<u32>,
    pub service: Vec<u32>,
    pub operation: Vec<u32>,
    pub a: DiffSide,
    pub b: DiffSide,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DiffSide {
    pub spans: Vec<u32>,
    pub errors: Vec<u32>,
    /// Sums over the spans of the path.
    pub duration_ns: Vec<i64>,
    pub self_ns: Vec<i64>,
    pub critical_ns: Vec<i64>,
    /// The earliest of them; empty where there is none.
    pub span_id: Vec<String>,
}

/// `GET /api/traces/{trace_id}?root&depth&offset&limit`: the skeleton in columns, one entry a span, in
/// depth-first order (children by start time), so that a subtree is a run of rows.
///
/// An answer has at most 100,000 rows. `root` is the id of a span whose subtree is wanted, `depth` how
/// many levels below it, `offset` and `limit` are about the rows that are left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceResponse {
    pub trace_id: String,
    pub start: UnixNano,
    pub duration_ns: i64,
    /// Of the whole trace.
    #[serde(default)]
    pub span_count: u32,
    /// Rows that `root` and `depth` leave; the answer has `limit` of them from `offset` on.
    #[serde(default)]
    pub row_count: u32,
    /// What `service` and `operation` point into.
    pub services: Vec<String>,
    pub operations: Vec<String>,
    pub spans: SpanColumns,
    /// Of every root, in the order of time.
    #[serde(default)]
    pub critical_path: CriticalPath,
    /// Log records that carry this trace id.
    pub log_count: u64,
    /// What is odd about this trace, in words: missing parents, clock skew, spans sent twice.
    pub warnings: Vec<String>,
    pub stats: QueryStats,
}

/// Equal-length columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanColumns {
    pub span_id: Vec<String>,
    /// Row of the parent, -1 for a root, a span whose parent is missing, and one whose parent is not
    /// in this answer.
    pub parent: Vec<i32>,
    /// True where a parent id is given but no such span has arrived.
    pub parent_missing: Vec<bool>,
    pub depth: Vec<u32>,
    /// Rows of the subtree that are in this answer, this one included.
    pub subtree_size: Vec<u32>,
    /// Spans of the subtree, this one included, where the answer does not have all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subtree_spans: Vec<u32>,
    /// From the start of the trace.
    pub start_offset_ns: Vec<i64>,
    /// Negative where the clock went backwards.
    pub duration_ns: Vec<i64>,
    /// Index into `services`.
    pub service: Vec<u32>,
    /// Index into `operations`.
    pub operation: Vec<u32>,
    /// OTLP `SpanKind`.
    pub kind: Vec<i32>,
    /// OTLP `StatusCode`: 0 unset, 1 ok, 2 error.
    pub status: Vec<i32>,
    pub event_count: Vec<u32>,
    pub link_count: Vec<u32>,
    /// The part of a span in which none of its children ran.
    #[serde(default)]
    pub self_ns: Vec<i64>,
    /// What a span itself has of the critical path.
    #[serde(default)]
    pub critical_ns: Vec<i64>,
}

/// The critical path in pieces, as equal-length columns: from the end of a root back in time, always
/// into the child that finished last before. The pieces of a root are as long as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CriticalPath {
    /// Row of the span that the path is in itself.
    pub row: Vec<u32>,
    /// From the start of the trace.
    pub start_offset_ns: Vec<i64>,
    pub duration_ns: Vec<i64>,
}

/// `GET /api/traces/{trace_id}/spans/{span_id}`: everything that was sent of one span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanDetail {
    pub trace_id: String,
    pub span_id: String,
    /// Empty for a root.
    pub parent_span_id: String,
    pub trace_state: String,
    pub flags: u32,
    pub name: String,
    pub kind: i32,
    pub start: UnixNano,
    pub end: UnixNano,
    pub status_code: i32,
    pub status_message: String,
    pub attributes: Vec<KeyValue>,
    pub dropped_attributes_count: u32,
    pub events: Vec<SpanEvent>,
    pub dropped_events_count: u32,
    pub links: Vec<SpanLink>,
    pub dropped_links_count: u32,
    pub resource: Resource,
    pub scope: Scope,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanEvent {
    pub time: UnixNano,
    pub name: String,
    pub attributes: Vec<KeyValue>,
    pub dropped_attributes_count: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanLink {
    pub trace_id: String,
    pub span_id: String,
    pub trace_state: String,
    pub flags: u32,
    pub attributes: Vec<KeyValue>,
    pub dropped_attributes_count: u32,
}

/// Who sent it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resource {
    pub attributes: Vec<KeyValue>,
    pub dropped_attributes_count: u32,
    pub schema_url: String,
}

/// Which library made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Scope {
    pub name: String,
    pub version: String,
    pub attributes: Vec<KeyValue>,
    pub dropped_attributes_count: u32,
    pub schema_url: String,
}
