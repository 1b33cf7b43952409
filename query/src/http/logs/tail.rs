//! `GET /api/logs/tail`: records as they come in, as server-sent events or over a WebSocket.

use super::expr;
use crate::Error;
use crate::http::params::Params;
use crate::http::{Api, TENANT};
use crate::logs::filter::Filter;
use crate::logs::{self, tail};
use axum::body::Body;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream::unfold;
use ocelli_api::logs::{LogTailEvent, LogTailSkipped};
use ocelli_signal::Signal;
use ocelli_storage::budget::{Part, Reservation};
use ocelli_storage::{Followed, Follower};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::channel;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout, timeout_at};

/// Rows that may wait for a client that reads slowly; what comes beyond is told as skipped.
const WAITING_BYTES: usize = 4 << 20;
/// And records that are sent at once.
const SENT_BYTES: usize = 4 << 20;
/// So often something is sent, that both ends and all between know that the other is there.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// A client that takes nothing for so long is gone.
const SEND_WITHIN: Duration = Duration::from_secs(60);
/// Of what a client sends over its WebSocket, of which nothing is needed.
const MESSAGE_BYTES: usize = 1 << 10;

pub async fn tail(
    State(api): State<Api>,
    params: Params,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    let filter = Arc::new(logs::filter_of(&expr(&params)?)?);
    if socket.is_ok() && !is_own(&headers) {
        let why = "a page of another site may not read the logs\n";
        return Ok((StatusCode::FORBIDDEN, why).into_response());
    }
    let place = api
        .tails
        .clone()
        .try_acquire_owned()
        .map_err(|_| Error::Overloaded { max: api.limits.concurrent_tails, retry_after: HEARTBEAT })?;
    let mut memory = api.store.memory().reserve(Part::Queries);
    memory.grow(WAITING_BYTES + SENT_BYTES).map_err(ocelli_storage::Error::from)?;
    let follower = api.store.follow(TENANT, Signal::Logs, WAITING_BYTES);
    let tail = Tail { filter, follower, _place: place, _memory: memory };
    Ok(match socket {
        Ok(socket) => socket.max_message_size(MESSAGE_BYTES).on_upgrade(|socket| over_socket(tail, socket)),
        Err(_) => events(tail),
    })
}

/// A browser lets every page open WebSockets to anywhere, and only says which page it was.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(ORIGIN) else { return true };
    let origin = origin.parse::<Uri>().ok().and_then(|origin| origin.authority().cloned());
    origin.is_some_and(|origin| text(HOST).and_then(|host| host.parse::<Authority>().ok()) == Some(origin))
}

/// One who watches.
struct Tail {
    filter: Arc<Filter>,
    follower: Follower,
    _place: OwnedSemaphorePermit,
    _memory: Reservation,
}

