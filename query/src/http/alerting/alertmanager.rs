//! Alertmanager's API v2 at `/alertmanager/api/v2`, as amtool, Grafana and Prometheus use it.
//!
//! Source: Prometheus Alertmanager 0.35, `api/v2/openapi.yaml`. Errors are a text in JSON.

mod posted;
mod silences;

use super::read::Matchers;
use super::{Engine, Group, Routed};
use crate::Error;
use crate::alerting::matcher::all_match;
use crate::http::params::Params;
use crate::promql::labels::Labels;
use crate::promql::select::anchored;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use ocelli_api::UnixNano;
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub fn endpoints(engine: Engine) -> Vec<(&'static str, MethodRouter)> {
    vec![
        ("GET /alertmanager/api/v2/status", get(status).with_state(engine.clone())),
        ("GET /alertmanager/api/v2/receivers", get(receivers).with_state(engine.clone())),
        ("GET /alertmanager/api/v2/alerts", get(alerts).with_state(engine.clone())),
        ("POST /alertmanager/api/v2/alerts", post(posted::alerts).with_state(engine.clone())),
        ("GET /alertmanager/api/v2/alerts/groups", get(groups).with_state(engine.clone())),
        ("GET /alertmanager/api/v2/silences", get(silences::list).with_state(engine.clone())),
        ("POST /alertmanager/api/v2/silences", post(silences::save).with_state(engine.clone())),
        ("GET /alertmanager/api/v2/silence/{id}", get(silences::one).with_state(engine.clone())),
        ("DELETE /alertmanager/api/v2/silence/{id}", delete(silences::expire).with_state(engine)),
    ]
}

/// An error as Alertmanager's clients read it.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0.status(), Json(self.0.to_string())).into_response()
    }
}

type Answer = Result<Json<Value>, Failure>;

async fn status(State(engine): State<Engine>) -> Answer {
    let status = engine.status();
    Ok(Json(json!({
        "cluster": { "status": "disabled", "peers": [] },
        "versionInfo": {
            "version": status.version,
            "revision": "",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        },
        "config": { "original": status.config },
        "uptime": rfc3339(status.started_ms),
    })))
}

async fn receivers(State(engine): State<Engine>) -> Answer {
    let receivers = engine.receivers().into_iter();
    Ok(Json(receivers.map(|receiver| json!({ "name": receiver.name })).collect()))
}

async fn alerts(State(engine): State<Engine>, params: Params) -> Answer {
    let wanted = Wanted::read(&params)?;
    let mut found: BTreeMap<_, Value> = BTreeMap::new();
    for routed in engine.routed() {
        let is_told = routed.receivers.iter().any(|name| wanted.has_receiver(name));
        if wanted.has(&routed, engine.now_ms()) && (is_told || wanted.receiver.is_none()) {
            found.insert(routed.alert.fingerprint(), alert(&routed, &engine));
        }
    }
    Ok(Json(found.into_values().collect()))
}

async fn groups(State(engine): State<Engine>, params: Params) -> Answer {
    let wanted = Wanted::read(&params)?;
    let has_muted = flag(&params, "muted")?;
    let mut groups = engine.groups();
    groups.retain(|group| wanted.has_receiver(&group.receiver));
    groups.sort_by(|a, b| (&a.labels, &a.receiver).cmp(&(&b.labels, &b.receiver)));
    let is_muted = |group: &Group| group.alerts.iter().any(|routed| !routed.muted_by.is_empty());
    let shown = groups.into_iter().filter(|group| has_muted || !is_muted(group)).filter_map(|group| {
        let alerts: Vec<Value> = group
            .alerts
            .iter()
            .filter(|routed| wanted.has(routed, engine.now_ms()))
            .map(|routed| alert(routed, &engine))
            .collect();
        (!alerts.is_empty()).then(|| {
            json!({
                "labels": pairs(&group.labels),
                "routeLabels": {},
                "receiver": { "name": group.receiver },
                "alerts": alerts,
            })
        })
    });
    Ok(Json(shown.collect()))
}

/// The filters of a request.
struct Wanted {
    matchers: Matchers,
    receiver: Option<Regex>,
    active: bool,
    silenced: bool,
    inhibited: bool,
    unprocessed: bool,
}

impl Wanted {
    fn read(params: &Params) -> Result<Wanted, Error> {
        let receiver = params.get("receiver").map(anchored).transpose();
        Ok(Wanted {
            matchers: Matchers::read(params, "filter")?,
            receiver: receiver.map_err(|why| Error::bad_parameter("receiver", why))?,
            active: flag(params, "active")?,
            silenced: flag(params, "silenced")?,
            inhibited: flag(params, "inhibited")?,
            unprocessed: flag(params, "unprocessed")?,
        })
    }

    fn has_receiver(&self, name: &str) -> bool {
        self.receiver.as_ref().is_none_or(|wanted| wanted.is_match(name))
    }

    /// None that is over.
    fn has(&self, routed: &Routed, now_ms: i64) -> bool {
        let is_excluded = match state(routed) {
            "active" => !self.active,
            "unprocessed" => !self.unprocessed,
            _ => {
                (!self.silenced && !routed.silenced_by.is_empty())
                    || (!self.inhibited && !routed.inhibited_by.is_empty())
            }
        };
        !is_excluded
            && !routed.alert.is_resolved(now_ms)
            && all_match(self.matchers.all(), &routed.alert.labels)
    }
}

/// True where it is not given.
fn flag(params: &Params, name: &str) -> Result<bool, Error> {
    match params.get(name) {
        None | Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        Some(other) => Err(Error::bad_parameter(name, format!("'{other}' is not true or false"))),
    }
}

fn state(routed: &Routed) -> &'static str {
    let by = [&routed.silenced_by, &routed.inhibited_by, &routed.muted_by];
    match routed.unprocessed {
        _ if by.iter().any(|by| !by.is_empty()) => "suppressed",
        true => "unprocessed",
        false => "active",
    }
}

fn alert(routed: &Routed, engine: &Engine) -> Value {
    let alert = &routed.alert;
    // Every alert has an end there: when it would be over, were it not sent again.
    let ends_at = alert.ends_at_ms;
    let ends_at =
        ends_at.unwrap_or_else(|| engine.now_ms().saturating_add(engine.status().resolve_timeout_ms));
    let receivers: Vec<Value> = routed.receivers.iter().map(|name| json!({ "name": name })).collect();
    json!({
        "annotations": pairs(&alert.annotations),
        "endsAt": rfc3339(ends_at),
        "fingerprint": alert.fingerprint().to_string(),
        "receivers": receivers,
        "startsAt": rfc3339(alert.starts_at_ms),
        "status": {
            "inhibitedBy": routed.inhibited_by,
            "mutedBy": routed.muted_by,
            "silencedBy": routed.silenced_by,
            "state": state(routed),
        },
        "updatedAt": rfc3339(alert.updated_at_ms),
        "generatorURL": alert.generator_url,
        "labels": pairs(&alert.labels),
    })
}

fn pairs(labels: &Labels) -> Map<String, Value> {
    labels.iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn rfc3339(ms: i64) -> String {
    UnixNano(ms.saturating_mul(1_000_000)).to_rfc3339()
}
