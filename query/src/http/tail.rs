//! Watching logs as they come in: what the ways to do it have in common.

use super::{Api, TENANT};
use crate::Error;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ocelli_signal::Signal;
use ocelli_storage::budget::{Part, Reservation};
use ocelli_storage::{Followed, Follower};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout, timeout_at};

/// Rows that may wait for a client that reads slowly; what comes beyond is told as skipped.
const WAITING_BYTES: usize = 4 << 20;
/// And records that are sent at once.
pub const SENT_BYTES: usize = 4 << 20;
/// So often something is sent, that both ends and all between know that the other is there.
pub const HEARTBEAT: Duration = Duration::from_secs(10);
/// A client that takes nothing for so long is gone.
pub const SEND_WITHIN: Duration = Duration::from_secs(60);
/// Of what a client sends over its WebSocket, of which nothing is needed.
const MESSAGE_BYTES: usize = 1 << 10;

/// What is made of rows that came in.
type Find<E> = Arc<dyn Fn(&Followed) -> Result<Vec<E>, Error> + Send + Sync>;

/// One who watches.
pub struct Tail<E> {
    find: Find<E>,
    follower: Follower,
    _place: OwnedSemaphorePermit,
    _memory: Reservation,
}

impl<E: Send + 'static> Tail<E> {
    /// Watches from now on, if there is a place.
    pub fn open(
        api: &Api,
        find: impl Fn(&Followed) -> Result<Vec<E>, Error> + Send + Sync + 'static,
    ) -> Result<Tail<E>, Error> {
        let place = api
            .tails
            .clone()
            .try_acquire_owned()
            .map_err(|_| Error::Overloaded { max: api.limits.concurrent_tails, retry_after: HEARTBEAT })?;
        let mut memory = api.store.memory().reserve(Part::Queries);
        memory.grow(WAITING_BYTES + SENT_BYTES).map_err(ocelli_storage::Error::from)?;
        let follower = api.store.follow(TENANT, Signal::Logs, WAITING_BYTES);
        Ok(Tail { find: Arc::new(find), follower, _place: place, _memory: memory })
    }

    /// What came in, as soon as there is something that passes; nothing at a heartbeat. `None` once the
    /// server stops. What it has taken from the follower is lost when it is dropped half-way.
    pub async fn next(&self) -> Option<Vec<E>> {
        let heartbeat = Instant::now() + HEARTBEAT;
        loop {
            let Ok(followed) = timeout_at(heartbeat, self.follower.next()).await else {
                return Some(Vec::new());
            };
            let followed = followed?;
            let find = self.find.clone();
            // A costly pattern must not hold up others.
            match spawn_blocking(move || find(&followed)).await {
                Ok(Ok(events)) if events.is_empty() => {}
                Ok(Ok(events)) => return Some(events),
                Ok(Err(error)) => {
                    tracing::error!(%error, "a tail failed");
                    return None;
                }
                Err(_) => return None,
            }
        }
    }

    /// Sends over a WebSocket: some texts, then what comes in.
    pub fn upgrade(
        self,
        socket: WebSocketUpgrade,
        headers: &HeaderMap,
        first: Vec<String>,
        text: fn(&E) -> Option<String>,
    ) -> Response
    where
        E: Sync,
    {
        if !is_own(headers) {
            let why = "a page of another site may not read the logs\n";
            return (StatusCode::FORBIDDEN, why).into_response();
        }
        socket
            .max_message_size(MESSAGE_BYTES)
            .on_upgrade(move |socket| over_socket(self, socket, first, text))
    }
}

/// A browser lets every page open WebSockets to anywhere, and only says which page it was.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(ORIGIN) else { return true };
    let origin = origin.parse::<Uri>().ok().and_then(|origin| origin.authority().cloned());
    origin.is_some_and(|origin| text(HOST).and_then(|host| host.parse::<Authority>().ok()) == Some(origin))
}

async fn over_socket<E: Send + Sync + 'static>(
    tail: Tail<E>,
    mut socket: WebSocket,
    first: Vec<String>,
    text: fn(&E) -> Option<String>,
) {
    if !first.is_empty() && !send(&mut socket, first).await {
        return;
    }
    let mut next = Box::pin(tail.next());
    loop {
        tokio::select! {
            events = &mut next => {
                let Some(events) = events else { return };
                if !send(&mut socket, events.iter().filter_map(text).collect()).await {
                    return;
                }
                next = Box::pin(tail.next());
            }
            // What the client says does not matter; that it is gone does.
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            }
        }
    }
}

/// False once the client takes nothing any more. A heartbeat where there is no text.
async fn send(socket: &mut WebSocket, texts: Vec<String>) -> bool {
    let mut messages: Vec<Message> = texts.into_iter().map(|text| Message::Text(text.into())).collect();
    if messages.is_empty() {
        messages.push(Message::Ping(Bytes::new()));
    }
    for message in messages {
        let sent = timeout(SEND_WITHIN, socket.send(message)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn pages_of_other_sites_are_told_by_their_origin() {
        let own = |origin: Option<&'static str>, host: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            is_own(&headers)
        };
        assert!(own(None, "127.0.0.1:4319") && own(Some("http://127.0.0.1:4319"), "127.0.0.1:4319"));
        assert!(!own(Some("http://evil.example"), "127.0.0.1:4319") && !own(Some("null"), "127.0.0.1:4319"));
        assert!(!own(Some("http://127.0.0.1:8080"), "127.0.0.1:4319"));
    }
}
