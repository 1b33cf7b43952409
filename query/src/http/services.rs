//! `GET /api/services` and `/api/services/{service}`.

use super::Api;
use super::answer::{Answer, ok};
use super::params::Params;
use super::run::run;
use crate::{Error, red};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, get};
use ocelli_api::services::{ServiceResponse, ServicesResponse};

pub fn endpoints(api: Api) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/services", get(list).with_state(api.clone())),
        ("GET /api/services/{service}", get(detail).with_state(api)),
    ]
}

async fn list(State(api): State<Api>, params: Params) -> Answer<ServicesResponse> {
    let range = params.range(api.now())?;
    let response = run(&api, move |api, budget| {
        let services = red::services(&budget.snapshot(api), &range, budget)?;
        Ok(ServicesResponse { range, services, stats: budget.stats() })
    });
    ok(response.await?)
}

async fn detail(
    State(api): State<Api>,
    service: Result<Path<String>, PathRejection>,
    params: Params,
) -> Answer<ServiceResponse> {
    let Path(service) = service.map_err(|why| Error::bad_parameter("service", why.body_text()))?;
    let range = params.range(api.now())?;
    let response =
        run(&api, move |api, budget| red::service(&budget.snapshot(api), &service, &range, budget));
    ok(response.await?)
}

#[cfg(test)]
#[path = "services_tests.rs"]
mod tests;
