//! What `GET /api/system` says about merging, expiry and memory.

use crate::UnixNano;
use serde::{Deserialize, Serialize};

/// Segments become fewer and larger; counted since the process started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompactionSummary {
    /// The segments there are now.
    pub levels: Vec<SegmentLevel>,
    /// What is being merged at the moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<String>,
    pub merges: u64,
    pub rows_merged: u64,
    pub failures: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SegmentLevel {
    /// 0 as they were flushed, then one more with each merge.
    pub level: u32,
    pub segments: u64,
    pub rows: u64,
    pub bytes: u64,
}

/// What was removed because of its age, or for want of disk; counted since the process started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetentionSummary {
    pub removed: Vec<RemovedSegments>,
    /// The last removals, the latest first.
    pub last: Vec<SegmentRemoval>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RemovedSegments {
    /// `time` or `disk`.
    pub reason: String,
    pub segments: u64,
    pub rows: u64,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SegmentRemoval {
    pub time: UnixNano,
    /// `time` or `disk`.
    pub reason: String,
    /// The path of its files below the data directory, without suffix.
    pub segment: String,
    pub rows: u64,
    pub bytes: u64,
    /// Of its rows.
    pub min_time: UnixNano,
    pub max_time: UnixNano,
}

/// One budget for the process; each part has a limit of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemorySummary {
    pub total_bytes: u64,
    /// `setting`, `cgroup` or `machine`: where the total comes from.
    pub origin: String,
    pub parts: Vec<MemoryPart>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemoryPart {
    /// `memtables`, `wal`, `flush_and_merge`, `caches`, `queries` or `requests`.
    pub part: String,
    pub used_bytes: u64,
    pub limit_bytes: u64,
    /// How often somebody was refused for want of it, since the process started.
    pub refused: u64,
}
