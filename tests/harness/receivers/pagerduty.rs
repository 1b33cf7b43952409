//! PagerDuty's Events API v2: takes events with 202, names what is wrong with 400, and keeps incidents by
//! their key as its documentation says.

use super::Book;
use super::site::Site;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const EVENT_BYTES: usize = 512_000;
const KEY: usize = 255;
const SUMMARY: usize = 1024;
const ROUTING_KEY: usize = 32;
const SEVERITIES: [&str; 4] = ["critical", "error", "warning", "info"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentState {
    Triggered,
    Acknowledged,
    Resolved,
}

#[derive(Clone, Debug)]
pub struct Incident {
    pub routing_key: String,
    pub dedup_key: String,
    pub state: IncidentState,
    /// Of the first event.
    pub summary: String,
    pub severity: String,
    /// Events that triggered it. Those after the first are joined to it and page nobody.
    pub triggers: usize,
}

#[derive(Clone, Default)]
struct Desk {
    book: Book,
    incidents: Arc<Mutex<Vec<Incident>>>,
}

pub struct PagerDuty {
    pub site: Site,
    pub book: Book,
    incidents: Arc<Mutex<Vec<Incident>>>,
}

impl PagerDuty {
    pub fn start() -> PagerDuty {
        let desk = Desk::default();
        let (book, incidents) = (desk.book.clone(), desk.incidents.clone());
        let app = Router::new().route("/v2/enqueue", post(enqueue)).with_state(desk);
        // The handler tells the bound in PagerDuty's words.
        let app = app.layer(DefaultBodyLimit::max(2 * EVENT_BYTES));
        PagerDuty { site: Site::start(app), book, incidents }
    }

    pub fn url(&self) -> String {
        self.site.url("/v2/enqueue")
    }

    /// All that there ever were, oldest first. A trigger after a resolve opens a new one.
    pub fn incidents(&self) -> Vec<Incident> {
        self.incidents.lock().expect("no receiver panics").clone()
    }

    pub fn open(&self) -> Vec<Incident> {
        let incidents = self.incidents().into_iter();
        incidents.filter(|incident| incident.state != IncidentState::Resolved).collect()
    }

    /// Triggers that came for an incident that was open.
    pub fn duplicate_triggers(&self) -> usize {
        self.incidents().iter().map(|incident| incident.triggers - 1).sum()
    }
}

async fn enqueue(State(desk): State<Desk>, headers: HeaderMap, body: String) -> Response {
    let (status, answer) = judge(&desk, &body);
    desk.book.note("v2/enqueue", &headers, &body, status, &answer.to_string());
    (StatusCode::from_u16(status).expect("a status"), Json(answer)).into_response()
}

fn judge(desk: &Desk, body: &str) -> (u16, Value) {
    if body.len() > EVENT_BYTES {
        return (413, invalid("Event object is too large", &[]));
    }
    let event: Value = serde_json::from_str(body).unwrap_or_default();
    if !event.is_object() {
        return (400, invalid("JSON cannot be parsed", &[]));
    }
    let errors = errors_of(&event);
    if !errors.is_empty() {
        return (400, invalid("Event object is invalid", &errors));
    }
    let mut incidents = desk.incidents.lock().expect("no receiver panics");
    let dedup_key = match event["dedup_key"].as_str() {
        Some(key) => key.to_owned(),
        None => format!("made-{}", incidents.len()),
    };
    enter(&mut incidents, &event, &dedup_key);
    (202, json!({"status": "success", "message": "Event processed", "dedup_key": dedup_key}))
}

fn invalid(message: &str, errors: &[String]) -> Value {
    json!({"status": "invalid event", "message": message, "errors": errors})
}

fn errors_of(event: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    let mut check = |good: bool, error: &str| {
        if !good {
            errors.push(error.to_owned());
        }
    };
    let length = |value: &Value| value.as_str().map(|text| text.chars().count());
    check(
        length(&event["routing_key"]) == Some(ROUTING_KEY),
        "Length of 'routing_key' is incorrect (should be 32 characters)",
    );
    let action = event["event_action"].as_str().unwrap_or_default();
    check(
        matches!(action, "trigger" | "acknowledge" | "resolve"),
        "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge', 'resolve')",
    );
    let key = length(&event["dedup_key"]);
    check(
        event["dedup_key"].is_null() || key.is_some_and(|key| key <= KEY),
        "'dedup_key' is invalid or too long",
    );
    check(action == "trigger" || key.is_some_and(|key| key > 0), "'dedup_key' is missing or blank");
    if action == "trigger" {
        let payload = &event["payload"];
        check(
            length(&payload["summary"]).is_some_and(|summary| (1..=SUMMARY).contains(&summary)),
            "'payload.summary' is missing, blank or longer than 1024 characters",
        );
        check(
            length(&payload["source"]).is_some_and(|source| source > 0),
            "'payload.source' is missing or blank",
        );
        check(
            payload["severity"].as_str().is_some_and(|severity| SEVERITIES.contains(&severity)),
            "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
        );
        for list in ["links", "images"] {
            let addressed = |part: &Value| part[if list == "links" { "href" } else { "src" }].is_string();
            let good = event[list].as_array().is_some_and(|parts| parts.iter().all(addressed));
            check(event[list].is_null() || good, &format!("'{list}' is invalid"));
        }
    }
    errors
}

/// An acknowledgement or a resolve of what is not open is taken, and changes nothing.
fn enter(incidents: &mut Vec<Incident>, event: &Value, dedup_key: &str) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let routing_key = text(&event["routing_key"]);
    let open = incidents.iter_mut().find(|incident| {
        incident.state != IncidentState::Resolved
            && incident.dedup_key == dedup_key
            && incident.routing_key == routing_key
    });
    match (event["event_action"].as_str(), open) {
        (Some("trigger"), Some(incident)) => incident.triggers += 1,
        (Some("trigger"), None) => incidents.push(Incident {
            routing_key,
            dedup_key: dedup_key.to_owned(),
            state: IncidentState::Triggered,
            summary: text(&event["payload"]["summary"]),
            severity: text(&event["payload"]["severity"]),
            triggers: 1,
        }),
        (Some("acknowledge"), Some(incident)) => incident.state = IncidentState::Acknowledged,
        (Some("resolve"), Some(incident)) => incident.state = IncidentState::Resolved,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_OF_SERVICE: &str = "0123456789abcdef0123456789abcdef";

    fn event(action: &str) -> Value {
        json!({
            "routing_key": KEY_OF_SERVICE, "event_action": action, "dedup_key": "k",
            "payload": {"summary": "s", "source": "ocelli", "severity": "critical"},
        })
    }

    fn send(desk: &Desk, event: &Value) -> u16 {
        judge(desk, &event.to_string()).0
    }

    #[test]
    fn incidents_follow_their_events() {
        let desk = Desk::default();
        let states = || -> Vec<(IncidentState, usize)> {
            desk.incidents
                .lock()
                .unwrap()
                .iter()
                .map(|incident| (incident.state, incident.triggers))
                .collect()
        };
        assert_eq!(send(&desk, &event("resolve")), 202);
        assert_eq!(states(), []);
        assert_eq!(send(&desk, &event("trigger")), 202);
        assert_eq!(send(&desk, &event("trigger")), 202);
        assert_eq!(states(), [(IncidentState::Triggered, 2)]);
        assert_eq!(send(&desk, &event("acknowledge")), 202);
        assert_eq!(states(), [(IncidentState::Acknowledged, 2)]);
        assert_eq!(send(&desk, &event("resolve")), 202);
        assert_eq!(send(&desk, &event("trigger")), 202);
        assert_eq!(states(), [(IncidentState::Resolved, 2), (IncidentState::Triggered, 1)]);
        let mut other = event("trigger");
        other["routing_key"] = json!("x".repeat(32));
        assert_eq!(send(&desk, &other), 202);
        assert_eq!(states().len(), 3, "keys are a service's own");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let desk = Desk::default();
        for (pointer, value, error) in [
            ("/routing_key", json!("short"), "'routing_key'"),
            ("/routing_key", json!(null), "'routing_key'"),
            ("/event_action", json!("open"), "'event_action'"),
            ("/dedup_key", json!("x".repeat(256)), "'dedup_key'"),
            ("/payload", json!(null), "'payload.summary'"),
            ("/payload/summary", json!(""), "'payload.summary'"),
            ("/payload/summary", json!("x".repeat(1025)), "'payload.summary'"),
            ("/payload/source", json!(null), "'payload.source'"),
            ("/payload/severity", json!("page"), "'payload.severity'"),
        ] {
            let mut event = event("trigger");
            *event.pointer_mut(pointer).unwrap() = value;
            let (status, answer) = judge(&desk, &event.to_string());
            assert_eq!(status, 400, "{event}");
            assert!(answer["errors"][0].as_str().unwrap().contains(error), "{answer}");
        }
        let mut resolve = event("resolve");
        resolve["dedup_key"] = json!(null);
        assert_eq!(send(&desk, &resolve), 400);
        assert_eq!(judge(&desk, "[]").0, 400);
        assert_eq!(judge(&desk, &"x".repeat(EVENT_BYTES + 1)).0, 413);
        let mut linked = event("trigger");
        linked["links"] = json!([{"text": "no address"}]);
        assert_eq!(send(&desk, &linked), 400);
        linked["links"] = json!([{"href": "http://a", "text": "traces"}]);
        linked["payload"]["summary"] = json!("\u{fc}".repeat(1024));
        assert_eq!(send(&desk, &linked), 202);
        assert_eq!(desk.incidents.lock().unwrap().len(), 1);
    }
}
