//! The native routes: alerts, receivers, the outbox, and the preview of a rule.

use super::read::{Json, Matchers, labels_match};
use super::{Alerting, Engine};
use crate::Error;
use crate::alerting::Fingerprint;
use crate::http::answer::{Answer, ok};
use crate::http::params::Params;
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, delete, get, post};
use ocelli_api::UnixNano;
use ocelli_api::alerts::{
    AcknowledgeRequest, AcknowledgeResponse, AlertHistoryResponse, AlertResponse, AlertState, AlertsResponse,
    Notification, OutboxResponse, ReceiverTestResponse, ReceiversResponse, RulePreviewRequest,
    RulePreviewResponse,
};
use std::cmp::Reverse;

const MOST_CHANGES: usize = 10_000;

pub fn endpoints(engine: Engine) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/alerts", get(list).with_state(engine.clone())),
        ("GET /api/alerts/history", get(history).with_state(engine.clone())),
        ("GET /api/alerts/{fingerprint}", get(one).with_state(engine.clone())),
        ("POST /api/alerts/{fingerprint}/acknowledgement", post(acknowledge).with_state(engine.clone())),
        ("DELETE /api/alerts/{fingerprint}/acknowledgement", delete(take_back).with_state(engine.clone())),
        ("GET /api/receivers", get(receivers).with_state(engine.clone())),
        ("POST /api/receivers/{name}/test", post(test).with_state(engine.clone())),
        ("GET /api/outbox", get(outbox).with_state(engine.clone())),
        ("POST /api/outbox/{id}/resend", post(resend).with_state(engine.clone())),
        ("DELETE /api/outbox/{id}", delete(discard).with_state(engine.clone())),
        ("POST /api/rules/preview", post(preview_rule).with_state(engine)),
    ]
}

async fn list(State(engine): State<Engine>, params: Params) -> Answer<AlertsResponse> {
    let states: Vec<AlertState> = params.all("state").map(state).collect::<Result<_, _>>()?;
    let matchers = Matchers::read(&params, "filter")?;
    let receiver = params.get("receiver");
    let mut alerts = engine.alerts();
    alerts.retain(|alert| {
        (states.is_empty() || states.contains(&alert.state))
            && receiver.is_none_or(|wanted| alert.receivers.iter().any(|name| name == wanted))
            && labels_match(matchers.all(), &alert.labels)
    });
    alerts.sort_by(|a, b| {
        (a.state, Reverse(a.since), &a.fingerprint).cmp(&(b.state, Reverse(b.since), &b.fingerprint))
    });
    ok(AlertsResponse { now: now(&*engine), alerts })
}

fn state(text: &str) -> Result<AlertState, Error> {
    match text {
        "firing" => Ok(AlertState::Firing),
        "unknown" => Ok(AlertState::Unknown),
        "pending" => Ok(AlertState::Pending),
        "resolved" => Ok(AlertState::Resolved),
        _ => Err(Error::bad_parameter(
            "state",
            format!("'{text}' is not firing, unknown, pending or resolved"),
        )),
    }
}

pub fn now(engine: &dyn Alerting) -> UnixNano {
    UnixNano(engine.now_ms().saturating_mul(1_000_000))
}

async fn one(State(engine): State<Engine>, Path(fingerprint): Path<String>) -> Answer<AlertResponse> {
    ok(engine.alert(read(&fingerprint)?).await?)
}

fn read(fingerprint: &str) -> Result<Fingerprint, Error> {
    let wrong = || Error::bad_parameter("fingerprint", format!("'{fingerprint}' is not 16 hex digits"));
    Fingerprint::parse(fingerprint).ok_or_else(wrong)
}

async fn acknowledge(
    State(engine): State<Engine>,
    Path(fingerprint): Path<String>,
    Json(asked): Json<AcknowledgeRequest>,
) -> Answer<AcknowledgeResponse> {
    ok(engine.acknowledge(read(&fingerprint)?, asked).await?)
}

async fn take_back(
    State(engine): State<Engine>,
    Path(fingerprint): Path<String>,
) -> Answer<AcknowledgeResponse> {
    ok(engine.take_back(read(&fingerprint)?).await?)
}

async fn history(State(engine): State<Engine>, params: Params) -> Answer<AlertHistoryResponse> {
    let range = params.range(now(&*engine))?;
    let limit = params.number("limit", 1_000, 1..=MOST_CHANGES)?;
    ok(engine.history(range, limit).await?)
}

async fn receivers(State(engine): State<Engine>) -> Answer<ReceiversResponse> {
    ok(ReceiversResponse { receivers: engine.receivers() })
}

async fn test(
    State(engine): State<Engine>,
    Path(name): Path<String>,
    _: Json<Nothing>,
) -> Answer<ReceiverTestResponse> {
    ok(engine.test_receiver(&name).await?)
}

async fn outbox(State(engine): State<Engine>) -> Answer<OutboxResponse> {
    let mut messages = engine.outbox().await?;
    messages.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
    ok(OutboxResponse { now: now(&*engine), messages })
}

async fn resend(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    _: Json<Nothing>,
) -> Answer<Notification> {
    ok(engine.resend(&id).await?)
}

async fn discard(State(engine): State<Engine>, Path(id): Path<String>) -> Answer<Nothing> {
    engine.discard(&id).await?;
    ok(Nothing {})
}

async fn preview_rule(
    State(engine): State<Engine>,
    Json(rule): Json<RulePreviewRequest>,
) -> Answer<RulePreviewResponse> {
    if rule.expression.trim().is_empty() {
        return Err(Error::bad_parameter("expression", "is missing"));
    }
    if let (Some(from), Some(to)) = (rule.from, rule.to)
        && from >= to
    {
        return Err(Error::bad_parameter("from", "must be earlier than to"));
    }
    ok(engine.preview_rule(rule).await?)
}

/// `{}`.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Nothing {}
