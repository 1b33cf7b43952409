//! Answers of the native API: JSON bodies, and errors as [`ErrorBody`] with the status that fits.

use crate::Error;
use crate::rules::Problem;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ocelli_api::{ApiError, ErrorBody};
use serde::Serialize;

/// What a handler of the native API returns.
pub type Answer<T> = Result<Json<T>, Error>;

pub fn ok<T: Serialize>(body: T) -> Answer<T> {
    Ok(Json(body))
}

impl Error {
    /// The status of the native API.
    pub fn status(&self) -> StatusCode {
        match self {
            Error::BadQuery { .. } | Error::BadParameter { .. } | Error::BadDocument(_) => {
                StatusCode::BAD_REQUEST
            }
            Error::Conflict { .. } => StatusCode::CONFLICT,
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::Execution(_) | Error::LimitExceeded(_) | Error::Memory { later: false, .. } => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Error::Timeout(_)
            | Error::Cancelled
            | Error::Overloaded { .. }
            | Error::Memory { .. }
            | Error::NotKept(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Storage(error) if error.is_unreachable() => StatusCode::SERVICE_UNAVAILABLE,
            Error::Storage(_) | Error::Corrupt(_) | Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// When it is worth to ask again, in seconds.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            Error::Overloaded { retry_after, .. } => Some(retry_after.as_secs().max(1)),
            Error::Memory { later: true, .. } | Error::NotKept(_) => Some(1),
            _ => None,
        }
    }

    /// The code of [`ApiError`].
    fn code(&self) -> &'static str {
        match self {
            Error::BadQuery { .. } | Error::Execution(_) => "bad_query",
            Error::BadParameter { .. } => "bad_parameter",
            Error::BadDocument(_) => "bad_document",
            Error::Conflict { .. } => "conflict",
            Error::NotFound(_) => "not_found",
            Error::LimitExceeded(_) | Error::Memory { later: false, .. } => "limit_exceeded",
            Error::Timeout(_) => "timeout",
            Error::Cancelled => "cancelled",
            Error::NotKept(_) => "not_kept",
            Error::Overloaded { .. } | Error::Memory { .. } => "overloaded",
            Error::Storage(_) | Error::Corrupt(_) | Error::Internal(_) => "internal",
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = self.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self, "a query failed");
        }
        let (parameter, offset) = match &self {
            Error::BadParameter { parameter, .. } => (Some(parameter.clone()), None),
            Error::BadQuery { offset, .. } => (None, *offset),
            _ => (None, None),
        };
        let (problems, revision) = match &self {
            Error::BadDocument(problems) => (problems.iter().map(Problem::shown).collect(), None),
            Error::Conflict { revision, .. } => (Vec::new(), *revision),
            _ => (Vec::new(), None),
        };
        let (code, message) = (self.code().to_owned(), self.to_string());
        let error = ApiError { code, message, parameter, offset, problems, revision };
        let mut response = (status, Json(ErrorBody { error })).into_response();
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
