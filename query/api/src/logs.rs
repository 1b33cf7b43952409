//! Log search and histogram.

use crate::traces::{Resource, Scope};
use crate::{AnyValue, KeyValue, QueryStats, TimeRange, UnixNano};
use serde::{Deserialize, Serialize};

/// `GET /api/logs?q&from&to&limit&cursor`: newest first. `limit` is 1 to 10000, default 100.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogsResponse {
    pub range: TimeRange,
    pub records: Vec<LogRecord>,
    /// Give it back as `cursor` for the next (older) page; none when this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    pub stats: QueryStats,
}

/// Everything that was sent of one record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogRecord {
    /// The record's time, else the observed time.
    pub time: UnixNano,
    pub observed_time: UnixNano,
    /// OTLP `SeverityNumber`, 0 to 24.
    pub severity_number: i32,
    pub severity_text: String,
    /// `service.name` of the resource.
    pub service: String,
    /// The body as text: a string bare, anything else as short JSON.
    pub body_text: String,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub body: AnyValue,
    pub attributes: Vec<KeyValue>,
    pub dropped_attributes_count: u32,
    pub flags: u32,
    /// Empty when the record belongs to no trace.
    pub trace_id: String,
    pub span_id: String,
    pub event_name: String,
    pub resource: Resource,
    pub scope: Scope,
}

/// `GET /api/logs/histogram?q&from&to&buckets`: counts by severity over time. `buckets` is 1 to
/// 500, default 60; the width is rounded to a readable step, so there may be a few more or fewer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogHistogramResponse {
    pub range: TimeRange,
    /// Milliseconds since the Unix epoch of the first bucket's start; a multiple of `step_ms`.
    pub start_ms: i64,
    pub step_ms: i64,
    pub series: Vec<SeverityCounts>,
    pub total: u64,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeverityCounts {
    /// `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `unset`.
    pub severity: String,
    /// One entry a bucket.
    pub counts: Vec<u64>,
}

/// The severity class of an OTLP `SeverityNumber`.
pub fn severity_class(number: i32) -> &'static str {
    match number {
        1..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        21..=24 => "fatal",
        _ => "unset",
    }
}
