//! A chat that takes what Slack's incoming webhooks take, and shows it on a page: whoever runs the demo
//! sees what the people on call would see, without an account anywhere.
//!
//! `POST /services/…` takes a message and says `ok`, `/` is the page, `/messages` has the messages as they came.

mod markup;
mod page;

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST},
    },
    middleware::{Next, from_fn},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{ShopOptions, service::listen};

/// Older messages are forgotten.
const KEPT: usize = 200;
/// Slack takes less.
const BODY_BYTES: usize = 1 << 20;
/// The page needs its style, and nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// Any address below `/services/` is a webhook; this one is for the demo.
const WEBHOOK: &str = "/services/demo";

/// The running chat. It ends when it is dropped.
#[derive(Debug)]
pub struct Chat {
    address: SocketAddr,
    server: JoinHandle<std::io::Result<()>>,
}

/// A message as it came.
#[derive(Clone, Debug, Serialize)]
struct Message {
    received_ms: u64,
    body: Value,
}

/// The latest last.
#[derive(Clone, Default)]
struct Room(Arc<Mutex<VecDeque<Message>>>);

impl Chat {
    /// Listens behind the shop's ports, at any free one if those are picked too.
    ///
    /// # Errors
    /// A port in use, with its number and the way out.
    pub async fn start(options: &ShopOptions) -> anyhow::Result<Chat> {
        let listener = listen(options.chat_address(), "chat").await?;
        let address = listener.local_addr().context("the chat's address is unknown")?;
        let app = routes(Room::default());
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Chat { address, server })
    }

    /// What a receiver of the kind Slack is given as its address.
    pub fn webhook_url(&self) -> String {
        format!("http://{}{WEBHOOK}", self.address)
    }

    /// Where the messages are shown.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn routes(room: Room) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/style.css", get(style))
        .route("/messages", get(list))
        .route("/services/{*webhook}", post(take))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn(pass))
        .with_state(room)
}

/// A page of another site could have its own name resolved to this machine and read along.
async fn pass(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name =
        host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if name != "localhost" && address.is_err() {
        return (StatusCode::MISDIRECTED_REQUEST, "use 127.0.0.1 or localhost\n").into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

async fn take(State(room): State<Room>, body: String) -> (StatusCode, &'static str) {
    let message = serde_json::from_str::<Value>(&body).ok().filter(Value::is_object);
    let Some(message) = message else {
        return (StatusCode::BAD_REQUEST, "invalid_payload");
    };
    let says = |field: &str| match &message[field] {
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(parts) => !parts.is_empty(),
        _ => false,
    };
    if !["text", "blocks", "attachments"].into_iter().any(says) {
        return (StatusCode::BAD_REQUEST, "no_text");
    }
    room.add(message);
    (StatusCode::OK, "ok")
}

async fn show(State(room): State<Room>) -> Html<String> {
    Html(page::write(&room.newest_first()))
}

async fn list(State(room): State<Room>) -> Json<Vec<Message>> {
    Json(room.newest_first())
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], page::STYLE)
}

impl Room {
    fn add(&self, body: Value) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let received_ms = since_epoch.as_millis().try_into().unwrap_or(u64::MAX);
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() == KEPT {
            messages.pop_front();
        }
        messages.push_back(Message { received_ms, body });
    }

    fn newest_first(&self) -> Vec<Message> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn chat() -> Chat {
        Chat::start(&ShopOptions { base_port: 0, ..ShopOptions::default() }).await.unwrap()
    }

    async fn post(url: String, body: &str) -> (u16, String) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(url).body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn read(url: String, host: Option<&str>) -> reqwest::Response {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(url);
        let request = match host {
            Some(host) => request.header("host", host),
            None => request,
        };
        request.send().await.unwrap()
    }

    #[tokio::test]
    async fn it_takes_what_slack_takes_and_shows_it() {
        let chat = chat().await;
        for (body, status, word) in [
            (r#"{"text":"one"}"#, 200, "ok"),
            (r#"{"blocks":[{"type":"header","text":{"type":"plain_text","text":"two"}}]}"#, 200, "ok"),
            (r#"{"text":" ","blocks":[]}"#, 400, "no_text"),
            ("[]", 400, "invalid_payload"),
            ("text", 400, "invalid_payload"),
        ] {
            assert_eq!(post(chat.webhook_url(), body).await, (status, word.to_owned()), "{body}");
        }
        let large = format!("{{\"text\":\"{}\"}}", "x".repeat(BODY_BYTES));
        assert_eq!(post(chat.webhook_url(), &large).await.0, 413);
        let page = read(chat.page_url(), None).await;
        assert_eq!(page.headers()["content-security-policy"], POLICY);
        let page = page.text().await.unwrap();
        let (one, two) = (page.find("one").unwrap(), page.find("two").unwrap());
        assert!(two < one, "the newest is first: {page}");
        let messages = read(format!("{}messages", chat.page_url()), None).await;
        let messages: Value = messages.json().await.unwrap();
        assert_eq!(messages[1]["body"], json!({"text": "one"}));
        assert_eq!(messages.as_array().map(Vec::len), Some(2));
    }

    #[tokio::test]
    async fn names_of_others_are_not_answered() {
        let chat = chat().await;
        for (host, status) in [
            ("localhost:4338", 200),
            ("127.0.0.1", 200),
            ("[::1]:4338", 200),
            ("[::1]", 200),
            ("evil.example", 421),
            ("evil.example:4338", 421),
        ] {
            assert_eq!(read(chat.page_url(), Some(host)).await.status(), status, "{host}");
        }
    }

    #[test]
    fn old_messages_are_forgotten() {
        let room = Room::default();
        (0..KEPT + 3).for_each(|n| room.add(json!({ "text": n.to_string() })));
        let messages = room.newest_first();
        assert_eq!(messages.len(), KEPT);
        assert_eq!(
            (&messages[0].body["text"], &messages[KEPT - 1].body["text"]),
            (&json!("202"), &json!("3"))
        );
    }
}