impl Tail {
    /// What came in, as soon as there is something that passes; nothing at a heartbeat. `None` once the
    /// server stops. What it has taken from the follower is lost when it is dropped half-way.
    async fn next(&self) -> Option<Vec<LogTailEvent>> {
        let heartbeat = Instant::now() + HEARTBEAT;
        loop {
            let Ok(followed) = timeout_at(heartbeat, self.follower.next()).await else {
                return Some(Vec::new());
            };
            let followed = followed?;
            let filter = self.filter.clone();
            // A costly pattern must not hold up others.
            match spawn_blocking(move || found(&filter, &followed)).await {
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
}

fn found(filter: &Filter, followed: &Followed) -> Result<Vec<LogTailEvent>, Error> {
    let (mut events, mut skipped) = (Vec::new(), followed.skipped);
    let mut room_bytes = SENT_BYTES;
    for batch in &followed.batches {
        let passing = tail::passing(filter, batch, &mut room_bytes)?;
        skipped += passing.skipped;
        events.extend(passing.records.into_iter().map(LogTailEvent::Record));
    }
    if skipped > 0 {
        events.push(LogTailEvent::Skipped(LogTailSkipped { records: skipped }));
    }
    Ok(events)
}

fn events(tail: Tail) -> Response {
    let (send, receive) = channel(1);
    tokio::spawn(async move {
        // The first bytes come at once, so that the client knows that it is connected.
        let mut text = ":\n\n".to_owned();
        loop {
            // One who takes nothing for long must not keep the place of others.
            if !matches!(timeout(SEND_WITHIN, send.send(text)).await, Ok(Ok(()))) {
                return;
            }
            let events = tokio::select! {
                events = tail.next() => events,
                () = send.closed() => return,
            };
            let Some(events) = events else { return };
            text = events.iter().map(event).reduce(|all, one| all + &one).unwrap_or(":\n\n".to_owned());
        }
    });
    let body =
        unfold(receive, |mut receive| async { Some((Ok::<_, Infallible>(receive.recv().await?), receive)) });
    let head = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    (head, Body::from_stream(body)).into_response()
}

/// A server-sent event; JSON has no line ends in it.
fn event(event: &LogTailEvent) -> String {
    let (name, data) = match event {
        LogTailEvent::Record(record) => ("record", serde_json::to_string(record)),
        LogTailEvent::Skipped(skipped) => ("skipped", serde_json::to_string(skipped)),
    };
    format!("event: {name}\ndata: {}\n\n", data.unwrap_or_default())
}

async fn over_socket(tail: Tail, mut socket: WebSocket) {
    let mut next = Box::pin(tail.next());
    loop {
        tokio::select! {
            events = &mut next => {
                let Some(events) = events else { return };
                if !send(&mut socket, &events).await {
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

/// False once the client takes nothing any more.
async fn send(socket: &mut WebSocket, events: &[LogTailEvent]) -> bool {
    let texts = events.iter().filter_map(|event| serde_json::to_string(event).ok());
    let mut messages: Vec<Message> = texts.map(|text| Message::Text(text.into())).collect();
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
    use crate::http::testing::{Client, NOW};
    use crate::logs::fixture::{self, Record, batch};
    use axum::http::HeaderValue;
    use futures::StreamExt;
    use ocelli_api::logs::LogRecord;

    fn record(body: &str, number: i64) -> Record {
        Record { time: NOW + number, body: body.to_owned(), service: "s".to_owned(), ..Record::default() }
    }

    #[tokio::test]
    async fn records_that_pass_come_as_events() {
        let (store, _directory) = fixture::store(false).await;
        let client = Client::new(store.clone());
        store.append(TENANT, batch(&[record("card before", 0)])).await.unwrap();
        let response = client.stream("/api/logs/tail?q=card").await;
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        let mut body = response.into_body().into_data_stream();
        assert_eq!(body.next().await.unwrap().unwrap(), ":\n\n");
        store
            .append(TENANT, batch(&[record("card one", 1), record("other", 2), record("a CARD", 3)]))
            .await
            .unwrap();
        let text = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
        let data = text.split("\n\n").filter_map(|event| event.strip_prefix("event: record\ndata: "));
        let bodies: Vec<String> =
            data.map(|data| serde_json::from_str::<LogRecord>(data).unwrap().body_text).collect();
        assert_eq!(bodies, ["card one", "a CARD"]);
        store.end_following();
        assert!(body.next().await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_waits_gets_heartbeats() {
        let (store, _directory) = fixture::store(false).await;
        let client = Client::new(store.clone());
        let mut body = client.stream("/api/logs/tail").await.into_body().into_data_stream();
        for _ in 0..3 {
            assert_eq!(body.next().await.unwrap().unwrap(), ":\n\n");
        }
    }

    #[tokio::test]
    async fn a_slow_client_is_told_what_it_misses() {
        let (store, _directory) = fixture::store(false).await;
        let client = Client::new(store.clone());
        let mut body = client.stream("/api/logs/tail").await.into_body().into_data_stream();
        body.next().await;
        let large = "x".repeat(1 << 20);
        for number in 0..20 {
            store.append(TENANT, batch(&[record(&large, number)])).await.unwrap();
        }
        let (mut records, mut skipped) = (0, 0);
        while records + skipped < 20 {
            let text = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
            records += text.matches("event: record").count() as u64;
            let told = text.split("event: skipped\ndata: {\"records\":").skip(1);
            skipped += told.map(|told| told.split('}').next().unwrap().parse::<u64>().unwrap()).sum::<u64>();
        }
        assert_eq!(records + skipped, 20);
        assert!(records > 0 && skipped > 0, "{records} {skipped}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_gives_up_its_place() {
        let (store, _directory) = fixture::store(false).await;
        let client = Client::new(store.clone());
        let mut bodies = Vec::new();
        for _ in 0..64 {
            bodies.push(client.stream("/api/logs/tail").await.into_body());
        }
        assert_eq!(client.error("/api/logs/tail", 503).await["code"], "overloaded");
        // Two heartbeats fill what is between the two.
        tokio::time::sleep(2 * HEARTBEAT + SEND_WITHIN + Duration::from_secs(1)).await;
        assert_eq!(client.stream("/api/logs/tail").await.status(), 200);
    }

    #[tokio::test]
    async fn a_resource_that_many_records_share_is_sent_as_often_as_there_is_room() {
        let large = Record { service: "x".repeat(1 << 20), ..record("small", 0) };
        let rows = batch(&vec![large; 20]).rows;
        let found =
            found(&logs::compile("small").unwrap(), &Followed { batches: vec![rows], skipped: 3 }).unwrap();
        let Some(LogTailEvent::Skipped(skipped)) = found.last() else { panic!("{} events", found.len()) };
        assert!(
            found.len() > 1 && found.len() < 6 && skipped.records == 24 - found.len() as u64,
            "{skipped:?}"
        );
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_and_too_many_are_refused() {
        let (store, _directory) = fixture::store(false).await;
        let client = Client::new(store);
        assert_eq!(client.error("/api/logs/tail?q=(", 400).await["code"], "bad_query");
        let mut open = Vec::new();
        for _ in 0..64 {
            open.push(client.stream("/api/logs/tail").await);
        }
        assert_eq!(client.error("/api/logs/tail", 503).await["code"], "overloaded");
        open.pop();
        // The place is free as soon as the other side has seen that nobody reads.
        while client.stream("/api/logs/tail").await.status() != 200 {
            tokio::task::yield_now().await;
        }
    }

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
