//! `GET /api/system`: what came in, what was kept, what was refused and why.

use crate::storage::{CompactionSummary, MemorySummary, RetentionSummary};
use serde::{Deserialize, Serialize};

/// received = stored + rejected, per signal; counted since the process started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SystemResponse {
    pub version: String,
    pub uptime_s: u64,
    /// True when the store holds no telemetry of this tenant other than Ocelli's own.
    pub empty: bool,
    pub ingest: Vec<SignalLedger>,
    /// Requests refused as a whole, before items could be counted.
    pub refused_requests: Vec<ReasonCount>,
    pub storage: StorageSummary,
    /// The memory budget and its parts.
    #[serde(default)]
    pub memory: MemorySummary,
    pub listeners: Vec<Listener>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignalLedger {
    /// `spans`, `points` or `logs`.
    pub signal: String,
    pub received: u64,
    pub stored: u64,
    pub rejected: u64,
    pub rejected_by_reason: Vec<ReasonCount>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonCount {
    pub reason: String,
    pub count: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StorageSummary {
    pub memtable_rows: u64,
    pub memtable_bytes: u64,
    pub wal_bytes: u64,
    pub segments: u64,
    pub segment_rows: u64,
    pub segment_bytes: u64,
    /// Damaged pieces that were set aside, each with its path below the data directory.
    pub quarantined: Vec<String>,
    /// Why telemetry is refused at the moment; absent while it is taken in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusing: Option<String>,
    #[serde(default)]
    pub compaction: CompactionSummary,
    #[serde(default)]
    pub retention: RetentionSummary,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Listener {
    /// `otlp_grpc`, `otlp_http` or `api`.
    pub name: String,
    pub address: String,
}
