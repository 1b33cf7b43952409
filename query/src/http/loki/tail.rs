//! `tail`: lines as they come in, over a WebSocket.

use super::FormParams;
use super::answer::{Refused, read};
use super::params::{HOUR, lines, time};
use super::query::{categorizes, streams};
use crate::Error;
use crate::http::Api;
use crate::http::run::run;
use crate::http::tail::{SENT_BYTES, Tail};
use crate::logs::logql::ast::{LogQuery, Query};
use crate::logs::logql::lines::{LineSearch, Watch, search};
use crate::logs::logql::parse;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use ocelli_api::{TimeRange, UnixNano};
use ocelli_storage::Followed;
use serde_json::{Value, json};

pub async fn tail(
    State(api): State<Api>,
    headers: HeaderMap,
    socket: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    FormParams(params): FormParams,
) -> Result<Response, Refused> {
    let Query::Logs(query) = read(params.get("query").unwrap_or_default(), parse)? else {
        return Err(Error::bad_query("a log query is expected, not one of samples").into());
    };
    let now = api.now().0;
    let start = time(&params, "start")?.unwrap_or(now.saturating_sub(HOUR));
    let limit = lines(&params, 100)?;
    let socket = match socket {
        Ok(socket) => socket,
        Err(why) => return Ok(why.into_response()),
    };
    let (watch, categorize) = (Watch::new(query.clone()), categorizes(&headers));
    let clock = api.clock.clone();
    // It is opened before the lines are read that are there, so that none falls between the two.
    let tail = Tail::open(&api, move |followed| came_in(&watch, followed, categorize, clock().0))?;
    let first = there(&api, query, start, limit, categorize).await?;
    Ok(tail.upgrade(socket, &headers, first, |message: &Value| Some(message.to_string())))
}

/// The newest lines that are there already, the oldest of them first.
async fn there(
    api: &Api,
    query: LogQuery,
    start: i64,
    limit: usize,
    categorize: bool,
) -> Result<Vec<String>, Error> {
    run(api, move |api, budget| {
        let range = TimeRange { from: UnixNano(start), to: UnixNano(i64::MAX) };
        let wanted = LineSearch { query: &query, range, limit, forward: false, interval_ns: 0 };
        let mut entries = search(&budget.snapshot(api), &wanted, budget)?.entries;
        entries.reverse();
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![json!({ "streams": streams(entries, categorize) }).to_string()])
    })
    .await
}

/// One message for what came in, if something did.
fn came_in(watch: &Watch, followed: &Followed, categorize: bool, now: i64) -> Result<Vec<Value>, Error> {
    let (mut entries, mut skipped) = (Vec::new(), followed.skipped);
    let mut room_bytes = SENT_BYTES;
    for batch in &followed.batches {
        let (passing, more) = watch.passing(batch, &mut room_bytes)?;
        entries.extend(passing);
        skipped += more;
    }
    if entries.is_empty() && skipped == 0 {
        return Ok(Vec::new());
    }
    let mut message = json!({ "streams": streams(entries, categorize) });
    if skipped > 0 {
        // Whose lines they were is not known any more; Loki's shape has no number.
        let dropped = json!({ "labels": { "dropped": skipped.to_string() }, "timestamp": now.to_string() });
        message["dropped_entries"] = json!([dropped]);
    }
    Ok(vec![message])
}
