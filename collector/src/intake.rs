//! The way of every request, whatever its receiver: decompress, recognise a repeat, decode, store,
//! enter in the ledger.

use crate::Collector;
use crate::budget::Share;
use crate::decode::{Decoded, Format, Tally, decode, prometheus};
use crate::ledger::Source;
use crate::limits::BLOCKING_BYTES;
use crate::reason::Refusal;
use crate::receivers::compression::{Compression, decompress};
use crate::retries::Arrival;
use crate::sink::SinkError;
use bytes::Bytes;
use ocelli_signal::{DEFAULT_TENANT, Signal};
use std::sync::Arc;
use std::time::Duration;
use xxhash_rust::xxh3::Xxh3;

/// A request whose body has arrived.
#[derive(Debug)]
pub struct Request {
    pub signal: Signal,
    pub source: Source,
    pub format: Format,
    pub compression: Compression,
    pub body: Bytes,
    /// What the body holds of the budget of memory.
    pub share: Share,
}

/// What a sender is told when a store that is down does not say when to come back.
const RETRY_UNAVAILABLE: Duration = Duration::from_secs(1);

/// Takes in a request and enters it in the ledger. Answers only when its items are durable.
///
/// The work goes on when the caller is dropped, as it is when the client hangs up: the client will
/// send the same body again, and by then it must be known whether it is stored.
pub async fn take_in(collector: &Collector, request: Request) -> Result<Arc<Tally>, Refusal> {
    let (ledger, source) = (collector.ledger.clone(), request.source);
    let task = tokio::spawn(store(collector.clone(), request));
    let result = task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request ended in a panic");
        Err(Refusal::Unavailable { retry_after: RETRY_UNAVAILABLE, reason: "internal error".into() })
    });
    if let Err(refusal) = &result {
        ledger.refuse(source, refusal);
    }
    result
}

async fn store(collector: Collector, request: Request) -> Result<Arc<Tally>, Refusal> {
    let Request { signal, source, format, compression, body, mut share } = request;
    let limit = collector.limits.decompressed_bytes;
    let body = match compression {
        Compression::Identity => body,
        packed => {
            let blocking = body.len() > BLOCKING_BYTES / 4;
            let unpacked = maybe_blocking(blocking, move || decompress(packed, &body, limit)).await??;
            if !share.grow(unpacked.len()) {
                return Err(collector.overloaded());
            }
            Bytes::from(unpacked)
        }
    };
    let now_ns = (collector.clock)();
    let arrival = collector.retries.enter(hash(signal, format, &body), now_ns).await;
    let ticket = match arrival {
        Arrival::First(ticket) => ticket,
        Arrival::Repeat(tally) => {
            collector.ledger.repeat(signal, source);
            return Ok(tally);
        }
    };
    let (bytes, limits, families) = (body.len(), collector.limits.clone(), collector.families.clone());
    let work = move || match format {
        Format::RemoteWrite(version) => prometheus::decode(version, &body, &limits.decode, &families),
        _ => decode(signal, format, &body, now_ns, &limits.decode),
    };
    let decoded = maybe_blocking(bytes > BLOCKING_BYTES, work).await??;
    let Decoded { batch, tally } = decoded;
    let stored = batch.rows.num_rows() as u64;
    if stored > 0 {
        collector.sink.write(DEFAULT_TENANT, batch).await.map_err(|error| refusal_of(error, &collector))?;
    }
    drop(share);
    collector.ledger.settle(signal, source, bytes, stored, &tally);
    let tally = Arc::new(tally);
    if stored > 0 {
        ticket.stored(&tally, now_ns);
    }
    Ok(tally)
}

fn refusal_of(error: SinkError, collector: &Collector) -> Refusal {
    match error {
        SinkError::Overloaded { retry_after, reason } => {
            Refusal::Overloaded { retry_after: retry_after.max(collector.limits.retry_after), reason }
        }
        SinkError::Unavailable { reason } => Refusal::Unavailable { retry_after: RETRY_UNAVAILABLE, reason },
        SinkError::Invalid { reason } => Refusal::Invalid { reason },
    }
}

/// The same bytes mean different things to different signals and formats.
fn hash(signal: Signal, format: Format, body: &[u8]) -> u128 {
    let mut hasher = Xxh3::new();
    hasher.update(DEFAULT_TENANT.as_bytes());
    hasher.update(&[0, signal as u8, format.number()]);
    hasher.update(body);
    hasher.digest128()
}

/// Runs long work where it does not hold up other requests.
async fn maybe_blocking<T: Send + 'static>(
    blocking: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    if !blocking {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "decoding ended in a panic");
        Refusal::Unavailable { retry_after: RETRY_UNAVAILABLE, reason: "internal error".into() }
    })
}
