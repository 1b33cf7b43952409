//! Where a person switches the faults: `curl -d on http://127.0.0.1:4336/faults/payment-slow`.
//!
//! The desk keeps no state: it asks the service that a fault lives in.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, State as Shared},
    http::StatusCode,
    routing::{get, post},
};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    failure::Failure,
    faults::{FAULTS, Fault, State},
    options::ShopOptions,
    service::Service,
};

/// A deployment is over when the new release answers; it may take so long.
const SWITCH_LIMIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Desk {
    client: reqwest::Client,
    options: ShopOptions,
}

/// A fault as the desk shows it. `on` is `null` while its service doesn't answer.
#[derive(Serialize)]
struct Shown {
    name: &'static str,
    service: &'static str,
    on: Option<bool>,
    effect: &'static str,
}

pub(crate) fn routes(service: &Service) -> anyhow::Result<Router> {
    let client = reqwest::Client::builder().no_proxy().timeout(REQUEST_TIMEOUT).build()?;
    let desk = Desk { client, options: service.options.clone() };
    Ok(Router::new().route("/faults", get(list)).route("/faults/{name}", post(switch)).with_state(desk))
}

async fn list(Shared(desk): Shared<Desk>) -> Json<Vec<Shown>> {
    let mut shown = Vec::new();
    for fault in &FAULTS {
        shown.push(desk.show(fault).await);
    }
    Json(shown)
}

/// Switches a fault and answers when that has happened. The body is `on` or `off`.
async fn switch(
    Shared(desk): Shared<Desk>,
    Path(name): Path<String>,
    body: String,
) -> Result<Json<Shown>, Failure> {
    let fault = FAULTS.iter().find(|fault| fault.name == name).ok_or_else(|| {
        let names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
        Failure::new(
            StatusCode::NOT_FOUND,
            format!("there is no fault {name:?}; there are {}", names.join(", ")),
        )
    })?;
    let wanted = match body.trim() {
        "on" => State { on: true },
        "off" => State { on: false },
        other => {
            let reason = format!("the body has to be `on` or `off`, not {other:?}");
            return Err(Failure::new(StatusCode::BAD_REQUEST, reason));
        }
    };
    desk.switch(fault, wanted).await?;
    tracing::warn!(fault = fault.name, on = wanted.on, "fault switched at the desk");
    Ok(Json(desk.show(fault).await))
}

impl Desk {
    fn url(&self, fault: &Fault) -> String {
        format!("http://{}/admin/fault", self.options.address(fault.process))
    }

    async fn show(&self, fault: &Fault) -> Shown {
        let on = self.state(fault).await.ok().map(|state| state.on);
        Shown { name: fault.name, service: fault.process.name(), on, effect: fault.effect }
    }

    async fn state(&self, fault: &Fault) -> reqwest::Result<State> {
        self.client.get(self.url(fault)).send().await?.error_for_status()?.json().await
    }

    /// Asks the service, then looks until it says so itself.
    async fn switch(&self, fault: &Fault, wanted: State) -> Result<(), Failure> {
        let failed = |error: reqwest::Error| {
            let reason = format!("{} can't be switched in {}: {error}", fault.name, fault.process);
            Failure::new(StatusCode::BAD_GATEWAY, reason)
        };
        let answer = self.client.put(self.url(fault)).json(&wanted).send().await;
        answer.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        let deadline = Instant::now() + SWITCH_LIMIT;
        loop {
            match self.state(fault).await {
                Ok(state) if state == wanted => return Ok(()),
                Err(error) if Instant::now() > deadline => return Err(failed(error)),
                Ok(_) if Instant::now() > deadline => {
                    let reason = format!("{} did not take the switch of {}", fault.process, fault.name);
                    return Err(Failure::new(StatusCode::GATEWAY_TIMEOUT, reason));
                }
                _ => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }
}
