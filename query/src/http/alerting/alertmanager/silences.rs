//! Silences as amtool and Grafana read and write them.

use super::{Answer, Engine, Failure, flag};
use crate::Error;
use crate::http::alerting::read::{self, Matchers, op};
use crate::http::alerting::silences::{checked, find, sorted};
use crate::http::params::Params;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use ocelli_api::UnixNano;
use ocelli_api::alerts::{LabelMatcher, Silence, SilenceRequest, SilenceState};
use ocelli_api::rfc3339;
use serde::Deserialize;
use serde_json::{Value, json};

pub async fn list(State(engine): State<Engine>, params: Params) -> Answer {
    let matchers = Matchers::read(&params, "filter")?;
    let (active, pending, expired) =
        (flag(&params, "active")?, flag(&params, "pending")?, flag(&params, "expired")?);
    let is_wanted = |silence: &Silence| match silence.state {
        SilenceState::Active => active,
        SilenceState::Pending => pending,
        SilenceState::Expired => expired,
    };
    // A filter asks for silences that have the same matcher.
    let has_all = |silence: &Silence| {
        matchers.all().iter().all(|wanted| {
            let same = |has: &LabelMatcher| {
                has.name == wanted.name && has.value == wanted.value && op(has) == wanted.op
            };
            silence.matchers.iter().any(same)
        })
    };
    let found = engine.silences().into_iter().filter(|one| is_wanted(one) && has_all(one)).collect();
    Ok(Json(sorted(found).iter().map(shown).collect()))
}

fn shown(silence: &Silence) -> Value {
    let matchers: Vec<Value> = silence
        .matchers
        .iter()
        .map(|matcher| {
            json!({
                "isEqual": matcher.is_equal,
                "isRegex": matcher.is_regex,
                "name": matcher.name,
                "value": matcher.value,
            })
        })
        .collect();
    let state = match silence.state {
        SilenceState::Active => "active",
        SilenceState::Pending => "pending",
        SilenceState::Expired => "expired",
    };
    json!({
        "id": silence.id,
        "status": { "state": state },
        "updatedAt": silence.updated_at.to_rfc3339(),
        "annotations": {},
        "comment": silence.comment,
        "createdBy": silence.created_by,
        "endsAt": silence.ends_at.to_rfc3339(),
        "matchers": matchers,
        "startsAt": silence.starts_at.to_rfc3339(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Posted {
    #[serde(default)]
    id: Option<String>,
    matchers: Vec<PostedMatcher>,
    starts_at: String,
    ends_at: String,
    created_by: String,
    comment: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostedMatcher {
    name: String,
    value: String,
    is_regex: bool,
    #[serde(default)]
    is_equal: Option<bool>,
}

pub async fn save(State(engine): State<Engine>, body: Result<read::Json<Posted>, Error>) -> Answer {
    let posted = body?.0;
    let time = |name: &str, text: &str| -> Result<UnixNano, Error> {
        let wrong = || Error::bad_parameter(name, format!("'{text}' is no time of RFC 3339"));
        rfc3339::parse(text).ok_or_else(wrong)
    };
    let matchers = posted.matchers.into_iter().map(|matcher| LabelMatcher {
        name: matcher.name,
        value: matcher.value,
        is_regex: matcher.is_regex,
        is_equal: matcher.is_equal.unwrap_or(true),
    });
    let request = SilenceRequest {
        id: posted.id.filter(|id| !id.is_empty()),
        matchers: matchers.collect(),
        starts_at: Some(time("startsAt", &posted.starts_at)?),
        ends_at: time("endsAt", &posted.ends_at)?,
        created_by: posted.created_by,
        comment: posted.comment,
    };
    checked(&request)?;
    let saved = engine.save_silence(request).await?;
    Ok(Json(json!({ "silenceID": saved.id })))
}

pub async fn one(State(engine): State<Engine>, Path(id): Path<String>) -> Answer {
    Ok(Json(shown(&find(&engine, &id)?)))
}

pub async fn expire(State(engine): State<Engine>, Path(id): Path<String>) -> Result<StatusCode, Failure> {
    engine.expire_silence(&id).await?;
    Ok(StatusCode::OK)
}
