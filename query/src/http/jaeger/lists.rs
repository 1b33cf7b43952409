//! Services, their operations and who calls whom.

use super::super::params::Params;
use super::envelope::{JaegerAnswer, Refused, list, with_errors};
use super::model::{Dependency, Operation};
use super::params::{before, micros_or_millis, required};
use crate::Error;
use crate::http::Api;
use crate::http::run::run;
use crate::red;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_signal::Signal;
use std::collections::BTreeSet;

const MILLI: i64 = 1_000_000;
/// How far dependencies look back where nothing is said: a day, as in Jaeger.
const LOOKBACK_NS: i64 = 86_400_000 * MILLI;

pub async fn services(State(api): State<Api>) -> JaegerAnswer<Vec<String>> {
    let names: BTreeSet<String> = all(&api).await?.into_iter().map(|operation| operation.service).collect();
    list(names.into_iter().collect())
}

pub async fn operation_names(
    State(api): State<Api>,
    service: Result<Path<String>, PathRejection>,
) -> JaegerAnswer<Vec<String>> {
    let Path(service) = service.map_err(|why| Error::bad_parameter("service", why.body_text()))?;
    let of_service = all(&api).await?.into_iter().filter(|operation| operation.service == service);
    let names: BTreeSet<String> = of_service.map(|operation| operation.name).collect();
    list(names.into_iter().collect())
}

pub async fn operations(State(api): State<Api>, params: Params) -> JaegerAnswer<Vec<Operation>> {
    let service = required(&params, "service")?.to_owned();
    let kind = params.get("spanKind").map(str::to_owned);
    let wanted = |operation: &red::Operation| {
        operation.service == service && kind.as_ref().is_none_or(|kind| *kind == operation.kind)
    };
    let of_service = all(&api).await?.into_iter().filter(wanted);
    list(
        of_service
            .map(|operation| Operation { name: operation.name, span_kind: kind_of(operation.kind) })
            .collect(),
    )
}

/// Jaeger has no word for a kind that was not said.
fn kind_of(kind: String) -> String {
    if kind == "unspecified" { String::new() } else { kind }
}

/// As far back as spans are kept.
async fn all(api: &Api) -> Result<BTreeSet<red::Operation>, Refused> {
    let now = api.now();
    let found = run(api, move |api, budget| {
        let snapshot = budget.snapshot(api);
        let from = snapshot.min_time(Signal::Spans).unwrap_or(now.0).min(now.0.saturating_sub(LOOKBACK_NS));
        let range = TimeRange { from: UnixNano(from), to: UnixNano(now.0.saturating_add(1)) };
        red::operations(&snapshot, &range, budget)
    });
    Ok(found.await?)
}

pub async fn dependencies(State(api): State<Api>, params: Params) -> JaegerAnswer<Vec<Dependency>> {
    let to = micros_or_millis(&params, "endTs", MILLI)?.unwrap_or(api.now().0);
    let lookback = micros_or_millis(&params, "lookback", MILLI)?.unwrap_or(LOOKBACK_NS);
    let range = before(to, lookback)?;
    let service = params.get("service").map(str::to_owned);
    let found =
        run(&api, move |api, budget| red::dependencies(&budget.snapshot(api), &range, budget)).await?;
    let wanted = |edge: &red::Dependency| {
        service.as_ref().is_none_or(|service| *service == edge.client || *service == edge.server)
    };
    let link = |edge: red::Dependency| Dependency {
        parent: edge.client,
        child: edge.server,
        call_count: edge.calls.round() as u64,
    };
    with_errors(found.into_iter().filter(wanted).map(link).collect(), Vec::new())
}
