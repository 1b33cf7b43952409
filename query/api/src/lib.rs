//! The native HTTP API as serde types, shared by the server and the browser.
//!
//! Conventions: times are nanoseconds since the Unix epoch, carried as decimal strings because a
//! JavaScript number loses them above 2^53; durations and offsets are numbers of nanoseconds with
//! `_ns` at the end; ids are lowercase hex; attribute values are OTLP/JSON `AnyValue`s
//! (`{"stringValue": "x"}`, `{"intValue": "5"}`), so that no type is lost.

pub mod alerts;
pub mod dashboards;
pub mod error;
pub mod explain;
pub mod forms;
pub mod ingest;
pub mod logs;
pub mod metrics;
pub mod nanos;
pub mod queries;
pub mod rfc3339;
pub mod rules;
pub mod searches;
pub mod services;
pub mod slos;
pub mod sql;
pub mod storage;
pub mod time_range;
pub mod traces;
pub mod value;

pub use error::{ApiError, DocumentProblem, ErrorBody};
pub use nanos::UnixNano;
pub use time_range::TimeRange;
pub use value::{AnyValue, KeyValue};

use serde::{Deserialize, Serialize};

/// What a query cost and whether its answer is whole. Part of every answer of the native API.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueryStats {
    /// Rows that were read to find the answer.
    pub rows_scanned: u64,
    /// Bytes of decoded columns that were read.
    pub bytes_scanned: u64,
    /// Wall time on the server.
    pub elapsed_ms: f64,
    /// Set when the answer is not whole: the reason, in words for the reader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<String>,
}
