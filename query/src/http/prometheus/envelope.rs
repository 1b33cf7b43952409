//! The shape around every answer: `{status, data, errorType, error, warnings, infos}`.

use crate::Error;
use crate::promql::annotations::line_and_column;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
pub struct Success {
    status: &'static str,
    data: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    infos: Vec<String>,
}

pub type PrometheusAnswer = Result<Json<Success>, Refused>;

pub fn success(data: Value) -> PrometheusAnswer {
    annotated(data, Vec::new(), Vec::new())
}

pub fn annotated(data: Value, warnings: Vec<String>, infos: Vec<String>) -> PrometheusAnswer {
    Ok(Json(Success { status: "success", data, warnings, infos }))
}

/// An error in Prometheus' shape and with its status.
pub struct Refused(pub Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused(error)
    }
}

/// The message of a wrong query with its place, as Prometheus gives it.
pub fn with_place(error: Error, parameter: &str, query: &str) -> Refused {
    Refused(match error {
        Error::BadQuery { message, offset } => {
            let place = offset.map(|offset| format!("{}: parse error: ", line_and_column(query, offset)));
            let place = place.unwrap_or_default();
            let message = format!("invalid parameter \"{parameter}\": {place}{message}");
            Error::BadQuery { message, offset }
        }
        other => other,
    })
}

/// The status that Prometheus gives where the client has closed the request.
fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, kind) = match &self.0 {
            Error::BadQuery { .. } | Error::BadParameter { .. } | Error::BadDocument(_) => {
                (StatusCode::BAD_REQUEST, "bad_data")
            }
            Error::Conflict { .. } => (StatusCode::CONFLICT, "conflict"),
            Error::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Error::Execution(_) | Error::LimitExceeded(_) | Error::Memory { later: false, .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "execution")
            }
            Error::Timeout(_) => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
            Error::Overloaded { .. } | Error::Memory { .. } | Error::NotKept(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            Error::Storage(error) if error.is_unreachable() => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            }
            Error::Cancelled => (client_closed_request(), "canceled"),
            Error::Storage(_) | Error::Corrupt(_) | Error::Internal(_) => {
                tracing::error!(error = %self.0, "a query failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "internal")
            }
        };
        let message = match &self.0 {
            Error::BadParameter { parameter, message } => {
                format!("invalid parameter {parameter:?}: {message}")
            }
            other => other.to_string(),
        };
        let body = json!({ "status": "error", "errorType": kind, "error": message });
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.0.retry_after_s() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
