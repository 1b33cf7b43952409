//! `GET /api/logs/tail`: records as they come in, as server-sent events or over a WebSocket.

use super::expr;
use crate::Error;
use crate::http::Api;
use crate::http::params::Params;
use crate::http::tail::{SEND_WITHIN, SENT_BYTES, Tail};
use crate::logs::filter::Filter;
use crate::logs::{self, tail};
use axum::body::Body;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures::stream::unfold;
use ocelli_api::logs::{LogTailEvent, LogTailSkipped};
use ocelli_storage::Followed;
use std::convert::Infallible;
use tokio::sync::mpsc::channel;
use tokio::time::timeout;

pub async fn tail(
    State(api): State<Api>,
    params: Params,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    let filter = logs::filter_of(&expr(&params)?)?;
    let tail = Tail::open(&api, move |followed| found(&filter, followed))?;
    Ok(match socket {
        Ok(socket) => tail.upgrade(socket, &headers, Vec::new(), |event| serde_json::to_string(event).ok()),
        Err(_) => events(tail),
    })
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

fn events(tail: Tail<LogTailEvent>) -> Response {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::TENANT;
    use crate::http::tail::HEARTBEAT;
    use crate::http::testing::{Client, NOW};
    use crate::logs::fixture::{self, Record, batch};
    use futures::StreamExt;
    use ocelli_api::logs::LogRecord;
    use std::time::Duration;

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
}
