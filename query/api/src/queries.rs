//! `GET /api/queries`: what is asked of the server now, and what took long.

use crate::UnixNano;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueriesResponse {
    /// As many run at the same time, at most.
    pub most_running: u64,
    /// Those that wait for one of them to end.
    pub waiting: u64,
    /// Queries that took as long are told among `slow`.
    pub slow_ms: u64,
    /// The longest first.
    pub running: Vec<QueryRun>,
    /// Those that have ended since the start of the server, the latest first, and of these not all.
    pub slow: Vec<QueryRun>,
}

/// One query.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueryRun {
    /// For `DELETE /api/queries/{id}`; of one run of the server.
    pub id: u64,
    /// `GET /api/logs`.
    pub request: String,
    /// As in an address: `q=level%3Aerror&from=now-1h`. What is in a body that is no form is not told.
    pub parameters: String,
    /// Of long values only the beginning is told.
    #[serde(default)]
    pub are_cut: bool,
    /// What the client says that it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
    pub started: UnixNano,
    pub elapsed_ms: f64,
    pub rows_scanned: u64,
    pub bytes_scanned: u64,
    pub state: QueryState,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum QueryState {
    #[default]
    Running,
    /// It was told to end and has not noticed yet, or has ended by that.
    Cancelled,
    Done,
    Failed,
}
