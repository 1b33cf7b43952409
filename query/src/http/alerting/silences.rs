//! The native routes of silences.

use super::Engine;
use super::native::now;
use super::read::{Json, compiled, labels_match};
use crate::Error;
use crate::http::answer::{Answer, ok};
use axum::extract::{Path, State};
use axum::routing::{MethodRouter, delete, get, post};
use ocelli_api::alerts::{
    AlertState, Silence, SilencePreviewRequest, SilencePreviewResponse, SilenceRequest, SilenceState,
    SilencesResponse,
};

pub fn endpoints(engine: Engine) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /api/silences", get(list).with_state(engine.clone())),
        ("POST /api/silences", post(save).with_state(engine.clone())),
        ("POST /api/silences/preview", post(preview).with_state(engine.clone())),
        ("GET /api/silences/{id}", get(one).with_state(engine.clone())),
        ("DELETE /api/silences/{id}", delete(expire).with_state(engine)),
    ]
}

async fn list(State(engine): State<Engine>) -> Answer<SilencesResponse> {
    ok(SilencesResponse { now: now(&*engine), silences: sorted(engine.silences()) })
}

/// Active ones that end next, those that begin next, those that ended last.
pub fn sorted(mut silences: Vec<Silence>) -> Vec<Silence> {
    let key = |silence: &Silence| match silence.state {
        SilenceState::Active => silence.ends_at.0,
        SilenceState::Pending => silence.starts_at.0,
        SilenceState::Expired => silence.ends_at.0.saturating_neg(),
    };
    silences.sort_by(|a, b| (a.state, key(a), &a.id).cmp(&(b.state, key(b), &b.id)));
    silences
}

async fn save(State(engine): State<Engine>, Json(silence): Json<SilenceRequest>) -> Answer<Silence> {
    checked(&silence)?;
    ok(engine.save_silence(silence).await?)
}

/// That its matchers can be used; the rest is the engine's to say.
pub fn checked(silence: &SilenceRequest) -> Result<(), Error> {
    if silence.matchers.is_empty() {
        return Err(Error::bad_parameter("matchers", "a silence needs at least one"));
    }
    compiled(&silence.matchers).map(drop)
}

async fn one(State(engine): State<Engine>, Path(id): Path<String>) -> Answer<Silence> {
    ok(find(&engine, &id)?)
}

pub fn find(engine: &Engine, id: &str) -> Result<Silence, Error> {
    let found = engine.silences().into_iter().find(|silence| silence.id == id);
    found.ok_or_else(|| Error::NotFound(format!("there is no silence {id}")))
}

async fn expire(State(engine): State<Engine>, Path(id): Path<String>) -> Answer<Silence> {
    ok(engine.expire_silence(&id).await?)
}

async fn preview(
    State(engine): State<Engine>,
    Json(wanted): Json<SilencePreviewRequest>,
) -> Answer<SilencePreviewResponse> {
    let matchers = compiled(&wanted.matchers)?;
    let mut alerts = engine.alerts();
    alerts.retain(|alert| alert.state != AlertState::Resolved);
    let total = alerts.len() as u64;
    // No matcher at all is no silence.
    alerts.retain(|alert| !matchers.is_empty() && labels_match(&matchers, &alert.labels));
    ok(SilencePreviewResponse { hidden: alerts.len() as u64, total, alerts })
}
