//! The body of an HTTP request, as it comes.

use crate::Collector;
use crate::budget::Share;
use crate::ledger::Source;
use crate::reason::Refusal;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;

/// Counts a request that is dropped while its body is read: the server does that when the client
/// hangs up.
struct HangUp<'a> {
    collector: &'a Collector,
    source: Source,
    armed: bool,
}

impl Drop for HangUp<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.collector.ledger.refuse(self.source, &Refusal::ClosedConnection);
        }
    }
}

/// Reads a body within its limit and the budget of memory.
pub async fn read_body(
    collector: &Collector,
    source: Source,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Bytes, Share), Refusal> {
    let mut hang_up = HangUp { collector, source, armed: true };
    let read = read(collector, headers, body).await;
    hang_up.armed = false;
    read
}

async fn read(collector: &Collector, headers: &HeaderMap, mut body: Body) -> Result<(Bytes, Share), Refusal> {
    let limit = collector.limits.body_bytes;
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|len| len > limit) {
        return Err(Refusal::BodyTooLarge { limit });
    }
    let mut share = collector.budget.share();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::ClosedConnection)?.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Err(Refusal::BodyTooLarge { limit });
        }
        if !share.grow(data.len()) {
            return Err(collector.overloaded());
        }
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.reserve(declared.unwrap_or(2 * first.len()).max(first.len() + data.len()));
                rest.extend_from_slice(&first);
                first = Bytes::from_static(&[]);
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok((if rest.is_empty() { first } else { rest.freeze() }, share))
}
