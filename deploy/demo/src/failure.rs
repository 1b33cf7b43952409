//! A request that failed, as the handlers hand it up and the caller sees it.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

/// A status for the caller and a sentence for whoever reads it.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {reason}")]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) reason: String,
}

/// The body of a failure: `{"error":"…"}`.
#[derive(Deserialize, Serialize)]
pub(crate) struct ErrorBody {
    pub(crate) error: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Failure { status, reason: reason.into() }
    }

    /// The service's own fault.
    pub(crate) fn internal(reason: impl Into<String>) -> Self {
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Failure::internal(format!("the database failed: {error}"))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Failure::internal(format!("a message can't be encoded: {error}"))
    }
}

/// Answers and logs; this runs inside of the request's span, so that the line names the trace.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status.as_u16();
        if self.status.is_server_error() {
            tracing::error!(status, "{}", self.reason);
        } else {
            tracing::warn!(status, "{}", self.reason);
        }
        (self.status, Json(ErrorBody { error: self.reason })).into_response()
    }
}
