//! `detected_fields` and `detected_field/{name}/values`: what is in the lines of a query, by a sample of them.

use super::FormParams;
use super::answer::{Refused, read};
use super::params::{HOUR, count, lines, range};
use crate::Error;
use crate::http::Api;
use crate::http::params::Params;
use crate::http::run::run;
use crate::logs::logql::ast::{LogQuery, Query};
use crate::logs::logql::detected::{Field, fields as detect};
use crate::logs::logql::lines::{LineSearch, search};
use crate::logs::logql::parse;
use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Lines that are looked at, and fields or values that are told.
const DEFAULT: usize = 1_000;

async fn found(api: &Api, params: &Params) -> Result<BTreeMap<String, Field>, Refused> {
    let range = range(params, api.now(), HOUR)?;
    let limit = match params.get("line_limit") {
        Some(_) => count(params, "line_limit", DEFAULT)?.min(5_000),
        None => lines(params, DEFAULT)?.min(DEFAULT),
    };
    let query = match params.get("query") {
        None | Some("{}") => LogQuery::default(),
        Some(text) => match read(text, parse)? {
            Query::Logs(query) => query,
            Query::Metric(_) => {
                return Err(Error::bad_query("a log query is expected, not one of samples").into());
            }
        },
    };
    let fields = run(api, move |api, budget| {
        let wanted = LineSearch { query: &query, range, limit, forward: false, interval_ns: 0 };
        Ok(detect(&search(&budget.snapshot(api), &wanted, budget)?.entries))
    });
    Ok(fields.await?)
}

pub async fn fields(State(api): State<Api>, FormParams(params): FormParams) -> Result<Json<Value>, Refused> {
    let most = count(&params, "limit", DEFAULT)?;
    let found = found(&api, &params).await?;
    let of = |(name, field): (String, Field)| {
        let mut told = json!({
            "label": name,
            "type": field.kind.name(),
            "cardinality": field.values.len(),
            "parsers": if field.parsers.is_empty() { Value::Null } else { json!(field.parsers) },
        });
        if !field.json_path.is_empty() {
            told["jsonPath"] = json!(field.json_path);
        }
        told
    };
    let fields: Vec<Value> = found.into_iter().take(most).map(of).collect();
    Ok(Json(json!({ "fields": fields, "limit": most })))
}

pub async fn values(
    State(api): State<Api>,
    Path(name): Path<String>,
    FormParams(params): FormParams,
) -> Result<Json<Value>, Refused> {
    let most = count(&params, "limit", DEFAULT)?;
    let mut found = found(&api, &params).await?;
    let values = found.remove(&name).map(|field| field.values).unwrap_or_default();
    let values: Vec<String> = values.into_iter().take(most).collect();
    Ok(Json(json!({ "values": values, "limit": most })))
}
