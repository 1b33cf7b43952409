//! Slack's incoming webhooks, as its documentation has them: `ok`, one message a second for each webhook,
//! and one word for what is wrong with a message.

use super::blocks;
use super::site::Site;
use super::{Book, Post};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);
/// More of them are refused by their number.
const ATTACHMENTS: usize = 100;

pub struct Slack {
    pub site: Site,
    pub book: Book,
}

#[derive(Clone, Default)]
struct Room {
    book: Book,
    /// When each webhook's last message was taken.
    last: Arc<Mutex<HashMap<String, Instant>>>,
}

impl Slack {
    pub fn start() -> Slack {
        let room = Room::default();
        let book = room.book.clone();
        let app = Router::new().route("/services/{*webhook}", post(take)).with_state(room);
        Slack { site: Site::start(app), book }
    }

    /// The address of one of its webhooks.
    pub fn webhook(&self, name: &str) -> String {
        self.site.url(&format!("/services/T00000000/B00000000/{name}"))
    }

    /// The messages of a channel, as it shows them.
    pub fn messages(&self, name: &str) -> Vec<Post> {
        self.book.taken().into_iter().filter(|post| post.path.ends_with(&format!("/{name}"))).collect()
    }
}

async fn take(
    State(room): State<Room>,
    Path(webhook): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let (status, word) = judge(&room, &webhook, &headers, &body);
    room.book.note(&webhook, &headers, &body, status, word);
    let status = StatusCode::from_u16(status).expect("a status");
    if status == StatusCode::TOO_MANY_REQUESTS {
        return (status, [("retry-after", "1")], word).into_response();
    }
    (status, word).into_response()
}

fn judge(room: &Room, webhook: &str, headers: &HeaderMap, body: &str) -> (u16, &'static str) {
    let json =
        headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let message: Result<Value, _> = serde_json::from_str(body);
    let Some(message) = message.ok().filter(|message| json && message.is_object()) else {
        return (400, "invalid_payload");
    };
    if let Err(word) = check(&message) {
        return (400, word);
    }
    let mut last = room.last.lock().expect("no receiver panics");
    let now = Instant::now();
    if last.get(webhook).is_some_and(|last| now.duration_since(*last) < EVERY) {
        return (429, "rate_limited");
    }
    last.insert(webhook.to_owned(), now);
    (200, "ok")
}

fn check(message: &Value) -> Result<(), &'static str> {
    let text = match &message["text"] {
        Value::Null => "",
        Value::String(text) => text,
        _ => return Err("invalid_payload"),
    };
    let list = |field: &str| match &message[field] {
        Value::Null => Ok([].as_slice()),
        Value::Array(list) => Ok(list.as_slice()),
        _ => Err("invalid_payload"),
    };
    let (shown, attached) = (list("blocks")?, list("attachments")?);
    if text.trim().is_empty() && shown.is_empty() && attached.is_empty() {
        return Err("no_text");
    }
    if attached.len() > ATTACHMENTS {
        return Err("too_many_attachments");
    }
    blocks::check(shown).map_err(|_| "invalid_blocks")?;
    for attachment in attached {
        match &attachment["blocks"] {
            Value::Null => {}
            Value::Array(list) => blocks::check(list).map_err(|_| "invalid_blocks")?,
            _ => return Err("invalid_payload"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn word(message: Value) -> &'static str {
        check(&message).map_or_else(|word| word, |()| "ok")
    }

    #[test]
    fn a_message_has_a_text_or_blocks() {
        let divider = json!({"type": "divider"});
        for (message, expected) in [
            (json!({"text": "a"}), "ok"),
            (json!({"text": "a", "blocks": [divider]}), "ok"),
            (json!({"blocks": [divider]}), "ok"),
            (json!({"attachments": [{"blocks": [divider]}]}), "ok"),
            (json!({}), "no_text"),
            (json!({"text": " ", "blocks": []}), "no_text"),
            (json!({"text": 7}), "invalid_payload"),
            (json!({"text": "a", "blocks": "b"}), "invalid_payload"),
            (json!({"text": "a", "blocks": [{"type": "banner"}]}), "invalid_blocks"),
            (json!({"text": "a", "attachments": [{"blocks": [{}]}]}), "invalid_blocks"),
            (json!({"text": "a", "attachments": vec![json!({}); 101]}), "too_many_attachments"),
        ] {
            assert_eq!(word(message.clone()), expected, "{message}");
        }
    }
}
