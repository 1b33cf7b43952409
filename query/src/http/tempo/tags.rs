//! Which attributes there are, and which values they have.

use super::super::params::Params;
use super::answer::{Refused, TempoAnswer, cost};
use super::params::{count, range};
use crate::Error;
use crate::http::Api;
use crate::http::run::run;
use crate::traces::traceql::tags::{self, TagNames, TypedValue};
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Names of a scope, and values of an attribute.
const LIMIT: usize = 5_000;
const MAX_LIMIT: usize = 10_000;

const SCOPES: [&str; 6] = ["resource", "span", "event", "link", "instrumentation", "intrinsic"];

type Scopes = Vec<(&'static str, Vec<String>)>;

/// The names of all scopes, or of the one that is asked for.
async fn scopes(api: &Api, params: &Params) -> Result<(Scopes, Value), Refused> {
    let range = range(params, api.now())?;
    let limit = count(params, "limit", LIMIT, MAX_LIMIT)?;
    let wanted = params.get("scope").filter(|scope| *scope != "none").map(str::to_owned);
    if let Some(scope) = wanted.as_ref().filter(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(Error::bad_parameter("scope", scope.clone()).into());
    }
    let (names, cost) = run(api, move |api, budget| {
        let names = tags::names(&budget.snapshot(api), range, budget)?;
        Ok((names, cost(budget)))
    })
    .await?;
    let TagNames { resource, span, event, link, instrumentation } = names;
    let intrinsic = tags::intrinsics().map(str::to_owned).collect();
    let scopes = SCOPES.into_iter().zip([resource, span, event, link, instrumentation, intrinsic]);
    let scopes = scopes.filter(|(name, tags)| match &wanted {
        Some(wanted) => name == wanted,
        None => !tags.is_empty(),
    });
    Ok((scopes.map(|(name, tags)| (name, tags.into_iter().take(limit).collect())).collect(), cost))
}

pub async fn names(State(api): State<Api>, params: Params) -> TempoAnswer {
    let (scopes, cost) = scopes(&api, &params).await?;
    let intrinsic = params.get("scope") == Some("intrinsic");
    let of_scope = scopes.into_iter().filter(|(name, _)| intrinsic || *name != "intrinsic");
    let names: BTreeSet<String> = of_scope.flat_map(|(_, tags)| tags).collect();
    Ok(Json(json!({ "tagNames": names, "metrics": cost })))
}

pub async fn names_by_scope(State(api): State<Api>, params: Params) -> TempoAnswer {
    let (scopes, cost) = scopes(&api, &params).await?;
    let scopes: Vec<Value> =
        scopes.into_iter().map(|(name, tags)| json!({ "name": name, "tags": tags })).collect();
    Ok(Json(json!({ "scopes": scopes, "metrics": cost })))
}

type Asked = Result<Path<String>, PathRejection>;

pub async fn values(State(api): State<Api>, path: Asked, params: Params) -> TempoAnswer {
    // An attribute without a scope may be given without its dot.
    let (values, cost) = found(&api, path, &params, |name| {
        tags::attribute(name).or_else(|_| tags::attribute(&format!(".{name}")))
    })
    .await?;
    let values: BTreeSet<String> = values.into_iter().map(|value| value.text).collect();
    Ok(Json(json!({ "tagValues": values, "metrics": cost })))
}

pub async fn typed_values(State(api): State<Api>, path: Asked, params: Params) -> TempoAnswer {
    let (values, cost) = found(&api, path, &params, tags::attribute).await?;
    let values: Vec<Value> =
        values.into_iter().map(|value| json!({ "type": value.kind, "value": value.text })).collect();
    Ok(Json(json!({ "tagValues": values, "metrics": cost })))
}

async fn found(
    api: &Api,
    path: Asked,
    params: &Params,
    read: impl Fn(&str) -> Result<tags::Attribute, Error>,
) -> Result<(BTreeSet<TypedValue>, Value), Refused> {
    let Path(name) = path.map_err(|why| Error::bad_parameter("tag", why.body_text()))?;
    let attribute = read(&name)?;
    let range = range(params, api.now())?;
    let limit = count(params, "limit", LIMIT, MAX_LIMIT)?;
    // While a query is typed it is often unfinished: then all values are told, as Tempo does.
    let filter = tags::filter(params.get("q").unwrap_or_default());
    let found = run(api, move |api, budget| {
        let wanted = tags::TagValues { attribute: &attribute, filter: &filter, range, limit };
        Ok((tags::values(&budget.snapshot(api), &wanted, budget)?, cost(budget)))
    });
    Ok(found.await?)
}
