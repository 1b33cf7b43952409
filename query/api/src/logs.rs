//! Log search and histogram.

use crate::traces::{Resource, Scope};
use crate::{AnyValue, KeyValue, QueryStats, TimeRange, UnixNano};
use serde::{Deserialize, Serialize};

/// `GET /api/logs?q&from&to&limit&cursor&direction`: newest first. `limit` is 1 to 10000, default 100;
/// `direction` is `older` (the default) or `newer`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogsResponse {
    pub range: TimeRange,
    pub records: Vec<LogRecord>,
    /// Give it back as `cursor` for the next (older) page; none when this is the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Give it back as `cursor` with `direction=newer` for the page of newer records, of which some
    /// may be still to come; none where there is no record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_cursor: Option<String>,
    /// Where nothing was found: what may be wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hints: Option<LogHints>,
    pub stats: QueryStats,
}

/// Why a question may have found nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogHints {
    /// Fields of the question that no record of the range has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_fields: Vec<UnknownField>,
    /// The last record before a range without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest_before: Option<UnixNano>,
    /// The first record after a range without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest_after: Option<UnixNano>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnknownField {
    pub name: String,
    /// Names that are there and look alike, the nearest first.
    pub near: Vec<String>,
}

/// `GET /api/logs/context?id&before&after&of`: what was logged around a record. `before` and `after` are
/// 0 to 1000, default 20; `of` is `stream` (the default: the same resource) or `all`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogContextResponse {
    /// Newer ones, newest first.
    pub after: Vec<LogRecord>,
    pub record: LogRecord,
    /// Older ones, newest first.
    pub before: Vec<LogRecord>,
    pub stats: QueryStats,
}

/// `GET /api/logs/stats?q&from&to`: figures over the records that pass, as the query says behind its bar:
/// `level:error | stats count(), quantile(0.99, duration_ms) by (service)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogStatsResponse {
    pub range: TimeRange,
    /// What the groups are by, then the figures.
    pub columns: Vec<StatsColumn>,
    /// A cell a column: text or `null` (none has the field), nanoseconds as text of a time, a number
    /// or `null` of a figure.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Vec<Object>>))]
    pub rows: Vec<Vec<serde_json::Value>>,
    /// How many groups there are, shown or not.
    pub groups: u64,
    /// What is not shown, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<LogStatsOther>,
    /// The width of buckets of time, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hints: Option<LogHints>,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StatsColumn {
    pub name: String,
    pub kind: StatsKind,
    /// Set where a figure is near: quantiles of many values to 0.5 %, counts of many different values
    /// to about 2 %.
    #[serde(default)]
    pub approximate: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StatsKind {
    /// A field that groups are by.
    #[default]
    Field,
    /// The begin of a bucket of time.
    Time,
    Figure,
}

/// Groups beyond the limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogStatsOther {
    pub groups: u64,
    pub records: u64,
}

/// Everything that was sent of one record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogRecord {
    /// Names the record; records that are equal in everything have the same.
    #[serde(default)]
    pub id: String,
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

/// `GET /api/logs/histogram?q&from&to&buckets&by&top`: counts over time, by severity or by the `top` (1 to
/// 50, default 8) most frequent values of a field. `buckets` is 1 to 500, default 60; the width is rounded
/// to a readable step, so there may be a few more or fewer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogHistogramResponse {
    pub range: TimeRange,
    /// Milliseconds since the Unix epoch of the first bucket's start; a multiple of `step_ms`.
    pub start_ms: i64,
    pub step_ms: i64,
    /// By severity, unless a field was asked for.
    pub series: Vec<SeverityCounts>,
    /// The field that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Of its most frequent values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueCounts>,
    /// Of all its other values; one entry a bucket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other: Vec<u64>,
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

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ValueCounts {
    /// None of records without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
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

/// `GET /api/logs/facets?q&from&to&fields&limit&rows`: which values fields have. `fields` are names with
/// commas between, those worth showing where there are none; `limit` is 1 to 1000 values of a field,
/// default 10; the newest `rows` records (default 1000000) are counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogFacetsResponse {
    pub range: TimeRange,
    pub facets: Vec<Facet>,
    /// Records that were counted.
    pub records: u64,
    /// Set when they are only the newest of those that pass.
    pub sampled: bool,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facet {
    /// As the search language names it.
    pub field: String,
    /// Most frequent first. Long values are cut.
    pub values: Vec<FacetValue>,
    /// Records with another value.
    pub other: u64,
    /// Records without one.
    pub missing: u64,
    /// How many different values were counted apart.
    pub distinct: u64,
    /// Set when there are more values than are counted apart.
    pub more: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetValue {
    pub value: String,
    pub count: u64,
}

/// `GET /api/logs/patterns?q&from&to&since&limit`: which kinds of bodies there are. What is from `since` on
/// is compared with what is before it; `limit` is 1 to 1000, default 50.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogPatternsResponse {
    pub range: TimeRange,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<UnixNano>,
    /// What is new since then, what surges, then by how many records are of it.
    pub patterns: Vec<LogPattern>,
    /// How many there are, shown or not.
    pub found: u64,
    /// Records that were looked at.
    pub records: u64,
    /// Those of them that are of no pattern, because there are too many kinds.
    pub other: u64,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogPattern {
    /// A body with `<*>` for what changes.
    pub template: String,
    /// A search for the words that do not change.
    pub query: String,
    /// Records, from `since` on if that is given.
    pub count: u64,
    /// Records before `since`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<PatternChange>,
    /// The worst severity class of its records.
    pub severity: String,
    pub first_seen: UnixNano,
    pub last_seen: UnixNano,
    /// The body of the last one.
    pub example: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PatternChange {
    /// Not seen before.
    New,
    /// At least three times as often as before.
    Surging,
    Steady,
    /// At most a third as often.
    Fading,
    /// Not seen any more.
    Gone,
}

/// What `GET /api/logs/tail?q` sends: as server-sent events `record` and `skipped` with the inner value as
/// data, over a WebSocket each as a message `{"record": {…}}` or `{"skipped": {…}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum LogTailEvent {
    Record(Box<LogRecord>),
    Skipped(LogTailSkipped),
}

/// Records that came in while the client read too slowly, passing or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogTailSkipped {
    pub records: u64,
}
