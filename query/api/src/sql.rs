//! Answers to SQL.

use crate::QueryStats;
use serde::{Deserialize, Serialize};

/// `GET /api/sql?query&limit&format=json`, or POST with the query as the body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SqlResponse {
    pub columns: Vec<SqlColumn>,
    /// A value for each column: text, number, boolean, `null`, RFC 3339 time; maps are objects.
    pub rows: Vec<Vec<serde_json::Value>>,
    /// True when there are more rows than `limit`.
    pub truncated: bool,
    pub stats: QueryStats,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SqlColumn {
    pub name: String,
    /// `text`, `bigint`, `double`, `boolean`, `timestamp`, `map`, and others as SQL names them.
    #[serde(rename = "type")]
    pub data_type: String,
}
