//! The shape around every answer: `{data, total, limit, offset, errors}`.

use crate::Error;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

#[derive(Serialize)]
pub struct Success<T> {
    data: T,
    total: usize,
    limit: usize,
    offset: usize,
    /// `null` where all is well.
    errors: Option<Vec<OfTrace>>,
}

/// What is wrong with one of several traces.
#[derive(Serialize)]
pub struct OfTrace {
    pub msg: String,
    #[serde(rename = "traceID", skip_serializing_if = "String::is_empty")]
    pub trace_id: String,
}

pub type JaegerAnswer<T> = Result<Json<Success<T>>, Refused>;

/// A list of names, which tells how many there are.
pub fn list<T: Serialize>(data: Vec<T>) -> JaegerAnswer<Vec<T>> {
    let total = data.len();
    Ok(Json(Success { data, total, limit: 0, offset: 0, errors: None }))
}

/// With what could not be given, if anything.
pub fn with_errors<T: Serialize>(data: T, errors: Vec<OfTrace>) -> JaegerAnswer<T> {
    let errors = Some(errors).filter(|errors| !errors.is_empty());
    Ok(Json(Success { data, total: 0, limit: 0, offset: 0, errors }))
}

/// An error in Jaeger's shape.
pub struct Refused(pub Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = self.0.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self.0, "a query failed");
        }
        let msg = match &self.0 {
            Error::BadParameter { parameter, message } => {
                format!("unable to parse param '{parameter}': {message}")
            }
            other => other.to_string(),
        };
        let errors = [serde_json::json!({ "code": status.as_u16(), "msg": msg })];
        let body = serde_json::json!({
            "data": null, "total": 0, "limit": 0, "offset": 0, "errors": errors,
        });
        let mut response = (status, Json(body)).into_response();
        if let Some(seconds) = self.0.retry_after_s() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
