//! A trace by its id. It is given whole, wherever it lies: times only say where another store would look.

use super::super::params::Params;
use super::answer::{Refused, cost};
use super::{otlp, params};
use crate::Error;
use crate::http::Api;
use crate::http::jaeger::trace_id;
use crate::http::run::{Budget, run};
use crate::traces;
use arrow::array::RecordBatch;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use ocelli_signal::wire::Writer;
use serde_json::json;

/// What Grafana asks for.
const PROTOBUF: &str = "application/protobuf";

type Asked = Result<Path<String>, PathRejection>;

/// A `Trace`, whose list is called `batches` in JSON.
pub async fn first(
    State(api): State<Api>,
    path: Asked,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    answer(&api, path, &params, &headers, |batches, binary, _| {
        Ok(if binary {
            Body::Protobuf(otlp::protobuf(batches)?)
        } else {
            Body::Json(json!({ "batches": otlp::json(batches)? }))
        })
    })
    .await
}

/// A `TraceByIDResponse`, which holds the trace.
pub async fn second(
    State(api): State<Api>,
    path: Asked,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    answer(&api, path, &params, &headers, |batches, binary, budget| {
        if !binary {
            let trace = json!({ "resourceSpans": otlp::json(batches)? });
            return Ok(Body::Json(json!({ "trace": trace, "metrics": cost(budget) })));
        }
        let mut response = Writer::new();
        response.put_bytes_always(1, &otlp::protobuf(batches)?);
        Ok(Body::Protobuf(response.into_bytes()))
    })
    .await
}

enum Body {
    Protobuf(Vec<u8>),
    Json(serde_json::Value),
}

async fn answer(
    api: &Api,
    path: Asked,
    params: &Params,
    headers: &HeaderMap,
    write: fn(&[RecordBatch], bool, &Budget) -> Result<Body, Error>,
) -> Result<Response, Refused> {
    let Path(text) = path.map_err(|why| Error::bad_parameter("traceID", why.body_text()))?;
    let id = trace_id(&text)?;
    params::range(params, api.now())?;
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let binary = accepted.into_iter().any(|value| value.contains(PROTOBUF));
    let body = run(api, move |api, budget| {
        let batches = budget.snapshot(api).trace(&id)?;
        traces::count(&batches, budget);
        if batches.iter().all(|batch| batch.num_rows() == 0) {
            return Err(Error::NotFound("trace not found".to_owned()));
        }
        budget.keep(batches.iter().map(|batch| batch.get_array_memory_size()).sum())?;
        write(&batches, binary, budget)
    });
    Ok(match body.await? {
        Body::Protobuf(bytes) => ([(CONTENT_TYPE, PROTOBUF)], bytes).into_response(),
        Body::Json(json) => axum::Json(json).into_response(),
    })
}
