//! Answers in Loki's shape: `{status, data}`; errors are a status and a line of text.

use crate::Error;
use crate::http::run::Budget;
use crate::logs::logql::with_place;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

pub type LokiAnswer = Result<Json<Value>, Refused>;

pub fn success(data: Value) -> LokiAnswer {
    Ok(Json(json!({ "status": "success", "data": data })))
}

pub struct Refused(pub Error);

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused(error)
    }
}

/// Reads a query of a parameter; what is wrong is told with its place.
pub fn read<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, crate::logs::language::SyntaxError>,
) -> Result<T, Error> {
    parse(text).map_err(|why| with_place(why, text))
}

/// The status that Loki gives where the client has closed the request.
fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match &self.0 {
            Error::BadQuery { .. } | Error::BadParameter { .. } | Error::Execution(_) => {
                StatusCode::BAD_REQUEST
            }
            Error::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Error::Overloaded { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Cancelled => client_closed_request(),
            other => other.status(),
        };
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self.0, "a query failed");
        }
        let message = match &self.0 {
            Error::BadParameter { parameter, message } => format!("invalid {parameter}: {message}\n"),
            other => format!("{other}\n"),
        };
        let mut response = (status, message).into_response();
        if let Some(seconds) = self.0.retry_after_s() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What a query has cost, as far as there is something of the kind here.
pub fn stats(budget: &Budget, returned: usize) -> Value {
    let stats = budget.stats();
    let seconds = stats.elapsed_ms / 1e3;
    let a_second = |count: u64| if seconds > 0.0 { (count as f64 / seconds) as u64 } else { 0 };
    let chunk = json!({
        "compressedBytes": 0,
        "decompressedBytes": stats.bytes_scanned,
        "decompressedLines": stats.rows_scanned,
        "headChunkBytes": 0,
        "headChunkLines": 0,
        "totalDuplicates": 0,
    });
    let none = json!({
        "compressedBytes": 0,
        "decompressedBytes": 0,
        "decompressedLines": 0,
        "headChunkBytes": 0,
        "headChunkLines": 0,
        "totalDuplicates": 0,
    });
    let store = |chunk: &Value| {
        json!({
            "totalChunksRef": 0,
            "totalChunksDownloaded": 0,
            "chunksDownloadTime": 0,
            "chunk": chunk,
        })
    };
    json!({
        "summary": {
            "bytesProcessedPerSecond": a_second(stats.bytes_scanned),
            "linesProcessedPerSecond": a_second(stats.rows_scanned),
            "totalBytesProcessed": stats.bytes_scanned,
            "totalLinesProcessed": stats.rows_scanned,
            "execTime": seconds,
            "queueTime": 0.0,
            "subqueries": 0,
            "totalEntriesReturned": returned,
            "splits": 0,
            "shards": 0,
            "totalPostFilterLines": returned,
            "totalStructuredMetadataBytesProcessed": 0,
        },
        "querier": { "store": store(&chunk) },
        "ingester": {
            "totalReached": 0,
            "totalChunksMatched": 0,
            "totalBatches": 0,
            "totalLinesSent": 0,
            "store": store(&none),
        },
    })
}
