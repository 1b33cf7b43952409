//! Errors as Tempo gives them: a status and a line of text; and what an answer says of its cost.

use crate::Error;
use crate::http::run::Budget;
use crate::promql::annotations::line_and_column;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

pub type TempoAnswer = Result<Json<Value>, Refused>;

pub struct Refused(pub Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused(error)
    }
}

/// The message of a wrong query with its place, as Tempo gives it.
pub fn with_place(error: impl Into<Error>, query: &str) -> Error {
    match error.into() {
        Error::BadQuery { message, offset } => {
            let place = offset.map(|offset| line_and_column(query, offset).replace(':', ", col "));
            let place = place.map(|place| format!("parse error at line {place}: ")).unwrap_or_default();
            Error::BadQuery { message: format!("invalid TraceQL query: {place}{message}"), offset }
        }
        other => other,
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = self.0.status();
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self.0, "a query failed");
        }
        let message = match &self.0 {
            Error::BadParameter { parameter, message } => format!("invalid {parameter}: {message}"),
            other => other.to_string(),
        };
        let mut response = (status, message).into_response();
        if let Some(seconds) = self.0.retry_after_s() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// `SearchMetrics`.
pub fn cost(budget: &Budget) -> Value {
    let stats = budget.stats();
    let mut cost = Map::new();
    if stats.bytes_scanned > 0 {
        cost.insert("inspectedBytes".to_owned(), stats.bytes_scanned.to_string().into());
    }
    if stats.rows_scanned > 0 {
        cost.insert("inspectedSpans".to_owned(), stats.rows_scanned.to_string().into());
    }
    Value::Object(cost)
}

/// Adds why something may be missing, if so.
pub fn partial(answer: &mut Value, why: Option<String>) {
    if let Some(why) = why {
        answer["status"] = json!("PARTIAL");
        answer["message"] = why.into();
    }
}
